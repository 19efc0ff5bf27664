package facts

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/jsonvalue"
)

// Flaws of a start request. The suite sends requests with exactly one flaw, so that the answer shows what the target
// makes of it.
const (
	FlawMalformed      = "malformed body"
	FlawTypes          = "wrong type"
	FlawNoSession      = "no sessionId"
	FlawUnknownSession = "unknown session"
	FlawForeignSession = "session of another application"
	FlawRelayed        = "relayed session"
	FlawNobody         = "no client connected"
	FlawRecorded       = "session is being recorded"
	FlawTag            = "tag of an archive in progress"
	FlawAutomatic      = "automatically archived session, no tag"
	FlawOutputMode     = "unknown outputMode"
	FlawStreamMode     = "unknown streamMode"
	FlawNeither        = "neither audio nor video"
	FlawResolution     = "unknown resolution"
	FlawQPRange        = "quantizationParameter out of range"
	FlawBitrateRange   = "maxBitrate out of range"
	FlawBothRates      = "maxBitrate and quantizationParameter"
	FlawIndResolution  = "resolution of an individual archive"
	FlawIndBitrate     = "maxBitrate of an individual archive"
	FlawIndQP          = "quantizationParameter of an individual archive"
	FlawIndLayout      = "layout of an individual archive"
	FlawLayout         = "unknown layout type"
	FlawLayoutParts    = "stylesheet or screenshareType with another layout type"
	flawLeaving        = "last client just left"
	flawCredentials    = "flawed credentials"
	flawUnsaid         = "something that no source allows or forbids"
)

// Asked is a start request with its flaws.
type Asked struct {
	evidence.Record
	Body  jsonvalue.Object
	flaws []string
}

func (a Asked) Only(flaw string) bool { return len(a.flaws) == 1 && a.flaws[0] == flaw }

// Clean reports whether the request has no flaw, so that the target must accept it.
func (a Asked) Clean() bool { return len(a.flaws) == 0 }

func (a Asked) Individual() bool { return a.Body.Text("outputMode") == "individual" }

func (f *Facts) asked(r evidence.Record) Asked {
	a := Asked{Record: r}
	e := r.Exchange
	if e.Flaw != evidence.NoFlaw || e.Identity != evidence.AsUnified && e.Identity != evidence.AsLegacy || f.ForeignPath(r) {
		a.flaws = append(a.flaws, flawCredentials)
	}
	body, ok := f.Decode(e.Request.Body.Text)
	valid := json.Valid([]byte(e.Request.Body.Text))
	if !ok && !valid {
		a.flaws = append(a.flaws, FlawMalformed)
		return a
	}
	a.Body = body
	if !ok || !typed(body) {
		a.flaws = append(a.flaws, FlawTypes)
		return a
	}
	a.flaws = append(a.flaws, f.modeFlaws(body)...)
	a.flaws = append(a.flaws, f.rateFlaws(body)...)
	a.flaws = append(a.flaws, f.layoutFlaws(body)...)
	if int64(utf8.RuneCountInString(body.Text("name"))) > f.Number("auto-archive-name.max") {
		a.flaws = append(a.flaws, flawUnsaid) // of names given at a start no source has a limit (ARC-START-19)
	}
	return f.sessionFlaws(a)
}

// sessionFlaws adds the flaw of the session, but only if the request has no other flaw: otherwise the target may refuse
// it for either reason.
func (f *Facts) sessionFlaws(a Asked) Asked {
	id := a.Body.Text("sessionId")
	s, tag := f.Sessions[id], a.Body.Text("multiArchiveTag")
	at := a.Exchange.Started
	switch {
	case id == "":
		a.flaws = append(a.flaws, FlawNoSession)
	case s == nil || s.Created.Exchange == nil:
		a.flaws = append(a.flaws, FlawUnknownSession)
	case s.App != a.IDs[evidence.Application]:
		a.flaws = append(a.flaws, FlawForeignSession)
	case s.Relayed:
		a.flaws = append(a.flaws, FlawRelayed)
	case !s.connected(at) && AnyDuring(s.Clients, at.Add(-f.Limit("tolerance.connection-change")), at):
		a.flaws = append(a.flaws, flawLeaving)
	case !s.connected(at):
		a.flaws = append(a.flaws, FlawNobody)
	case tag == "" && s.Auto:
		a.flaws = append(a.flaws, FlawAutomatic)
	case tag == "" && f.recording(id, "", a.Record):
		a.flaws = append(a.flaws, FlawRecorded)
	case tag != "" && f.recording(id, tag, a.Record):
		a.flaws = append(a.flaws, FlawTag)
	}
	return a
}

// recording reports whether an archive of the session was in progress when r was sent; with a tag, only an archive with
// that tag counts.
func (f *Facts) recording(session, tag string, r evidence.Record) bool {
	return slices.ContainsFunc(f.Archives, func(h *History) bool {
		return h.Start.Exchange != nil && (tag == "" || h.Request.Text("multiArchiveTag") == tag) && h.Start.IDs[evidence.Session] == session && h.Start.Over().Before(r.Sent()) && !h.EndedBefore(r)
	})
}

func InProgress(status string) bool { return status == "started" || status == "paused" }

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

