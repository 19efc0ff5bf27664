// Package tape spoils recorded evidence, in one small place at a time.
package tape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
)

// Tape is recorded evidence to be spoiled. Records are copied before they change.
type Tape struct {
	Records []evidence.Record
	// Missed lists the places that a mutation wanted to spoil and did not find.
	Missed []string
}

// Where returns the last record of a scenario that has the label and matches.
func (t *Tape) Where(scenario, label string, match func(*evidence.Record) bool) *evidence.Record {
	return t.last(scenario+"/"+label, func(r *evidence.Record) bool { return r.Scenario == scenario && r.Label == label && match(r) })
}

// first returns the first record that matches, or nil if none does. what names it.
func (t *Tape) first(what string, match func(*evidence.Record) bool) *evidence.Record {
	for i := range t.Records {
		if r := &t.Records[i]; match(r) {
			*r = Copied(*r)
			return r
		}
	}
	t.Missed = append(t.Missed, what)
	return nil
}

// last is first from the end.
func (t *Tape) last(what string, match func(*evidence.Record) bool) *evidence.Record {
	for i := len(t.Records) - 1; i >= 0; i-- {
		if r := &t.Records[i]; match(r) {
			*r = Copied(*r)
			return r
		}
	}
	t.Missed = append(t.Missed, what)
	return nil
}

func Copied(r evidence.Record) evidence.Record {
	text := marshal(r)
	var c evidence.Record
	if err := json.Unmarshal(text, &c); err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	return c
}

// Remove removes the records that match.
func (t *Tape) Remove(what string, match func(*evidence.Record) bool) {
	n := len(t.Records)
	t.Records = slices.DeleteFunc(slices.Clone(t.Records), func(r evidence.Record) bool { return match(&r) })
	if len(t.Records) == n {
		t.Missed = append(t.Missed, what)
	}
}

func IsExchange(r *evidence.Record) bool { return r.Exchange != nil && r.Exchange.Response != nil }

// Exchanged changes an exchange that has an answer.
func Exchanged(scenario, label string, spoil func(*evidence.Exchange)) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenario, label, IsExchange); r != nil {
			spoil(r.Exchange)
		}
	}
}

// Status makes the target answer a request with another code.
func Status(scenario, label string, code int) func(*Tape) {
	return Exchanged(scenario, label, func(e *evidence.Exchange) { e.Response.Status = code })
}

// Answer makes the target answer a request with another code and body.
func Answer(scenario, label string, code int, body string) func(*Tape) {
	return Exchanged(scenario, label, func(e *evidence.Exchange) { e.Response.Status, e.Response.Body = code, bodyOf(body) })
}

// Typed makes the target answer a request with another media type.
func Typed(scenario, label, kind string) func(*Tape) {
	return Exchanged(scenario, label, func(e *evidence.Exchange) { e.Response.Header.Set("Content-Type", kind) })
}

// Accepting changes the media type that a client asked for.
func Accepting(scenario, label, kind string) func(*Tape) {
	return Exchanged(scenario, label, func(e *evidence.Exchange) {
		if e.Request.Header == nil {
			e.Request.Header = http.Header{}
		}
		e.Request.Header.Set("Accept", kind)
	})
}

// Asked changes the body of a request, as if the scenario had asked for more.
func Asked(scenario, label, body string) func(*Tape) {
	return Exchanged(scenario, label, func(e *evidence.Exchange) { e.Request.Body = bodyOf(body) })
}

func bodyOf(text string) evidence.Body { return evidence.Body{Text: text, Size: int64(len(text))} }

// Set changes a property of an answer. A path such as items.0.url leads into it.
func Set(scenario, label, path string, value any) func(*Tape) {
	return Change(scenario, label, path, func(any) any { return value })
}

// Add adds to a number in an answer.
func Add(scenario, label, path string, n int64) func(*Tape) {
	return Change(scenario, label, path, Plus(n))
}

func Plus(n int64) func(any) any {
	return func(old any) any {
		v, _ := strconv.ParseInt(fmt.Sprint(old), 10, 64)
		return v + n
	}
}

