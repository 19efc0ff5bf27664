package mutants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
)

// Tape is recorded evidence to be spoiled. Records are copied before they change.
type Tape struct {
	Records []evidence.Record
	// Missed are the places a mutation wanted to spoil and did not find.
	Missed []string
}

// Mutation spoils good evidence in one small place, so that one clause is violated.
type Mutation struct {
	Clause string
	Fault  string // what a target would do wrong to leave such evidence
	Spoil  func(*Tape)
}

// where finds the last record of a scenario that has the label and matches.
func (t *Tape) where(scenario, label string, match func(*evidence.Record) bool) *evidence.Record {
	for i := len(t.Records) - 1; i >= 0; i-- {
		r := &t.Records[i]
		if r.Scenario == scenario && r.Label == label && match(r) {
			*r = copied(*r)
			return r
		}
	}
	t.Missed = append(t.Missed, scenario+"/"+label)
	return nil
}

func copied(r evidence.Record) evidence.Record {
	text, err := json.Marshal(r)
	if err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	var c evidence.Record
	if err := json.Unmarshal(text, &c); err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	return c
}

// remove takes out the records that match.
func (t *Tape) remove(what string, match func(*evidence.Record) bool) {
	n := len(t.Records)
	t.Records = slices.DeleteFunc(slices.Clone(t.Records), func(r evidence.Record) bool { return match(&r) })
	if len(t.Records) == n {
		t.Missed = append(t.Missed, what)
	}
}

func isExchange(r *evidence.Record) bool { return r.Exchange != nil && r.Exchange.Response != nil }

// status makes the target answer a request with another code.
func status(scenario, label string, code int) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, isExchange); r != nil {
			r.Exchange.Response.Status = code
		}
	}
}

// answer makes the target answer a request with another code and body.
func answer(scenario, label string, code int, body string) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, isExchange); r != nil {
			r.Exchange.Response.Status = code
			r.Exchange.Response.Body = evidence.Body{Text: body, Size: int64(len(body))}
		}
	}
}

// asked changes the body of a request: it stands for a scenario that asks for more.
func asked(scenario, label, body string) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, isExchange); r != nil {
			r.Exchange.Request.Body = evidence.Body{Text: body, Size: int64(len(body))}
		}
	}
}

// set changes a property of an answer; a path such as items.0.url goes into it.
func set(scenario, label, path string, value any) func(*Tape) {
	return change(scenario, label, path, func(any) any { return value })
}

// add adds to a number in an answer.
func add(scenario, label, path string, n int64) func(*Tape) {
	return change(scenario, label, path, plus(n))
}

func plus(n int64) func(any) any {
	return func(old any) any {
		v, _ := strconv.ParseInt(fmt.Sprint(old), 10, 64)
		return v + n
	}
}

func change(scenario, label, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, isExchange); r != nil {
			t.edit(&r.Exchange.Response.Body, path, to)
		}
	}
}

// request changes a property of a request.
func request(scenario, label, path string, value any) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, isExchange); r != nil {
			t.edit(&r.Exchange.Request.Body, path, func(any) any { return value })
		}
	}
}

// hook changes a property of a callback, told by the status it announces.
func hook(scenario, announces, path string, value any) func(*Tape) {
	return hookTo(scenario, announces, path, func(any) any { return value })
}

func hookTo(scenario, announces, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.callback(scenario, announces); r != nil {
			t.edit(&r.Webhook.Body, path, to)
		}
	}
}

func (t *Tape) callback(scenario, announces string) *evidence.Record {
	for i := range t.Records {
		if r := &t.Records[i]; r.Scenario == scenario && announced(r) == announces {
			*r = copied(*r)
			return r
		}
	}
	t.Missed = append(t.Missed, scenario+" callback "+announces)
	return nil
}

func announced(r *evidence.Record) string {
	var b struct{ Status string }
	if r.Webhook == nil || r.Webhook.Body.Decode(&b) != nil {
		return ""
	}
	return b.Status
}

// dropHooks loses the callbacks that announce a status.
func dropHooks(scenario, announces string) func(*Tape) {
	return func(t *Tape) {
		t.remove(scenario+" callback "+announces, func(r *evidence.Record) bool { return r.Scenario == scenario && announced(r) == announces })
	}
}

// edit rewrites one place of a JSON body.
func (t *Tape) edit(b *evidence.Body, path string, to func(any) any) {
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
	text, err := json.Marshal(doc)
	if err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	b.Text, b.Size = string(text), int64(len(text))
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

// film changes what the forensics found in a file.
func film(scenario, label string, spoil func(*media.Report)) func(*Tape) {
	return func(t *Tape) {
		r := t.where(scenario, label, func(r *evidence.Record) bool { return r.Media != nil })
		if r == nil {
			return
		}
		var found media.Report
		if err := json.Unmarshal(r.Media.Report, &found); err != nil {
			t.Missed = append(t.Missed, err.Error())
			return
		}
		spoil(&found)
		text, err := json.Marshal(found)
		if err != nil {
			panic("mutants: internal error: " + err.Error())
		}
		r.Media.Report = text
	}
}

// stored changes an object that was fetched or listed.
func stored(scenario, label string, spoil func(*evidence.Object)) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, func(r *evidence.Record) bool { return r.Object != nil }); r != nil {
			spoil(r.Object)
		}
	}
}

// watched changes what a watch saw.
func watched(scenario, label string, met bool) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, func(r *evidence.Record) bool { return r.Watch != nil }); r != nil {
			r.Watch.Met = met
		}
	}
}

// client changes an event of a client's connection.
func client(scenario, name, kind string, spoil func(*evidence.Record)) func(*Tape) {
	return func(t *Tape) {
		for i := range t.Records {
			if r := &t.Records[i]; r.Scenario == scenario && r.Client != nil && r.Client.Name == name && (r.Client.Event == kind || r.Client.Type == kind) {
				*r = copied(*r)
				r.IDs = maps.Clone(r.IDs)
				spoil(r)
				return
			}
		}
		t.Missed = append(t.Missed, scenario+" client "+name+" "+kind)
	}
}

// unheard loses an event of a client.
func unheard(scenario, name, kind string) func(*Tape) {
	return func(t *Tape) {
		t.remove(scenario+" client "+name+" "+kind, func(r *evidence.Record) bool {
			return r.Scenario == scenario && r.Client != nil && r.Client.Name == name && r.Client.Type == kind
		})
	}
}

// all does several things to a tape.
func all(spoils ...func(*Tape)) func(*Tape) {
	return func(t *Tape) {
		for _, spoil := range spoils {
			spoil(t)
		}
	}
}
