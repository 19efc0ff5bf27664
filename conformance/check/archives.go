package check

import (
	"fmt"
	"time"

	"reelcheck/conformance/evidence"
)

// Automatic archives are those of an automatically archived session that no call of the harness started.
func (c *Case) Automatic(h *History) bool {
	s := c.Sessions[h.Session()]
	return h.Start.Exchange == nil && s != nil && s.Auto
}

func (c *Case) StartedArchives() []*History {
	var out []*History
	for _, h := range c.Archives {
		if h.Start.Exchange != nil {
			out = append(out, h)
		}
	}
	return out
}

// Between counts what happened to an application between two of its lists.
func (c *Case) Between(from, to evidence.Record) (refused, accepted, deleted int64) {
	for _, a := range c.Starts {
		if a.Seq > from.Seq && a.Seq < to.Seq && SameApp(a.Record, from) {
			if a.Exchange.Status() == 200 {
				accepted++
			} else {
				refused++
			}
		}
	}
	for _, h := range c.Archives {
		for _, d := range h.Deletes {
			if d.Seq > from.Seq && d.Seq < to.Seq && SameApp(d, from) {
				deleted++
			}
		}
	}
	return refused, accepted, deleted
}

// Listings are the watches that say when the target bucket was looked through for an archive.
func (c *Case) Listings(h *History) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Watches {
		if r.Watch.What == "objects" {
			out = append(out, r)
		}
	}
	return out
}

// DurationOf compares the duration that an archive tells with the recorded time. An encrypted one tells none.
func (c *Case) DurationOf(s Sighting, k Course, allow time.Duration) {
	if h := c.ByID[s.Text("id")]; h != nil && c.Encrypted(h) {
		return
	}
	least, most := k.Recorded()
	n, ok := s.Whole("duration")
	got := time.Duration(n) * time.Second
	c.Want(ok && got >= least-allow && got <= most+allow, fmt.Sprintf("duration %.1f to %.1f s, give or take %v", least.Seconds(), most.Seconds(), allow),
		s.Show("duration"), s.At)
}

func (c *Case) IsNotice(status string) bool {
	for _, n := range c.Ledger.States.Notices {
		if n.Name == status {
			return true
		}
	}
	return false
}