func Change(scenario, label, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenario, label, IsExchange); r != nil {
			t.Edit(&r.Exchange.Response.Body, path, to)
		}
	}
}

// Request changes a property of a request.
func Request(scenario, label, path string, value any) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenario, label, IsExchange); r != nil {
			t.Edit(&r.Exchange.Request.Body, path, func(any) any { return value })
		}
	}
}

// Hook changes a property of the callback that announces a status.
func Hook(scenario, announces, path string, value any) func(*Tape) {
	return HookTo(scenario, announces, path, func(any) any { return value })
}

func HookTo(scenario, announces, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.Callback(scenario, announces); r != nil {
			t.Edit(&r.Webhook.Body, path, to)
		}
	}
}

// Callback returns the first callback that announces a status, or nil if there is none.
func (t *Tape) Callback(scenario, announces string) *evidence.Record {
	return t.first(scenario+" callback "+announces, func(r *evidence.Record) bool { return r.Scenario == scenario && Announced(r) == announces })
}

func Announced(r *evidence.Record) string {
	var b struct{ Status string }
	if r.Webhook == nil || r.Webhook.Body.Decode(&b) != nil {
		return ""
	}
	return b.Status
}

// Archives calls edit with each archive object in an answer, a list or a callback. edit returns whether it changed the
// object.
func (t *Tape) Archives(edit func(*evidence.Record, map[string]any) bool) {
	for i := range t.Records {
		r := t.Records[i]
		text := ""
		switch {
		case r.Webhook != nil:
			text = r.Webhook.Body.Text
		case IsExchange(&r) && strings.Contains(r.Exchange.Request.URL, "/archive"):
			text = r.Exchange.Response.Body.Text
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var doc map[string]any
		if text == "" || d.Decode(&doc) != nil {
			continue
		}
		found := []any{doc}
		if items, isList := doc["items"].([]any); isList {
			found = items
		}
		changed := false
		for _, o := range found {
			if o, ok := o.(map[string]any); ok && o["status"] != nil {
				changed = edit(&t.Records[i], o) || changed
			}
		}
		if changed {
			t.Records[i] = Copied(r)
			t.rewrite(&t.Records[i], doc)
		}
	}
}

// rewrite replaces the body of a callback or an answer.
func (t *Tape) rewrite(r *evidence.Record, doc any) {
	body := bodyOf(string(marshal(doc)))
	if r.Webhook != nil {
		r.Webhook.Body = body
	} else {
		r.Exchange.Response.Body = body
	}
}

// DropHooks removes the callbacks that announce a status.
func DropHooks(scenario, announces string) func(*Tape) {
	return func(t *Tape) {
		t.Remove(scenario+" callback "+announces, func(r *evidence.Record) bool { return r.Scenario == scenario && Announced(r) == announces })
	}
}

// Edit rewrites one place of a JSON body.
func (t *Tape) Edit(b *evidence.Body, path string, to func(any) any) {
	d := json.NewDecoder(bytes.NewReader([]byte(b.Text)))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		t.Missed = append(t.Missed, path+" of "+b.Text)
		return
	}
	if !place(doc, strings.Split(path, "."), to) {
		t.Missed = append(t.Missed, path)
		return
	}
	text := marshal(doc)
	b.Text, b.Size = string(text), int64(len(text)) // the checksum stays that of what came
}

func place(doc any, path []string, to func(any) any) bool {
	switch at := doc.(type) {
	case map[string]any:
		if len(path) == 1 {
			at[path[0]] = to(at[path[0]])
			return true
		}
		return place(at[path[0]], path[1:], to)
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(at) {
			return false
		}
		if len(path) == 1 {
			at[i] = to(at[i])
			return true
		}
		return place(at[i], path[1:], to)
	}
	return false
}

// Film changes the forensics report on a file.
func Film(scenario, label string, spoil func(*media.Report)) func(*Tape) {
	return func(t *Tape) {
		r := t.Where(scenario, label, func(r *evidence.Record) bool { return r.Media != nil })
		if r != nil {
			t.Show(r, spoil)
		}
	}
}

