package composed

import (
	"fmt"
	"math"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/policy"
)

// fileLength compares the length of the file with the recorded time, without pauses and advances of the clock, and with
// duration, which includes the advances. What the file lacks because it begins late is left to ARC-START-04.
func fileLength(c *check.Case) {
	for _, x := range c.Recordings() {
		k, _ := course.Of(c.Facts, x.History)
		pauses := time.Duration(len(k.Pauses()))
		allow, early := (c.Limit("tolerance.file-length") + pauses*c.Limit("tolerance.pause")).Seconds(), ((1+pauses)*c.Limit("tolerance.recording-end") + unseen(c, x)).Seconds()
		least, most := lengths(c, x.History, k)
		for i := range x.Pieces {
			least -= x.Delay(i).Seconds()
		}
		c.Want(x.Plays() >= least-early && x.Duration <= most+allow,
			fmt.Sprintf("a length of %.1f to %.1f s, at most %.1f less and %.1f more", least, most, early, allow), lengthOf(x, least, most), x.R)
		lessSkipped, moreSkipped := skippedWithin(c, x.History, k)
		for _, s := range x.Delivered() {
			n, ok := s.Whole("duration")
			told := float64(n)
			c.Want(ok && x.Duration >= told-moreSkipped-allow && x.Duration <= told-lessSkipped+allow,
				fmt.Sprintf("a length of %.1f to %.1f s as duration says, give or take %.1f", told-moreSkipped, told-lessSkipped, allow), lengthOf(x, told-moreSkipped, told-lessSkipped), x.R, s.At)
		}
	}
	chosenLength(c)
	unaskedLength(c)
}

// lengthOf returns the length of the file, and by how much it misses the wanted one.
func lengthOf(x content.Recording, least, most float64) string {
	switch plays := x.Plays(); {
	case plays < least && plays < x.Duration:
		return fmt.Sprintf("%.1f s by the header, but tracks of %.1f s, %.1f s short", x.Duration, plays, least-plays)
	case plays < least:
		return fmt.Sprintf("%.1f s, %.1f s short", plays, least-plays)
	case x.Duration > most:
		return fmt.Sprintf("%.1f s, %.1f s too long", x.Duration, x.Duration-most)
	}
	return fmt.Sprintf("%.1f s", x.Duration)
}

// chosenLength checks that the file of an archive of chosen streams is no shorter than what was chosen.
func chosenLength(c *check.Case) {
	for _, x := range c.Chosen() {
		early := (time.Duration(len(x.Pieces))*c.Limit("tolerance.recording-end") + unseen(c, x)).Seconds()
		c.Want(x.Lacks() <= early, fmt.Sprintf("a length of %.1f s, at most %.1f less", x.Plays()+x.Lacks(), early), lengthOf(x, x.Plays()+x.Lacks(), math.Inf(1)), x.R)
	}
}

// unaskedLength judges archives during which nothing was published of what they were to hold. Their files are silent or black, and as long as
// duration says; none of the sources calls them empty.
func unaskedLength(c *check.Case) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if p := content.ExpectedOf(c.Facts, h); !ok || h.IsIndividual() || c.Encrypted(h) || len(p.Pieces) == 0 || len(p.Timeline.Tracks) > 0 {
			continue
		}
		_, skipped := skippedWithin(c, h, k)
		for _, s := range h.Delivered() {
			told, _ := s.Whole("duration")
			if plays, r, known := played(c, h, s); known {
				least := float64(told) - skipped - c.Limit("tolerance.file-length").Seconds()
				c.Want(plays >= least, fmt.Sprintf("a length of at least %.1f s, as duration says", least), fmt.Sprintf("%.1f s", plays), r, s.At)
			}
		}
	}
}

// played returns how long the file of an archive plays, if it was read or is empty.
func played(c *check.Case, h *facts.History, s facts.Sighting) (plays float64, r evidence.Record, known bool) {
	if size, ok := s.Whole("size"); ok && size == 0 {
		return 0, s.At, true
	}
	if len(h.Media) == 0 {
		return 0, s.At, false
	}
	r = h.Media[len(h.Media)-1]
	file, ok := c.File(r)
	return file.Plays(), r, ok
}

// unseen returns the uncertainty of when the pieces of a file begin. Only pictures tell it exactly.
func unseen(c *check.Case, x content.Recording) (sum time.Duration) {
	for _, p := range x.Pieces {
		if !p.Seen {
			sum += c.Limit("tolerance.begin-of-sound")
		}
	}
	return sum
}

// lengths returns the least and the greatest real time that was recorded, in seconds.
func lengths(c *check.Case, h *facts.History, k course.Course) (least, most float64) {
	begin := course.RealBegin(c.Facts, h, k)
	first, last := course.RealEnd(c.Facts, h, k)
	for _, u := range facts.Union(c.Sessions[h.Start.IDs[evidence.Session]].Streams) {
		if cut, ok := u.Cut(begin.To, first); ok {
			least += cut.To.Sub(cut.From).Seconds()
		}
		u.To = u.Late
		if cut, ok := u.Cut(begin.From, last); ok {
			most += cut.To.Sub(cut.From).Seconds()
		}
	}
	return least, most
}

// skippedWithin returns the least and the greatest recorded time that advances of the clock added while streams were
// published. The advances in which the archive began and ended count in part.
func skippedWithin(c *check.Case, h *facts.History, k course.Course) (least, most float64) {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	begin := course.RealBegin(c.Facts, h, k)
	first, last := course.RealEnd(c.Facts, h, k)
	within := func(begin, end time.Time) func(policy.Walk) bool {
		return func(w policy.Walk) bool {
			return !w.From.Before(begin) && (end.IsZero() || !w.To.After(end)) && facts.Steady(s.Streams, w.From, w.To)
		}
	}
	app := h.App()
	return c.Skipped(app, within(begin.To, first)).Seconds(), c.Skipped(app, within(begin.From, last)).Seconds()
}

// pauseLeavesNothing judges the length of the files of archives that paused.
func pauseLeavesNothing(c *check.Case) {
	for _, x := range c.Recordings() {
		k, ok := course.Of(c.Facts, x.History)
		if !ok || len(k.Pauses()) == 0 {
			continue
		}
		_, most := lengths(c, x.History, k)
		allow := float64(len(k.Pauses())) * c.Limit("tolerance.pause").Seconds()
		c.Want(x.Duration <= most+allow, fmt.Sprintf("a file of up to %.1f s, give or take %.0f, without the pauses", most, allow),
			fmt.Sprintf("%.1f s", x.Duration), x.R)
	}
}
