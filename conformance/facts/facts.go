// Package facts sorts what a run of the suite saw, so that it can be judged: each archive with all answers and callbacks
// about it, each session with what the harness did in it, each request with its flaws.
//
//	f := facts.Sort(ledger, view)
//	for _, h := range f.Archives {
//		fmt.Println(h.ID, len(h.Seen), "answers", len(h.Hooks), "callbacks")
//	}
//
// It demands nothing. What the clauses demand is in conformance/check, which imports this package and never the other
// way round. Nothing in here talks to a target, reads a clock or judges.
//
// Facts cache what is derived from them. The caller must not use one Facts from several goroutines and must not change
// what the methods return.
package facts

import (
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/facts/policy"
	"reelcheck/spec"
)

// Facts holds the evidence of a run, sorted for judging.
type Facts struct {
	policy.Walks // how the clocks of applications were moved

	View     evidence.View
	Archives []*History // in the order of their first appearance
	ByID     map[string]*History
	Sessions map[string]*Session
	Starts   []Asked                // every start request, in order
	Apps     map[string]application // made by the harness, or prepared for it, by id
	keys     map[string]string      // ids of Apps by API key
	Ledger   spec.Ledger

	// Caches of derived values. They make Facts unsafe for concurrent use.
	byOperation map[evidence.Operation][]evidence.Record // exchanges by operation; "" has all of them
	decoded     map[string]decoding                      // by text
	kept        map[any]any                              // see Keep
	once        map[any]any                              // see Once
}

// decoding is a text read as a JSON object.
type decoding struct {
	jsonvalue.Object
	ok bool
}

// Decode reads a text as a JSON object, once for each text. The caller must not change the object.
func (f *Facts) Decode(text string) (jsonvalue.Object, bool) {
	d, known := f.decoded[text]
	if !known {
		d.Object, d.ok = jsonvalue.Decode(text)
		f.decoded[text] = d
	}
	return d.Object, d.ok
}

// Calls returns the exchanges of the operations, or all exchanges if none is named.
func (f *Facts) Calls(operations ...evidence.Operation) []evidence.Record {
	if len(operations) == 0 {
		return f.byOperation[""]
	}
	var out []evidence.Record
	for _, op := range operations {
		out = append(out, f.byOperation[op]...)
	}
	return out
}

// Sort sorts the evidence of a run.
func Sort(ledger spec.Ledger, v evidence.View) *Facts {
	f := &Facts{Ledger: ledger, decoded: map[string]decoding{}, kept: map[any]any{}}
	f.sortOut(v)
	return f
}

// With sorts other evidence for the same ledger and reuses what f has decoded.
func (f *Facts) With(v evidence.View) *Facts {
	other := &Facts{Ledger: f.Ledger, decoded: f.decoded, kept: f.kept}
	other.sortOut(v)
	return other
}

// Keep returns make(), computed once for all evidence judged by the same ledger. The key must name everything that the
// value depends on.
func Keep[T any](f *Facts, key any, make func() T) T { return from(f.kept, key, make) }

// Once returns make(), computed once for the evidence of f.
func Once[T any](f *Facts, key any, make func() T) T { return from(f.once, key, make) }

func from[T any](kept map[any]any, key any, make func() T) T {
	if v, known := kept[key].(T); known {
		return v
	}
	v := make()
	kept[key] = v
	return v
}

func (f *Facts) sortOut(v evidence.View) {
	f.View, f.ByID, f.Sessions, f.Walks = v, map[string]*History{}, sessions(v, f.Limit("tolerance.connection-loss")), policy.Read(v)
	f.once = map[any]any{}
	f.byOperation = map[evidence.Operation][]evidence.Record{}
	for _, r := range v.Exchanges().Records {
		f.byOperation[""] = append(f.byOperation[""], r)
		if op := r.Exchange.Operation; op != "" {
			f.byOperation[op] = append(f.byOperation[op], r)
		}
	}
	f.Apps, f.keys = f.applications(), map[string]string{}
	for id, a := range f.Apps {
		if a.Key != "" {
			f.keys[a.Key] = id
		}
	}
	for _, r := range v.Records {
		switch {
		case r.Exchange != nil:
			f.exchange(r)
		case r.Webhook != nil:
			f.webhook(r)
		case r.Object != nil:
			if h := f.ByID[r.IDs[evidence.Archive]]; h != nil {
				h.Objects = append(h.Objects, r)
			}
		case r.Media != nil:
			if h := f.ByID[r.IDs[evidence.Archive]]; h != nil {
				h.Media = append(h.Media, r)
			}
		case r.Individual != nil:
			if h := f.ByID[r.IDs[evidence.Archive]]; h != nil {
				h.Individual = append(h.Individual, r)
			}
		case r.Opened != nil:
			if h := f.ByID[r.IDs[evidence.Archive]]; h != nil {
				h.Opened = append(h.Opened, r)
			}
		}
	}
	f.begun()
	f.setAside()
	for _, r := range v.Records { // an event may come before the answer to the start
		h := f.ByID[r.IDs[evidence.Archive]]
		switch {
		case r.Upload != nil:
			f.upload(r)
		case h == nil:
		case r.Watch != nil:
			h.Watches = append(h.Watches, r)
		case r.Client != nil:
			h.Events = append(h.Events, r)
		}
	}
}

func (f *Facts) history(id, scenario string) *History {
	h := f.ByID[id]
	if h == nil {
		h = &History{ID: id, Scenario: scenario}
		f.ByID[id] = h
		f.Archives = append(f.Archives, h)
	}
	return h
}

func (f *Facts) exchange(r evidence.Record) {
	e := r.Exchange
	id := r.IDs[evidence.Archive]
	if h := f.ByID[id]; h != nil && h.Start.Exchange != nil && f.Sound(r) && r.SameApp(h.Start) {
		switch e.Operation {
		case evidence.StopArchive:
			h.Stops = append(h.Stops, r)
		case evidence.DeleteArchive:
			h.Deletes = append(h.Deletes, r)
		default: // no other operation ends an archive
		}
	}
	if e.Operation == evidence.StartArchive {
		f.Starts = append(f.Starts, f.asked(r))
	}
	if e.Status() != 200 || !isArchiveOperation(e.Operation) {
		return
	}
	o, ok := f.Decode(e.Response.Body.Text)
	if !ok {
		return
	}
	if e.Operation == evidence.ListArchives {
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

func isArchiveOperation(op evidence.Operation) bool {
	return slices.Contains([]evidence.Operation{evidence.StartArchive, evidence.GetArchive, evidence.StopArchive, evidence.ListArchives, evidence.SetArchiveLayout}, op)
}

func (f *Facts) sight(o jsonvalue.Object, r evidence.Record) {
	id := o.Text("id")
	if id == "" {
		return
	}
	h := f.history(id, r.Scenario)
	if r.Exchange.Operation == evidence.StartArchive && h.Start.Exchange == nil {
		h.Start, h.Scenario = r, r.Scenario
		h.Request, _ = f.Decode(r.Exchange.Request.Body.Text)
	}
	h.Seen = append(h.Seen, Sighting{o, r, r.Exchange.Operation})
}

func (f *Facts) webhook(r evidence.Record) {
	o, ok := f.Decode(r.Webhook.Body.Text)
	if !ok || o.Text("event") != "archive" && o.Text("status") == "" {
		return
	}
	id := o.Text("id")
	if id == "" {
		return
	}
	h := f.history(id, r.Scenario)
	h.Hooks = append(h.Hooks, Sighting{o, r, ViaCallback})
}