// Show changes the report in a record. spoil may copy the record meanwhile.
func (t *Tape) Show(r *evidence.Record, spoil func(*media.Report)) {
	r.Media.Report = Spoiled(t, r.Media.Report, spoil)
}

// Spoiled returns a report after a change. If the report cannot be read, it returns it unchanged and notes that it was missed.
func Spoiled[T any](t *Tape, report json.RawMessage, spoil func(*T)) json.RawMessage {
	var found T
	if err := json.Unmarshal(report, &found); err != nil {
		t.Missed = append(t.Missed, err.Error())
		return report
	}
	spoil(&found)
	return marshal(found)
}

// Stored changes an object that was downloaded or listed.
func Stored(scenario, label string, spoil func(*evidence.Object)) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenario, label, func(r *evidence.Record) bool { return r.Object != nil }); r != nil {
			spoil(r.Object)
		}
	}
}

// EachStored changes all objects of a scenario, as they were listed and downloaded.
func EachStored(scenario string, spoil func(*evidence.Object)) func(*Tape) {
	return func(t *Tape) {
		found := false
		for i := range t.Records {
			if r := &t.Records[i]; r.Scenario == scenario && r.Object != nil {
				*r = Copied(*r)
				spoil(r.Object)
				found = true
			}
		}
		if !found {
			t.Missed = append(t.Missed, scenario+" objects")
		}
	}
}

// Watched changes what a watch saw.
func Watched(scenario, label string, met bool) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenario, label, func(r *evidence.Record) bool { return r.Watch != nil }); r != nil {
			r.Watch.Met = met
		}
	}
}

// Client changes an event of a client's connection.
func Client(scenario, name, kind string, spoil func(*evidence.Record)) func(*Tape) {
	return func(t *Tape) {
		if r := t.first(scenario+" client "+name+" "+kind, func(r *evidence.Record) bool {
			return r.Scenario == scenario && r.Client != nil && r.Client.Name == name && (r.Client.Event == kind || r.Client.Type == kind)
		}); r != nil {
			spoil(r)
		}
	}
}

// Unheard removes an event of a client.
func Unheard(scenario, name, kind string) func(*Tape) {
	return func(t *Tape) {
		t.Remove(scenario+" client "+name+" "+kind, func(r *evidence.Record) bool {
			return r.Scenario == scenario && r.Client != nil && r.Client.Name == name && r.Client.Type == kind
		})
	}
}

// StreamOf returns the id of the first stream that a client publishes, or "" if there is none.
func (t *Tape) StreamOf(scenario, client string) string {
	for _, r := range t.Records {
		if r.Scenario == scenario && r.Published != nil && r.Published.Client == client {
			return r.IDs[evidence.Stream]
		}
	}
	t.Missed = append(t.Missed, scenario+" stream of "+client)
	return ""
}

// Earlier moves a request to an earlier time, so that what was recorded continues after it. A negative duration moves it
// to a later time, so that the recording lies before it.
func Earlier(scenario, label string, by time.Duration) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenario, label, IsExchange); r != nil {
			r.Exchange.Started = r.Exchange.Started.Add(-by - r.Exchange.Duration)
		}
	}
}

// Unmade makes the application of a scenario one that others use too.
func Unmade(scenario string) func(*Tape) {
	return func(t *Tape) {
		t.Remove("application of "+scenario, func(r *evidence.Record) bool {
			return r.Scenario == scenario && r.Exchange != nil && r.Exchange.Operation == evidence.CreateApplication
		})
	}
}

// Lost removes the objects of a scenario.
func Lost(scenario string) func(*Tape) {
	return func(t *Tape) {
		t.Remove("objects of "+scenario, func(r *evidence.Record) bool { return r.Scenario == scenario && r.Object != nil })
	}
}

// All applies several changes to a tape.
func All(spoils ...func(*Tape)) func(*Tape) {
	return func(t *Tape) {
		for _, spoil := range spoils {
			spoil(t)
		}
	}
}

// marshal returns v as JSON. Everything in a tape can be written as JSON.
func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	return text
}
