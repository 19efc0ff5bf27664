package facts

import (
	"reelcheck/conformance/evidence"
)

// Automatic archives are those of an automatically archived session that no call of the harness started.
func (f *Facts) Automatic(h *History) bool {
	s := f.Sessions[h.Session()]
	return h.Start.Exchange == nil && s != nil && s.Auto
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

// Between counts what happened to an application between two of its lists.
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

// Listings are the watches that say when the target bucket was looked through for an archive.
func (f *Facts) Listings(h *History) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Watches {
		if r.Watch.What == "objects" {
			out = append(out, r)
		}
	}
	return out
}
