// Package flaw says what is wrong with a start request. The suite sends requests with exactly one flaw, so that the answer
// shows what the target makes of it.
//
//	flaw.Of(body, limits) // ["unknown outputMode"]
//
// It is pure. Flaws that depend on the session are found by package facts.
package flaw

import (
	"slices"

	"reelcheck/conformance/facts/jsonvalue"
)

// Flaws of a start request.
const (
	Malformed      = "malformed body"
	Types          = "wrong type"
	NoSession      = "no sessionId"
	UnknownSession = "unknown session"
	ForeignSession = "session of another application"
	Relayed        = "relayed session"
	Nobody         = "no client connected"
	Recorded       = "session is being recorded"
	Untagged       = "session is being recorded under tags alone" // which no clause refuses or allows
	Tag            = "tag of an archive in progress"
	Automatic      = "automatically archived session, no tag"
	OutputMode     = "unknown outputMode"
	StreamMode     = "unknown streamMode"
	Neither        = "neither audio nor video"
	Resolution     = "unknown resolution"
	QPRange        = "quantizationParameter out of range"
	BitrateRange   = "maxBitrate out of range"
	BothRates      = "maxBitrate and quantizationParameter"
	IndResolution  = "resolution of an individual archive"
	IndBitrate     = "maxBitrate of an individual archive"
	IndQP          = "quantizationParameter of an individual archive"
	IndLayout      = "layout of an individual archive"
	Layout         = "unknown layout type"
	LayoutParts    = "stylesheet or screenshareType with another layout type"
	Leaving        = "last client just left"
	Credentials    = "flawed credentials"
	Unsaid         = "something that no source allows or forbids"
)

// Limits are the numbers and lists of the ledger.
type Limits interface {
	Number(name string) int64
	List(name string) []string
}

// Of returns the flaws of a request's body by itself.
func Of(body jsonvalue.Object, l Limits) []string {
	if !typed(body) {
		return []string{Types}
	}
	return slices.Concat(modes(body, l), rates(body, l), layoutOf(body, l))
}

var startTypes = map[string]string{
	"sessionId": "string", "name": "string", "outputMode": "string", "streamMode": "string", "resolution": "string",
	"multiArchiveTag": "string", "hasAudio": "boolean", "hasVideo": "boolean", "hasTranscription": "boolean",
	"maxBitrate": "number", "quantizationParameter": "number", "layout": "object", "transcriptionProperties": "object",
}

func typed(o jsonvalue.Object) bool {
	for key, v := range o {
		if want := startTypes[key]; want != "" && v != nil && jsonvalue.Type(v) != want {
			return false
		}
	}
	return true
}

func modes(o jsonvalue.Object, l Limits) (flaws []string) {
	set := func(key string) bool { return o[key] != nil }
	if set("outputMode") && !slices.Contains(l.List("outputMode"), o.Text("outputMode")) {
		flaws = append(flaws, OutputMode)
	}
	if set("streamMode") && !slices.Contains(l.List("streamMode"), o.Text("streamMode")) {
		flaws = append(flaws, StreamMode)
	}
	if !o.Asks("audio") && !o.Asks("video") {
		flaws = append(flaws, Neither)
	}
	individual := o.Text("outputMode") == "individual"
	switch {
	case set("resolution") && individual:
		flaws = append(flaws, IndResolution)
	case set("resolution") && !slices.Contains(l.List("resolution"), o.Text("resolution")):
		flaws = append(flaws, Resolution)
	}
	return flaws
}

// layoutOf returns the flaws of the layout: a layout for an individual archive, an unknown type, a stylesheet without
// type custom, a screenshareType without type bestFit.
func layoutOf(o jsonvalue.Object, l Limits) []string {
	layout, ok := o["layout"].(map[string]any)
	if !ok {
		return nil
	}
	if o.Text("outputMode") == "individual" {
		return []string{IndLayout}
	}
	parts, kind := jsonvalue.Object(layout), jsonvalue.Object(layout).Text("type")
	switch {
	case !slices.Contains(l.List("layout"), kind):
		return []string{Layout}
	case parts["stylesheet"] != nil && kind != "custom" || parts["screenshareType"] != nil && kind != "bestFit":
		return []string{LayoutParts}
	}
	return nil
}

func rates(o jsonvalue.Object, l Limits) (flaws []string) {
	individual := o.Text("outputMode") == "individual"
	rate, hasRate := o.Whole("maxBitrate")
	qp, hasQP := o.Whole("quantizationParameter")
	switch {
	case hasRate && hasQP:
		return []string{BothRates}
	case hasRate && individual:
		return []string{IndBitrate}
	case hasQP && individual:
		return []string{IndQP}
	case hasRate && (rate < l.Number("bitrate.min") || rate > l.Number("bitrate.max")):
		return []string{BitrateRange}
	case hasQP && (qp < l.Number("qp.min") || qp > l.Number("qp.max")):
		return []string{QPRange}
	}
	return nil
}
