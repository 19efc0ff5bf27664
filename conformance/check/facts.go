package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

// object is a JSON object as the target wrote it; numbers stay json.Number.
type object map[string]any

func decodeObject(text string) (object, bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	o, ok := v.(map[string]any)
	return o, ok
}

// text is a string property, empty when it is absent or of another type.
func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// whole is an integer property; ok is false when it is absent or not an integer.
func (o object) whole(key string) (n int64, ok bool) {
	v, isNumber := o[key].(json.Number)
	if !isNumber {
		return 0, false
	}
	n, err := v.Int64()
	return n, err == nil
}

func (o object) instant(key string) (time.Time, bool) {
	ms, ok := o.whole(key)
	return time.UnixMilli(ms), ok
}

// show prints a property as JSON, for messages.
func (o object) show(key string) string {
	v, ok := o[key]
	if !ok {
		return key + " absent"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return key + " " + clip(string(b), 200)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// sighting is one archive object that the target showed, in an answer or in a callback.
type sighting struct {
	object
	at  evidence.Record
	via string // operation, or "callback"
}

func (s sighting) status() string { return s.text("status") }

// answered is when the object had been received, asked when it was asked for.
func (s sighting) answered() time.Time { return over(s.at) }
func (s sighting) asked() time.Time    { return sent(s.at) }

// sent is when a request went out, or when anything else was noted.
func sent(r evidence.Record) time.Time {
	if r.Exchange != nil {
		return r.Exchange.Started
	}
	return r.Time
}

// over is when a request had been answered, or when anything else was noted.
// Records are numbered when they are complete, so that a callback about a call
// may stand before the call; only times tell the order.
func over(r evidence.Record) time.Time {
	if r.Exchange != nil {
		return r.Exchange.Started.Add(r.Exchange.Duration)
	}
	return r.Time
}

// history is everything seen of one archive, in the order of the evidence.
type history struct {
	id       string
	scenario string
	start    evidence.Record // the exchange that started it; no exchange for automatic archives
	request  object          // the body of that exchange
	seen     []sighting      // in answers
	hooks    []sighting      // callbacks
	objects  []evidence.Record
	watches  []evidence.Record // what was watched about it, and for how long
	events   []evidence.Record // that clients received about it
	stops    []evidence.Record // stop calls by its application
	deletes  []evidence.Record
	media    []evidence.Record // forensics of its file
}

// facts is the evidence of a run sorted for judging.
type facts struct {
	view     evidence.View
	archives []*history // in the order of their first appearance
	byID     map[string]*history
	sessions map[string]*session
	starts   []asked // every start request, in order
	walks    []walk
	apps     map[string]application // that the harness made, by id
	keys     map[string]string      // their ids by API key
	ledger   spec.Ledger

	// What is derived again and again; a Bench is not for concurrent use.
	byOperation map[string][]evidence.Record // of exchanges; "" has all
	decoded     map[string]decoding          // by text
	files       map[string]file              // by the text of the report
	allLists    []list
	courses     map[*history]course
}

// decoding is a text that has been read as a JSON object.
type decoding struct {
	object
	ok bool
}

// decode reads a text once; what it answers is not to be changed.
func (f *facts) decode(text string) (object, bool) {
	d, known := f.decoded[text]
	if !known {
		d.object, d.ok = decodeObject(text)
		f.decoded[text] = d
	}
	return d.object, d.ok
}

// calls are the exchanges of an operation, or all of them.
func (f *facts) calls(operations ...string) []evidence.Record {
	if len(operations) == 0 {
		return f.byOperation[""]
	}
	var out []evidence.Record
	for _, op := range operations {
		out = append(out, f.byOperation[op]...)
	}
	return out
}

func sortOut(ledger spec.Ledger, v evidence.View) *facts {
	f := &facts{ledger: ledger, decoded: map[string]decoding{}, files: map[string]file{}}
	f.sortOut(v)
	return f
}

func (f *facts) sortOut(v evidence.View) {
	f.view, f.byID, f.sessions, f.walks = v, map[string]*history{}, sessions(v), walks(v)
	f.byOperation, f.courses = map[string][]evidence.Record{}, map[*history]course{}
	for _, r := range v.Exchanges().Records {
		f.byOperation[""] = append(f.byOperation[""], r)
		if op := r.Exchange.Operation; op != "" {
			f.byOperation[op] = append(f.byOperation[op], r)
		}
	}
	f.apps, f.keys = f.applications(), map[string]string{}
	for id, a := range f.apps {
		f.keys[a.key] = id
	}
	for _, r := range v.Records {
		switch {
		case r.Exchange != nil:
			f.exchange(r)
		case r.Webhook != nil:
			f.webhook(r)
		case r.Object != nil:
			if h := f.byID[r.IDs[evidence.Archive]]; h != nil {
				h.objects = append(h.objects, r)
			}
		case r.Media != nil:
			if h := f.byID[r.IDs[evidence.Archive]]; h != nil {
				h.media = append(h.media, r)
			}
		}
	}
	for _, r := range v.Records { // an event may come before the answer to the start
		h := f.byID[r.IDs[evidence.Archive]]
		switch {
		case h == nil:
		case r.Watch != nil:
			h.watches = append(h.watches, r)
		case r.Client != nil:
			h.events = append(h.events, r)
		}
	}
}

func (f *facts) history(id, scenario string) *history {
	h := f.byID[id]
	if h == nil {
		h = &history{id: id, scenario: scenario}
		f.byID[id] = h
		f.archives = append(f.archives, h)
	}
	return h
}

func (f *facts) exchange(r evidence.Record) {
	e := r.Exchange
	id := r.IDs[evidence.Archive]
	if h := f.byID[id]; h != nil && h.start.Exchange != nil && f.sound(r) && sameApp(r, h.start) {
		switch e.Operation {
		case "stopArchive":
			h.stops = append(h.stops, r)
		case "deleteArchive":
			h.deletes = append(h.deletes, r)
		}
	}
	if e.Operation == "startArchive" {
		f.starts = append(f.starts, f.asked(r))
	}
	if e.Status() != 200 || !isArchiveOperation(e.Operation) {
		return
	}
	o, ok := f.decode(e.Response.Body.Text)
	if !ok {
		return
	}
	if e.Operation == "listArchives" {
		items, _ := o["items"].([]any)
		for _, item := range items {
			if a, ok := item.(map[string]any); ok {
				f.sight(a, r)
			}
		}
		return
	}
	f.sight(o, r)
}

func isArchiveOperation(op string) bool {
	return slices.Contains([]string{"startArchive", "getArchive", "stopArchive", "listArchives", "setArchiveLayout"}, op)
}

func (f *facts) sight(o object, r evidence.Record) {
	id := o.text("id")
	if id == "" {
		return
	}
	h := f.history(id, r.Scenario)
	if r.Exchange.Operation == "startArchive" && h.start.Exchange == nil {
		h.start = r
		h.request, _ = f.decode(r.Exchange.Request.Body.Text)
	}
	h.seen = append(h.seen, sighting{o, r, r.Exchange.Operation})
}

func (f *facts) webhook(r evidence.Record) {
	o, ok := f.decode(r.Webhook.Body.Text)
	if !ok || o.text("event") != "archive" && o.text("status") == "" {
		return
	}
	id := o.text("id")
	if id == "" {
		return
	}
	h := f.history(id, r.Scenario)
	h.hooks = append(h.hooks, sighting{o, r, "callback"})
}
