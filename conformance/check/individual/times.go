package individual

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
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

// timed goes through the tracks with frames that were sent.
func timed(c *check.Case, each func(b *bundle, f *file, t *track, known []int)) {
	tracks(c, func(b *bundle, f *file, t *track) {
		if known := t.known(); len(known) > 0 {
			each(b, f, t, known)
		}
	})
}

// farthest is how far the zeros that frames tell are from one, at most, and which frame tells that.
func (t *track) farthest(known []int, zero time.Time) (off time.Duration, frame int) {
	for _, i := range known {
		if z, _ := t.zero(i); z.Sub(zero).Abs() > off.Abs() {
			off, frame = z.Sub(zero), i
		}
	}
	return off, frame
}

// captureTimes: presentation times are capture times less that of the first frame of the file, or of the track.
func captureTimes(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle, f *file, t *track, known []int) {
		first, _ := f.first()
		own := t.captured(known[0])
		off, frame := t.farthest(known, first)
		if other, i := t.farthest(known, own); other.Abs() < off.Abs() {
			off, frame = other, i
		}
		c.Want(off.Abs() <= allow, fmt.Sprintf("%s of %s at capture times less that of the first frame, give or take %v", t.Type, f.stream.client, allow),
			fmt.Sprintf("frame %d is %v off", frame, -off), b.r, t.from[known[0]].by)
	})
}

// gap is a stretch of units that were not sent in the midst of those of a track of a file, between two of its frames.
type gap struct {
	evidence.Units
	before, after int // frames
}

func (t *track) gaps(known []int) []gap {
	var out []gap
	for _, d := range t.sources(known) {
		for _, u := range d.by.Published.Unsent {
			g := gap{u, none, none}
			for _, i := range known {
				switch {
				case t.from[i] != d:
				case t.units[i] < u.From:
					g.before = i
				case t.units[i] >= u.To && g.after == none:
					g.after = i
				}
			}
			if g.before != none && g.after != none {
				out = append(out, g)
			}
		}
	}
	return out
}

// sources are what the frames of a track are of.
func (t *track) sources(known []int) []*due {
	var out []*due
	for _, i := range known {
		if !slices.Contains(out, t.from[i]) {
			out = append(out, t.from[i])
		}
	}
	return out
}

// constantOffset looks at tracks that were muted for a while.
func constantOffset(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle, f *file, t *track, known []int) {
		if len(t.gaps(known)) == 0 {
			return
		}
		zero, _ := t.zero(known[0])
		off, frame := t.farthest(known, zero)
		c.Want(off.Abs() <= allow, fmt.Sprintf("the offset of %s of %s to stay within %v through mutes", t.Type, f.stream.client, allow),
			fmt.Sprintf("%v at frame %d", off, frame), b.r, t.from[known[0]].by)
	})
}

// mutesAreGaps: nothing stands where nothing was sent, and the gap is as long.
func mutesAreGaps(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle, f *file, t *track, known []int) {
		for _, g := range t.gaps(known) {
			want := t.captured(g.after).Sub(t.captured(g.before))
			got := t.Presented(g.after) - t.Presented(g.before)
			c.Want(g.after == g.before+1 && (got-want).Abs() <= allow, fmt.Sprintf("%s of %s to leave a gap of %v, with nothing in it", t.Type, f.stream.client, want),
				fmt.Sprintf("a gap of %v with %d frames in it", got, g.after-g.before-1), b.r, t.from[known[0]].by)
		}
	})
}

// oneZero compares the zeros of the two tracks of a file.
func oneZero(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	for _, b := range bundles(c) {
		for _, f := range b.files {
			video, audio := f.track(matroska.Video), f.track(matroska.Audio)
			if video == nil || audio == nil || len(video.known()) == 0 || len(audio.known()) == 0 {
				continue
			}
			v, _ := video.zero(video.known()[0])
			a, _ := audio.zero(audio.known()[0])
			c.Want(v.Sub(a).Abs() <= allow, fmt.Sprintf("picture and sound of %s to count from one instant, give or take %v", f.stream.client, allow),
				fmt.Sprintf("zero of the pictures %v after that of the sound", v.Sub(a)), b.r, f.stream.record())
		}
	}
}

// beforeReport looks at tracks that were in the archive before it could know when their frames were captured.
func beforeReport(c *check.Case) {
	allow := c.Limit("tolerance.capture-time")
	timed(c, func(b *bundle, f *file, t *track, known []int) {
		p := t.from[known[0]].by.Published
		if len(f.stream.segments) == 0 || p.Reported.IsZero() {
			return
		}
		// Frames in the middle tell the segment: the first one may be from just before the segment's first picture left.
		from := f.stream.segments[f.stream.segmentAt(t.captured(known[len(known)/2]))].From
		if p.First.After(from) {
			from = p.First
		}
		if p.Reported.Sub(from) < time.Second {
			return
		}
		last := known[len(known)-1]
		zero, _ := t.zero(last)
		var before []int
		for _, i := range known {
			if t.captured(i).Add(p.Lag).Before(p.Reported) {
				before = append(before, i)
			}
		}
		off, frame := t.farthest(before, zero)
		c.Want(len(before) > 0 && t.captured(last).After(p.Reported) && off.Abs() <= allow,
			fmt.Sprintf("%s of %s from before the first sender report on the time line of the rest", t.Type, f.stream.client),
			fmt.Sprintf("%d frames from before it, frame %d is %v off", len(before), frame, -off), b.r, t.from[known[0]].by)
	})
}
