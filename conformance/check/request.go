package check

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

// What can be wrong with a start request. The suite sends requests with exactly
// one flaw, so that the answer says what the target thinks of that flaw.
const (
	flawMalformed      = "malformed body"
	flawTypes          = "wrong type"
	flawNoSession      = "no sessionId"
	flawUnknownSession = "unknown session"
	flawForeignSession = "session of another application"
	flawRelayed        = "relayed session"
	flawNobody         = "no client connected"
	flawRecorded       = "session is being recorded"
	flawTag            = "tag of an archive in progress"
	flawAutomatic      = "automatically archived session, no tag"
	flawOutputMode     = "unknown outputMode"
	flawStreamMode     = "unknown streamMode"
	flawNeither        = "neither audio nor video"
	flawResolution     = "unknown resolution"
	flawQPRange        = "quantizationParameter out of range"
	flawBitrateRange   = "maxBitrate out of range"
	flawBothRates      = "maxBitrate and quantizationParameter"
	flawIndResolution  = "resolution of an individual archive"
	flawIndBitrate     = "maxBitrate of an individual archive"
	flawIndQP          = "quantizationParameter of an individual archive"
	flawLayout         = "impossible layout"
	flawCredentials    = "flawed credentials"
)

// Resolutions are the six sizes of a composed archive.
var resolutions = []string{"640x480", "480x640", "1280x720", "720x1280", "1920x1080", "1080x1920"}

// asked is a start request with what is wrong about it.
type asked struct {
	evidence.Record
	body  object
	flaws []string
}

func (a asked) only(flaw string) bool { return len(a.flaws) == 1 && a.flaws[0] == flaw }

// clean means that the target has to accept the request.
func (a asked) clean() bool { return len(a.flaws) == 0 }

func (a asked) individual() bool { return a.body.text("outputMode") == "individual" }

func (f *facts) asked(r evidence.Record) asked {
	a := asked{Record: r}
	e := r.Exchange
	if e.Flaw != "" || e.Identity == "none" || e.Identity == "verbatim" || f.foreignPath(r) {
		a.flaws = append(a.flaws, flawCredentials)
	}
	body, ok := f.decode(e.Request.Body.Text)
	if !ok {
		a.flaws = append(a.flaws, flawMalformed)
		return a
	}
	a.body = body
	if !typed(body) {
		a.flaws = append(a.flaws, flawTypes)
		return a
	}
	a.flaws = append(a.flaws, modeFlaws(body)...)
	a.flaws = append(a.flaws, rateFlaws(body)...)
	a.flaws = append(a.flaws, f.layoutFlaws(body)...)
	return f.sessionFlaws(a)
}

// sessionFlaws looks at the session only where nothing else is wrong: a target
// may refuse such a request for either reason.
func (f *facts) sessionFlaws(a asked) asked {
	id := a.body.text("sessionId")
	s, tag := f.sessions[id], a.body.text("multiArchiveTag")
	at := a.Exchange.Started
	switch {
	case id == "":
		a.flaws = append(a.flaws, flawNoSession)
	case s == nil || s.created.Exchange == nil:
		a.flaws = append(a.flaws, flawUnknownSession)
	case s.app != a.IDs[evidence.Application]:
		a.flaws = append(a.flaws, flawForeignSession)
	case s.relayed:
		a.flaws = append(a.flaws, flawRelayed)
	case !s.connected(at):
		a.flaws = append(a.flaws, flawNobody)
	case tag == "" && s.auto:
		a.flaws = append(a.flaws, flawAutomatic)
	case tag == "" && f.recording(id, "", a.Record):
		a.flaws = append(a.flaws, flawRecorded)
	case tag != "" && f.recording(id, tag, a.Record):
		a.flaws = append(a.flaws, flawTag)
	}
	return a
}

// recording tells whether an archive of the session, with that tag if one is given, was in progress when r was sent.
func (f *facts) recording(session, tag string, r evidence.Record) bool {
	return slices.ContainsFunc(f.archives, func(h *history) bool {
		return h.start.Exchange != nil && (tag == "" || h.request.text("multiArchiveTag") == tag) && h.start.IDs[evidence.Session] == session && over(h.start).Before(sent(r)) && !h.endedBefore(r)
	})
}

func (h *history) endedBefore(r evidence.Record) bool {
	ended := func(s sighting) bool {
		return s.answered().Before(sent(r)) && !inProgress(s.status()) && !strings.HasPrefix(s.status(), "stream") // a notice is no status
	}
	return slices.ContainsFunc(h.seen, ended) || slices.ContainsFunc(h.hooks, ended)
}

func inProgress(status string) bool { return status == "started" || status == "paused" }

