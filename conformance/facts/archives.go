package facts

import (
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
