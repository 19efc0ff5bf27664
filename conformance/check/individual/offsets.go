package individual

import (
	"fmt"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

// offsetChecks are about the times that the manifest tells. The publishers' clocks are the harness's.
var offsetChecks = []check.Check{
	check.New("ARC-MAN-06", createdAt, scenarios.Captures, scenarios.Interrupted),
	check.New("ARC-MAN-11", startOffset("tolerance.offset", false), scenarios.Captures),
	check.New("ARC-MAN-12", stopOffset("tolerance.offset", false), scenarios.Captures),
	check.New("ARC-MAN-15", afterPause, scenarios.Captures),
	check.New("ARC-MAN-16", inStep, scenarios.Captures),
}

// createdAt is when something was first published, or the start where something was already.
func createdAt(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	for _, b := range bundles(c) {
		s := c.Sessions[b.Start.IDs[evidence.Session]]
		if !b.listed || s == nil || !somebodyPublished(c, b.History) {
			continue
		}
		from, to := b.Start.Sent(), b.Start.Over()
		if !facts.AnyDuring(s.Streams, from, to) {
			first := time.Time{}
			for _, u := range s.Streams {
				if u.From.After(from) && (first.IsZero() || u.From.Before(first)) {
					first = u.From
				}
			}
			from, to = first, first
		}
		least, most := c.Earliest(b.App(), from).Add(-allow), c.Latest(b.App(), to).Add(allow)
		ms, ok := b.manifest.Members["createdAt"].Whole()
		at := time.UnixMilli(ms)
		c.Want(ok && !at.Before(least) && !at.After(most), fmt.Sprintf("createdAt from %d to %d, the effective start", least.UnixMilli(), most.UnixMilli()),
			b.manifest.Members["createdAt"].Show(), b.r, b.Start)
	}
}

// paused tells whether the file was begun after a time in which nobody published.
func (b *bundle) paused(c *check.Case, f *file) bool {
	first, ok := f.first()
	k, known := course.Of(c.Facts, b.History)
	if !ok || !known {
		return false
	}
	for _, p := range k.Pauses() {
		if c.Latest(b.App(), first).After(p.From) {
			return true
		}
	}
	return false
}

// offset is the real moment of a time that the manifest tells of a file. A walk of the clock leaves no time in media, and none
// between createdAt and offsets; see decision 0005.
func (b *bundle) offset(c *check.Case, f *file, key string) (at time.Time, ok bool) {
	created, isTime := b.manifest.Members["createdAt"].Whole()
	n, isOffset := f.about[key].Whole()
	return c.Real(b.App(), time.UnixMilli(created)).Add(time.Duration(n) * time.Millisecond), isTime && isOffset
}

// startOffset wants each file to begin when its first frame was captured; after pauses or before any, as asked for.
func startOffset(limit string, pauses bool) func(*check.Case) {
	return func(c *check.Case) {
		allow := c.Limit(limit)
		listed(c, func(b *bundle, f *file) {
			first, ok := f.first()
			if !ok || b.paused(c, f) != pauses {
				return
			}
			at, told := b.offset(c, f, "startTimeOffset")
			c.Want(told && at.Sub(first).Abs() <= allow, fmt.Sprintf("%s to begin with its first frame, give or take %v", f.entry.Name, allow),
				fmt.Sprintf("startTimeOffset %s, %v after that", f.about["startTimeOffset"].Show(), at.Sub(first).Round(time.Millisecond)), b.r, f.stream.record())
		})
	}
}

// stopOffset wants each file to end between its last frame and what ended it.
func stopOffset(limit string, pauses bool) func(*check.Case) {
	return func(c *check.Case) {
		allow := c.Limit(limit)
		listed(c, func(b *bundle, f *file) {
			last, ok := f.last()
			if !ok || len(f.stream.segments) == 0 || b.paused(c, f) != pauses {
				return
			}
			from, to := last, f.stream.closed(c, b, f.stream.segmentAt(last))
			at, told := b.offset(c, f, "stopTimeOffset")
			c.Want(told && !at.Before(from.Add(-allow)) && !at.After(to.Add(allow)),
				fmt.Sprintf("%s to end between its last frame and what ended it, %v later, give or take %v", f.entry.Name, to.Sub(from).Round(time.Millisecond), allow),
				fmt.Sprintf("stopTimeOffset %s, %v after its last frame", f.about["stopTimeOffset"].Show(), at.Sub(from).Round(time.Millisecond)), b.r, f.stream.record())
		})
	}
}

// closed is when the target knew at the latest that a segment had ended.
func (s *stream) closed(c *check.Case, b *bundle, n int) time.Time {
	to := s.segments[n].To
	latest := to
	later := func(at time.Time) {
		if at.After(latest) {
			latest = at
		}
	}
	if end, ok := ended(c, b.History); ok && !to.Before(end.early) {
		later(end.late)
	}
	for _, d := range s.all() {
		if d.whole.To.Equal(to) {
			later(d.whole.Late)
		}
		for _, a := range d.by.Published.Away {
			if a.From.Equal(to) {
				later(a.To)
			}
		}
	}
	for _, k := range course.Changes(c.Facts) {
		if k.H == b.History && k.Stream == s.id && k.R.Sent().Equal(to) {
			later(k.R.Over())
		}
	}
	return latest
}

// afterPause forgives more in files that were begun after a pause.
func afterPause(c *check.Case) {
	startOffset("tolerance.offset-after-pause", true)(c)
	stopOffset("tolerance.offset-after-pause", true)(c)
}

// inStep compares when the archive's zero is by the frames of different files: by capture time, presentation time and
// startTimeOffset.
func inStep(c *check.Case) {
	allow := c.Limit("tolerance.alignment")
	for _, b := range bundles(c) {
		var low, high time.Time
		var early, late *file
		files := 0
		for _, f := range b.files {
			offset, told := f.about["startTimeOffset"].Whole()
			if _, ok := f.first(); !ok || !told || b.paused(c, f) {
				continue
			}
			files++
			for _, t := range f.tracks {
				for _, i := range t.known() {
					z, _ := t.zero(i)
					z = z.Add(-time.Duration(offset) * time.Millisecond)
					if early == nil || z.Before(low) {
						low, early = z, f
					}
					if late == nil || z.After(high) {
						high, late = z, f
					}
				}
			}
		}
		if files < 2 {
			continue
		}
		c.Want(high.Sub(low) <= allow, fmt.Sprintf("%d files within %v of each other by offset and presentation time", files, allow),
			fmt.Sprintf("%s is %v behind %s", late.entry.Name, high.Sub(low).Round(time.Millisecond), early.entry.Name), b.r)
	}
}