func (f *Facts) modeFlaws(o jsonvalue.Object) (flaws []string) {
	set := func(key string) bool { return o[key] != nil }
	if set("outputMode") && !slices.Contains(f.list("outputMode"), o.Text("outputMode")) {
		flaws = append(flaws, FlawOutputMode)
	}
	if set("streamMode") && !slices.Contains(f.list("streamMode"), o.Text("streamMode")) {
		flaws = append(flaws, FlawStreamMode)
	}
	if !o.Asks("audio") && !o.Asks("video") {
		flaws = append(flaws, FlawNeither)
	}
	individual := o.Text("outputMode") == "individual"
	switch {
	case set("resolution") && individual:
		flaws = append(flaws, FlawIndResolution)
	case set("resolution") && !slices.Contains(f.list("resolution"), o.Text("resolution")):
		flaws = append(flaws, FlawResolution)
	}
	return flaws
}

// layoutFlaws returns the flaws of the layout: a layout for an individual archive, an unknown type, a stylesheet without
// type custom, a screenshareType without type bestFit.
func (f *Facts) layoutFlaws(o jsonvalue.Object) []string {
	layout, ok := o["layout"].(map[string]any)
	if !ok {
		return nil
	}
	if o.Text("outputMode") == "individual" {
		return []string{FlawIndLayout}
	}
	l, kind := jsonvalue.Object(layout), jsonvalue.Object(layout).Text("type")
	switch {
	case !slices.Contains(f.list("layout"), kind):
		return []string{FlawLayout}
	case l["stylesheet"] != nil && kind != "custom" || l["screenshareType"] != nil && kind != "bestFit":
		return []string{FlawLayoutParts}
	}
	return nil
}

func (f *Facts) rateFlaws(o jsonvalue.Object) (flaws []string) {
	individual := o.Text("outputMode") == "individual"
	rate, hasRate := o.Whole("maxBitrate")
	qp, hasQP := o.Whole("quantizationParameter")
	switch {
	case hasRate && hasQP:
		return []string{FlawBothRates}
	case hasRate && individual:
		return []string{FlawIndBitrate}
	case hasQP && individual:
		return []string{FlawIndQP}
	case hasRate && (rate < f.Number("bitrate.min") || rate > f.Number("bitrate.max")):
		return []string{FlawBitrateRange}
	case hasQP && (qp < f.Number("qp.min") || qp > f.Number("qp.max")):
		return []string{FlawQPRange}
	}
	return nil
}

// Project returns the application id or API key in the path of a request.
func Project(r evidence.Record) string {
	u, err := url.Parse(r.Exchange.Request.URL)
	if err != nil {
		return ""
	}
	parts := strings.Split(u.Path, "/")
	for i, p := range parts {
		if p == "project" && i+1 < len(parts) {
			return parts[i+1]
		}
	}
	return ""
}

// ForeignPath reports whether the path names another application than the token.
func (f *Facts) ForeignPath(r evidence.Record) bool {
	type projectIn string
	p, app := Keep(f, projectIn(r.Exchange.Request.URL), func() string { return Project(r) }), r.IDs[evidence.Application]
	if p == "" || app == "" {
		return false
	}
	if owner := f.Owner(p); owner != "" {
		return owner != app
	}
	return r.Exchange.Identity == evidence.AsUnified && p != app
}

// application holds the settings with which the harness made an application.
type application struct {
	id       string
	Key      string // API key
	Store    string // kind of upload target, empty for the built-in cloud
	Endpoint string // of the upload target
	Fallback string // requested fallback; empty for none
	SSE      bool   // the upload target must encrypt
	Callback string // path of the callback address
	Monitor  string // path of the callback address for session events; empty for none
	Secret   string // secret that signs callbacks
	Email    string
	Codec    string // requested preferred codec; empty for the default, VP8
	Made     evidence.Record
}

// applications returns the applications that the harness made, by id.
func (f *Facts) applications() map[string]application {
	out := map[string]application{}
	for _, r := range f.Calls(evidence.CreateApplication) {
		got, _ := f.Decode(AnswerText(r))
		id := got.Text("applicationId")
		if id == "" || r.Exchange.Status() != 201 {
			continue
		}
		wanted, _ := f.Decode(r.Exchange.Request.Body.Text)
		storage, _ := wanted["storage"].(map[string]any)
		config, _ := storage["config"].(map[string]any)
		a := application{id: id, Store: jsonvalue.Object(storage).Text("type"), Endpoint: jsonvalue.Object(config).Text("endpoint"),
			Fallback: jsonvalue.Object(storage).Text("fallback"), SSE: jsonvalue.Object(config).Text("sse") == "s3",
			Callback: pathOf(wanted.Text("archiveCallbackUrl")), Monitor: pathOf(wanted.Text("sessionCallbackUrl")),
			Secret: wanted.Text("signatureSecret"), Email: wanted.Text("email"), Codec: wanted.Text("preferredVideoCodec"), Made: r}
		if key := got["apiKey"]; key != nil {
			a.Key = fmt.Sprint(key)
		}
		out[id] = a
	}
	return out
}

// Owner returns the id of the application that a path names by id or API key, or "" if the harness did not make it.
func (f *Facts) Owner(project string) string {
	if _, made := f.Apps[project]; made {
		return project
	}
	return f.keys[project]
}

// Sound reports whether the request carries proper credentials of its own application.
func (f *Facts) Sound(r evidence.Record) bool {
	e := r.Exchange
	return e != nil && e.Flaw == evidence.NoFlaw && (e.Identity == evidence.AsUnified || e.Identity == evidence.AsLegacy) && !f.ForeignPath(r)
}

// AnswerText returns the body of the response, or "" without one.
func AnswerText(r evidence.Record) string {
	if r.Exchange == nil || r.Exchange.Response == nil {
		return ""
	}
	return r.Exchange.Response.Body.Text
}

func pathOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Path
}
