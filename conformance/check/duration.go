package check

import (
	"fmt"
	"time"

	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
)

// DurationOf compares the duration that an archive object states with the recorded time. It skips encrypted archives,
// which state none. What the file lacks at its ends was not recorded, and is left to ARC-START-04 and ARC-COMP-15.
func (c *Case) DurationOf(s facts.Sighting, k course.Course, allow time.Duration) {
	if h := c.ByID[s.Text("id")]; h != nil && c.Encrypted(h) {
		return
	}
	least, most := k.Recorded()
	early := 0.0
	if h := c.ByID[s.Text("id")]; h != nil {
		for _, late := range c.Delays(h) {
			least -= late
		}
		early = c.missing(h)
		least -= max(0, c.Effective(h).Sub(h.Begun.To))
	}
	n, ok := s.Whole("duration")
	got := time.Duration(n) * time.Second
	from := least.Seconds() - early
	c.Want(ok && got.Seconds() >= from-allow.Seconds() && got <= most+allow, fmt.Sprintf("duration %.1f to %.1f s, give or take %v", from, most.Seconds(), allow),
		s.Show("duration"), s.At)
}

// film returns what is known of the file of a composed archive. ok is false without a readable one.
func (c *Case) film(h *facts.History) (x content.Recording, ok bool) {
	if h.IsIndividual() || h.IsManual() || c.Encrypted(h) || len(h.Media) == 0 {
		return x, false
	}
	r := h.Media[len(h.Media)-1]
	f, err := content.FileOf(c.Facts, r)
	return content.Recording{History: h, File: f, R: r, Expected: content.ExpectedOf(c.Facts, h)}, err == nil && f.Readable()
}

// Delays returns how late the file of an archive begins, and how late it goes on after each pause.
func (c *Case) Delays(h *facts.History) (out []time.Duration) {
	x, ok := c.film(h)
	for i := range x.Pieces {
		if ok {
			out = append(out, x.Delay(i))
		}
	}
	return out
}

// missing returns the seconds that the file of an archive lacks at its end.
func (c *Case) missing(h *facts.History) float64 {
	x, ok := c.film(h)
	if !ok || len(x.Pieces) == 0 {
		return 0
	}
	return max(0, x.Lacks())
}

// Effective returns when an individual archive had begun to record what was published already: with the answer to the start or, as the page tells the
// one from the other, with createdAt of its manifest, if that is not later than a recording may begin (ARC-START-04).
func (c *Case) Effective(h *facts.History) time.Time {
	asked := h.Start.Over()
	if len(h.Individual) == 0 {
		return asked
	}
	z, _ := c.Zip(h.Individual[len(h.Individual)-1])
	m, _ := z.Manifest()
	ms, known := m.Members["createdAt"].Whole()
	begun := c.Real(h.App(), time.UnixMilli(ms))
	if !known || begun.Before(asked) || begun.Sub(asked) > c.Limit("tolerance.recording-begin") {
		return asked
	}
	return begun
}

// MayHaveEnded reports whether a stop call had been sent or one of the archive's limits had come when the answer with the sighting came.
func (c *Case) MayHaveEnded(h *facts.History, s facts.Sighting) bool {
	of := course.Of
	if h.IsManual() {
		of = course.OfChosen
	}
	k, ok := of(c.Facts, h)
	return !ok || !c.Latest(h.App(), s.Answered()).Before(k.Soonest().Add(-c.Limit("tolerance.limit.early")))
}
