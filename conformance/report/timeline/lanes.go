// Package timeline turns the evidence of a scenario into lanes: what happened when, by kind.
package timeline

import (
	"fmt"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/text"
)

// Lane is one kind of event on the time axis of a scenario.
type Lane struct {
	Name  string `json:"name"`
	Marks []Mark `json:"marks"`
}

// Mark is an instant, or a span when Until is later than At. Both are milliseconds from the beginning of the scenario.
type Mark struct {
	At    int64  `json:"at"`
	Until int64  `json:"until"`
	Label string `json:"label"`
	Kind  string `json:"kind"` // ok, client-error, server-error, status, media, note
	Ref   string `json:"ref"`  // reference into the evidence
}

// Of returns the lanes of a scenario, and how many milliseconds it took.
func Of(v evidence.View) ([]Lane, int64) {
	first, ok := v.First()
	if !ok {
		return nil, 0
	}
	last, _ := v.Last()
	t := timeline{view: v, zero: first.Time, end: last.Time.Sub(first.Time).Milliseconds()}
	return t.lanes(), t.end
}

// timeline turns records into lanes. Reads that only poll a status make the status lane and are left out of the REST
// lane.
type timeline struct {
	view evidence.View
	zero time.Time
	end  int64
}

func (t timeline) at(when time.Time) int64 { return max(when.Sub(t.zero).Milliseconds(), 0) }

func (t timeline) lanes() []Lane {
	var out []Lane
	add := func(name string, marks []Mark) {
		if len(marks) > 0 {
			out = append(out, Lane{name, marks})
		}
	}
	add("clients", t.clients())
	add("publishers", t.publishers())
	for _, id := range t.archives() {
		add("status "+id[:min(8, len(id))], t.statuses(id))
	}
	add("REST", t.rest())
	add("webhooks", t.hooks())
	add("uploads", t.uploads())
	add("client events", t.events())
	add("clock", t.clock())
	add("steps", t.steps())
	return out
}

// maxStatusLanes limits the status lanes, to keep a picture of many archives readable.
const maxStatusLanes = 6