var startTypes = map[string]string{
	"sessionId": "string", "name": "string", "outputMode": "string", "streamMode": "string", "resolution": "string",
	"multiArchiveTag": "string", "hasAudio": "boolean", "hasVideo": "boolean", "hasTranscription": "boolean",
	"maxBitrate": "number", "quantizationParameter": "number", "layout": "object", "transcriptionProperties": "object",
}

func typed(o object) bool {
	for key, v := range o {
		if want := startTypes[key]; want != "" && v != nil && jsonType(v) != want {
			return false
		}
	}
	return true
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number, float64, int:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func modeFlaws(o object) (flaws []string) {
	set := func(key string) bool { return o[key] != nil }
	if set("outputMode") && !slices.Contains([]string{"composed", "individual"}, o.text("outputMode")) {
		flaws = append(flaws, flawOutputMode)
	}
	if set("streamMode") && !slices.Contains([]string{"auto", "manual"}, o.text("streamMode")) {
		flaws = append(flaws, flawStreamMode)
	}
	if o["hasAudio"] == false && o["hasVideo"] == false {
		flaws = append(flaws, flawNeither)
	}
	individual := o.text("outputMode") == "individual"
	switch {
	case set("resolution") && individual:
		flaws = append(flaws, flawIndResolution)
	case set("resolution") && !slices.Contains(resolutions, o.text("resolution")):
		flaws = append(flaws, flawResolution)
	}
	return flaws
}

// layoutFlaws: a type nobody knows, a stylesheet without custom, or a screenshareType without bestFit.
func (f *facts) layoutFlaws(o object) []string {
	layout, ok := o["layout"].(map[string]any)
	if !ok {
		return nil
	}
	l, kind := object(layout), object(layout).text("type")
	types, _ := f.ledger.List("layout")
	if !slices.Contains(types.Values, kind) || l["stylesheet"] != nil && kind != "custom" || l["screenshareType"] != nil && kind != "bestFit" {
		return []string{flawLayout}
	}
	return nil
}

func rateFlaws(o object) (flaws []string) {
	individual := o.text("outputMode") == "individual"
	rate, hasRate := o.whole("maxBitrate")
	qp, hasQP := o.whole("quantizationParameter")
	switch {
	case hasRate && hasQP:
		return []string{flawBothRates}
	case hasRate && individual:
		return []string{flawIndBitrate}
	case hasQP && individual:
		return []string{flawIndQP}
	case hasRate && (rate < 100_000 || rate > 6_000_000):
		return []string{flawBitrateRange}
	case hasQP && (qp < 15 || qp > 40):
		return []string{flawQPRange}
	}
	return nil
}

// project is the application id or API key in the path of a request.
func project(r evidence.Record) string {
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

// foreignPath: the token is of one application, the path of another.
func (f *facts) foreignPath(r evidence.Record) bool {
	p, app := project(r), r.IDs[evidence.Application]
	if p == "" || app == "" {
		return false
	}
	if owner := f.owner(p); owner != "" {
		return owner != app
	}
	return r.Exchange.Identity == "unified" && p != app
}

// application is what the harness asked for when it made one.
type application struct {
	id, key  string
	store    string // kind of upload target, empty for the built-in cloud
	endpoint string // of the upload target
	callback string // path of the callback address
	made     evidence.Record
}

// applications are those that the harness made for itself, by id.
func (f *facts) applications() map[string]application {
	out := map[string]application{}
	for _, r := range f.calls("createApplication") {
		got, _ := f.decode(answerText(r))
		id := got.text("applicationId")
		if id == "" || r.Exchange.Status() != 201 {
			continue
		}
		wanted, _ := f.decode(r.Exchange.Request.Body.Text)
		storage, _ := wanted["storage"].(map[string]any)
		config, _ := storage["config"].(map[string]any)
		a := application{id: id, store: object(storage).text("type"), endpoint: object(config).text("endpoint"),
			callback: pathOf(wanted.text("archiveCallbackUrl")), made: r}
		if key := got["apiKey"]; key != nil {
			a.key = fmt.Sprint(key)
		}
		out[id] = a
	}
	return out
}

// owner is the application that a path names by id or API key, as far as the harness made it.
func (f *facts) owner(project string) string {
	if _, made := f.apps[project]; made {
		return project
	}
	return f.keys[project]
}

func query(r evidence.Record) url.Values {
	u, err := url.Parse(r.Exchange.Request.URL)
	if err != nil {
		return nil
	}
	return u.Query()
}

// sound means that the request carries proper credentials of its own application.
func (f *facts) sound(r evidence.Record) bool {
	e := r.Exchange
	return e != nil && e.Flaw == "" && (e.Identity == "unified" || e.Identity == "legacy") && !f.foreignPath(r)
}

// answerText is the body of a response, empty without one.
func answerText(r evidence.Record) string {
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
