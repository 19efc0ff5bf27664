package individual

import (
	"fmt"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/matroska"
)

// timeChecks are about the presentation times of frames.
var timeChecks = []check.Check{
	check.New("ARC-IND-16", captureTimes, scenarios.Captures, scenarios.Interrupted),
	check.New("ARC-IND-17", constantOffset, scenarios.Captures),
	check.New("ARC-IND-18", mutesAreGaps, scenarios.Captures),
	check.New("ARC-IND-22", oneZero, scenarios.Captures),
	check.New("ARC-IND-23", beforeReport, scenarios.Captures),
}

// timed calls each with the tracks with frames that were sent.
func timed(c *check.Case, each func(b *bundle.Bundle, f *bundle.File, t *bundle.Track, known []int)) {
	tracks(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track) {
		if known := t.Known(); len(known) > 0 {
			each(b, f, t, known)
		}
	})
}

// captureTimes checks that a presentation time is the capture time minus that of the first frame of the file, or of the
// track.
func captureTimes(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track, known []int) {
		first, _ := f.First()
		own := t.Captured(known[0])
		off, frame := t.Farthest(known, first)
		if other, i := t.Farthest(known, own); other.Abs() < off.Abs() {
			off, frame = other, i
		}
		c.Want(off.Abs() <= allow, fmt.Sprintf("%s of %s at capture times less that of the first frame, give or take %v", t.Type, f.Stream.Client, allow),
			fmt.Sprintf("frame %d is %v off", frame, -off), b.R, t.From[known[0]].By)
	})
}

// constantOffset judges tracks that were muted for a while.
func constantOffset(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track, known []int) {
		if len(t.Gaps(known)) == 0 {
			return
		}
		zero, _ := t.Zero(known[0])
		off, frame := t.Farthest(known, zero)
		c.Want(off.Abs() <= allow, fmt.Sprintf("the offset of %s of %s to stay within %v through mutes", t.Type, f.Stream.Client, allow),
			fmt.Sprintf("%v at frame %d", off, frame), b.R, t.From[known[0]].By)
	})
}

// mutesAreGaps checks that a track has a gap where nothing was sent, as long as the mute.
func mutesAreGaps(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track, known []int) {
		for _, g := range t.Gaps(known) {
			want := t.Captured(g.After).Sub(t.Captured(g.Before))
			got := t.Presented(g.After) - t.Presented(g.Before)
			c.Want(g.After == g.Before+1 && (got-want).Abs() <= allow, fmt.Sprintf("%s of %s to leave a gap of %v, with nothing in it", t.Type, f.Stream.Client, want),
				fmt.Sprintf("a gap of %v with %d frames in it", got, g.After-g.Before-1), b.R, t.From[known[0]].By)
		}
	})
}

// oneZero compares the zeros of the two tracks of a file.
func oneZero(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	for _, b := range bundle.Bundles(c) {
		for _, f := range b.Files {
			video, audio := f.Track(matroska.Video), f.Track(matroska.Audio)
			if video == nil || audio == nil || len(video.Known()) == 0 || len(audio.Known()) == 0 {
				continue
			}
			v, a := zero(video), zero(audio)
			c.Want(v.Sub(a).Abs() <= allow, fmt.Sprintf("picture and sound of %s to count from one instant, give or take %v", f.Stream.Client, allow),
				fmt.Sprintf("zero of the pictures %v after that of the sound", v.Sub(a).Round(time.Millisecond)), b.R, f.Stream.Record())
		}
	}
}

// zero returns the instant from which a track counts, as its last frame shows it. Where the first ones count from another, ARC-IND-16, ARC-IND-17
// and ARC-IND-23 say so.
func zero(t *bundle.Track) time.Time {
	known := t.Known()
	at, _ := t.Zero(known[len(known)-1])
	return at
}

// beforeReport judges tracks that were in the archive before it could know their capture times.
func beforeReport(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track, known []int) {
		p := t.From[known[0]].By.Published
		if len(f.Stream.Segments) == 0 || p.Reported.IsZero() {
			return
		}
		// A frame in the middle shows the segment, because the first one may be from just before the segment's first
		// picture.
		from := f.Stream.Segments[f.Stream.SegmentAt(t.Captured(known[len(known)/2]))].From
		if p.First.After(from) {
			from = p.First
		}
		if p.Reported.Sub(from) < c.Limit("tolerance.short") {
			return
		}
		last := known[len(known)-1]
		zero, _ := t.Zero(last)
		var before []int
		for _, i := range known {
			if t.Captured(i).Add(p.Lag).Before(p.Reported) {
				before = append(before, i)
			}
		}
		off, frame := t.Farthest(before, zero)
		c.Want(len(before) > 0 && t.Captured(last).After(p.Reported) && off.Abs() <= allow,
			fmt.Sprintf("%s of %s from before the first sender report on the time line of the rest", t.Type, f.Stream.Client),
			fmt.Sprintf("%d frames from before it, frame %d is %v off", len(before), frame, -off), b.R, t.From[known[0]].By)
	})
}
