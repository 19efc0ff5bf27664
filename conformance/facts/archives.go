package facts

import (
	"cmp"
	"slices"

	"reelcheck/conformance/evidence"
)

// Automatic reports whether the target started the archive by itself, in an automatically archived session.
func (f *Facts) Automatic(h *History) bool {
	if h.Start.Exchange != nil {
		return false
	}
	s := f.Sessions[h.Session()]
	return s != nil && s.Auto
}

// Chain returns the automatic archives of a session, sorted by createdAt.
func (f *Facts) Chain(session string) []*History {
	var out []*History
	for _, h := range f.Archives {
		if f.Automatic(h) && h.Session() == session {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b *History) int { return cmp.Compare(a.CreatedAt(), b.CreatedAt()) })
	return out
}

// begun gives each automatic archive what a start gives the others: what began it, when, and what was asked for. It leaves
// out those of scenarios that have not ended, because more archives and moves of the clock may still be recorded.
func (f *Facts) begun() {
	for _, h := range f.Archives {
		h.Begun = Span{From: h.Start.Sent(), To: h.Start.Over()}
	}
	for _, s := range InOrder(f.Sessions) {
		step, _ := f.View.Outcome(s.Created.Scenario)
		if !s.Auto || len(s.Clients) == 0 || step.Outcome == "" || step.Outcome == evidence.Began {
			continue
		}
		first := Union(s.Clients)[0]
		at := Span{From: first.From, To: first.From}
		for i, h := range f.Chain(s.ID) {
			if h.Follows = i > 0; h.Follows {
				at.To = h.firstShown()
			}
			h.Start, h.Scenario, h.Request, h.Begun = first.By, s.Created.Scenario, s.archive(), at
		}
	}
}

// EveryArchive returns the archives that the harness started and the automatic archives of scenarios that have ended.
func (f *Facts) EveryArchive() []*History {
	var out []*History
	for _, h := range f.Archives {
		if !h.Begun.From.IsZero() {
			out = append(out, h)
		}
	}
	return out
}

// Projects returns the names of the archive's application under which the target may know it: its id, and the API key if
// the archive or its session was asked for under that.
func (f *Facts) Projects(h *History) []string {
	names := []string{h.App()}
	if h.Start.Exchange != nil {
		return slices.Compact(append(names, Project(h.Start)))
	}
	if asked := f.Sessions[h.Session()].Created.Exchange; asked != nil && asked.Identity == evidence.AsLegacy {
		names = append(names, f.Apps[h.App()].Key)
	}
	return names
}

// StartedArchives returns the archives that the harness started.
func (f *Facts) StartedArchives() []*History {
	var out []*History
	for _, h := range f.Archives {
		if h.Start.Exchange != nil {
			out = append(out, h)
		}
	}
	return out
}

// Between counts the start requests and deletions of an application between two of its list calls.
func (f *Facts) Between(from, to evidence.Record) (refused, accepted, deleted int64) {
	for _, a := range f.Starts {
		if a.Seq > from.Seq && a.Seq < to.Seq && a.Record.SameApp(from) {
			if a.Exchange.Status() == 200 {
				accepted++
			} else {
				refused++
			}
		}
	}
	for _, h := range f.Archives {
		for _, d := range h.Deletes {
			if d.Seq > from.Seq && d.Seq < to.Seq && d.SameApp(from) {
				deleted++
			}
		}
	}
	return refused, accepted, deleted
}

// Listings returns the watches that record when the harness listed the archive's objects in the target bucket.
func (f *Facts) Listings(h *History) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Watches {
		if r.Watch.What == "objects" {
			out = append(out, r)
		}
	}
	return out
}
