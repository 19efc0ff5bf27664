package individual

import (
	"fmt"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
)

// offsetChecks are about the times in the manifest. The publishers use the harness's clock.
var offsetChecks = []check.Check{
	check.New("ARC-MAN-06", createdAt, scenarios.Captures, scenarios.Interrupted),
	check.New("ARC-MAN-11", startOffset("tolerance.offset", false), scenarios.Captures, scenarios.Kinds),
	check.New("ARC-MAN-12", stopOffset("tolerance.offset", false), scenarios.Captures, scenarios.Kinds),
	check.New("ARC-MAN-15", afterPause, scenarios.Captures, scenarios.IndividualAllLeft),
	check.New("ARC-MAN-16", inStep, scenarios.Captures, scenarios.Kinds),
}

// createdAt compares the property with the first publication, or with the start if something was published already.
func createdAt(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	for _, b := range bundle.Bundles(c) {
		s := c.Sessions[b.Start.IDs[evidence.Session]]
		if !b.Listed || s == nil || !somebodyPublished(c, b.History) {
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
		ms, ok := b.Manifest.Members["createdAt"].Whole()
		at := time.UnixMilli(ms)
		c.Want(ok && !at.Before(least) && !at.After(most), fmt.Sprintf("createdAt from %d to %d, the effective start", least.UnixMilli(), most.UnixMilli()),
			b.Manifest.Members["createdAt"].Show(), b.R, b.Start)
	}
}

// startOffset checks that each file begins when its first frame was captured. With pauses set it judges only files that
// begin after a pause, otherwise only the others.
func startOffset(limit string, pauses bool) func(*check.Case) {
	return func(c *check.Case) {
		allow := c.Limit(limit)
		listed(c, func(b *bundle.Bundle, f *bundle.File) {
			first, ok := f.First()
			if !ok || b.Paused(c, f) != pauses {
				return
			}
			at, told := b.Offset(c, f, "startTimeOffset")
			c.Want(told && at.Sub(first).Abs() <= allow, fmt.Sprintf("%s to begin with its first frame, give or take %v", f.Entry.Name, allow),
				fmt.Sprintf("startTimeOffset %s, %v after that", f.About["startTimeOffset"].Show(), at.Sub(first).Round(time.Millisecond)), b.R, f.Stream.Record())
		})
	}
}

// stopOffset checks that each file ends between its last frame and what ended it.
func stopOffset(limit string, pauses bool) func(*check.Case) {
	return func(c *check.Case) {
		allow := c.Limit(limit)
		listed(c, func(b *bundle.Bundle, f *bundle.File) {
			last, ok := f.Last()
			if !ok || len(f.Stream.Segments) == 0 || b.Paused(c, f) != pauses {
				return
			}
			from, to := last, f.Stream.Closed(c, b, f.Stream.SegmentAt(last))
			at, told := b.Offset(c, f, "stopTimeOffset")
			c.Want(told && !at.Before(from.Add(-allow)) && !at.After(to.Add(allow)),
				fmt.Sprintf("%s to end between its last frame and what ended it, %v later, give or take %v", f.Entry.Name, to.Sub(from).Round(time.Millisecond), allow),
				fmt.Sprintf("stopTimeOffset %s, %v after its last frame", f.About["stopTimeOffset"].Show(), at.Sub(from).Round(time.Millisecond)), b.R, f.Stream.Record())
		})
	}
}

// afterPause allows more for files that begin after a pause.
func afterPause(c *check.Case) {
	startOffset("tolerance.offset-after-pause", true)(c)
	stopOffset("tolerance.offset-after-pause", true)(c)
}

// inStep compares the archive's time zero as the frames of different files show it, by capture time, presentation time
// and startTimeOffset.
func inStep(c *check.Case) {
	allow := c.Limit("tolerance.alignment")
	for _, b := range bundle.Bundles(c) {
		var low, high time.Time
		var early, late *bundle.File
		files := 0
		for _, f := range b.Files {
			offset, told := f.About["startTimeOffset"].Whole()
			if _, ok := f.First(); !ok || !told || b.Paused(c, f) {
				continue
			}
			files++
			for _, t := range f.Tracks {
				for _, i := range t.Known() {
					z, _ := t.Zero(i)
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
			fmt.Sprintf("%s is %v behind %s", late.Entry.Name, high.Sub(low).Round(time.Millisecond), early.Entry.Name), b.R)
	}
}