func (t timeline) archives() []string {
	var ids []string
	seen := map[string]bool{}
	for _, r := range t.view.Exchanges(evidence.StartArchive).Records {
		var a struct{ ID string }
		if r.Exchange.Status() == 200 && r.Exchange.Decode(&a) == nil && a.ID != "" && !seen[a.ID] && len(ids) < maxStatusLanes {
			seen[a.ID] = true
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// statuses returns spans between the reads that showed a change.
func (t timeline) statuses(id string) []Mark {
	var out []Mark
	for _, r := range t.view.Exchanges(evidence.StartArchive, evidence.GetArchive, evidence.StopArchive).Records {
		var a struct{ ID, Status string }
		if r.Exchange.Status() != 200 || r.Exchange.Decode(&a) != nil || a.ID != id || a.Status == "" {
			continue
		}
		at := t.at(r.Time.Add(r.Exchange.Duration))
		if n := len(out); n > 0 {
			out[n-1].Until = at
			if out[n-1].Label == a.Status {
				continue
			}
		}
		out = append(out, Mark{At: at, Until: at, Label: a.Status, Kind: "status", Ref: r.Ref()})
	}
	return out
}

func (t timeline) rest() []Mark {
	var out []Mark
	last := ""
	for _, r := range t.view.Exchanges().Records {
		e := r.Exchange
		if e.Identity == evidence.AsControl {
			continue
		}
		name := string(e.Operation)
		if name == "" {
			name = e.Request.Method
		}
		label := fmt.Sprintf("%s %d", name, e.Status())
		if e.Status() == 0 {
			label = name + " no answer"
		}
		if label == last && e.Operation == evidence.GetArchive { // a poll
			continue
		}
		last = label
		out = append(out, Mark{At: t.at(e.Started), Label: label, Kind: kindOf(e.Status()), Ref: r.Ref()})
	}
	return out
}

func kindOf(status int) string {
	switch {
	case status == 0 || status >= 500:
		return "server-error"
	case status >= 400:
		return "client-error"
	}
	return "ok"
}

func (t timeline) hooks() []Mark {
	var out []Mark
	for _, r := range t.view.Webhooks().Records {
		var b struct{ Status, Event string }
		label := "?"
		if r.Webhook.Body.Decode(&b) == nil {
			label = b.Status
			if label == "" {
				label = b.Event
			}
		}
		out = append(out, Mark{At: t.at(r.Time), Label: label, Kind: "status", Ref: r.Ref()})
	}
	return out
}

// uploads returns one mark per object, at the latest moment at which it was written. Stores report that in whole
// seconds.
func (t timeline) uploads() []Mark {
	var out []Mark
	seen := map[string]bool{}
	for _, r := range t.view.Objects().Records {
		o := r.Object
		if seen[o.Key+o.URL] {
			continue
		}
		seen[o.Key+o.URL] = true
		name := o.Key[strings.LastIndexByte(o.Key, '/')+1:]
		if name == "" {
			name = o.Store
		}
		at := t.at(r.Time)
		if !o.Modified.IsZero() {
			at = min(at, t.at(o.Modified.Truncate(time.Second).Add(time.Second)))
		}
		out = append(out, Mark{At: at, Label: fmt.Sprintf("%s %s", name, size(o.Size)), Kind: "media", Ref: r.Ref()})
	}
	return out
}

func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func (t timeline) publishers() []Mark {
	var out []Mark
	for _, r := range t.view.Tracks().Records {
		p := r.Published
		until := t.end
		if p.Ended {
			until = t.at(p.Last)
		}
		out = append(out, Mark{At: t.at(p.First), Until: until, Label: p.Client + " " + p.Fixture, Kind: "media", Ref: r.Ref()})
	}
	return out
}

func (t timeline) clients() []Mark {
	var out []Mark
	open := map[string]int{}
	for _, r := range t.view.Clients().Records {
		switch name := r.Client.Name; r.Client.Event {
		case "open":
			open[name] = len(out)
			out = append(out, Mark{At: t.at(r.Time), Until: t.end, Label: name, Kind: "note", Ref: r.Ref()})
		case "close":
			if i, ok := open[name]; ok {
				out[i].Until = t.at(r.Time)
				delete(open, name)
			}
		case "refused":
			out = append(out, Mark{At: t.at(r.Time), Label: name + " refused", Kind: "client-error", Ref: r.Ref()})
		}
	}
	return out
}

func (t timeline) events() []Mark {
	var out []Mark
	for _, r := range t.view.Clients().Records {
		if r.Client.Event == "message" && strings.HasPrefix(r.Client.Type, "archive") {
			out = append(out, Mark{At: t.at(r.Time), Label: r.Client.Name + " " + r.Client.Type, Kind: "note", Ref: r.Ref()})
		}
	}
	return out
}

func (t timeline) clock() []Mark {
	var out []Mark
	for _, r := range t.view.Clocks().Records {
		out = append(out, Mark{At: t.at(r.Time), Label: "+" + r.Clock.Skip.Round(time.Second).String(), Kind: "note", Ref: r.Ref()})
	}
	return out
}

func (t timeline) steps() []Mark {
	var out []Mark
	for _, r := range t.view.Records {
		switch {
		case r.Step != nil && r.Step.Outcome != evidence.Began && r.Step.Outcome != evidence.Done:
			out = append(out, Mark{At: t.at(r.Time), Label: string(r.Step.Outcome) + " " + r.Step.Text, Kind: "client-error", Ref: r.Ref()})
		case r.Harness != nil:
			out = append(out, Mark{At: t.at(r.Time), Label: r.Harness.Kind + ": " + r.Harness.Message, Kind: "client-error", Ref: r.Ref()})
		}
	}
	for i := range out {
		out[i].Label = text.Clip(out[i].Label, 89)
	}
	return out
}
