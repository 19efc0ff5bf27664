package individual

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media/matroska"
)

// streamChecks are about which files there are, and which part of a stream each of them holds.
var streamChecks = []check.Check{
	check.New("ARC-IND-04", eachRecorded, scenarios.Captures, scenarios.Chosen, scenarios.Kinds),
	check.New("ARC-IND-06", segmented((*stream).wasAway), scenarios.Interrupted),
	check.New("ARC-IND-24", streamsOfOneKind, scenarios.Kinds),
	check.New("ARC-IND-25", archivesOfOneKind, scenarios.Kinds),
	check.New("ARC-IND-29", segmented((*stream).wasChosenAgain), scenarios.Chosen),
	check.New("ARC-IND-31", recodedApart, scenarios.Interrupted),
	check.New("ARC-IND-30", undivided, scenarios.Captures, scenarios.Chosen),
}

// record is the evidence of the stream.
func (s *stream) record() evidence.Record {
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		for _, d := range s.due[kind] {
			return d.by
		}
	}
	return evidence.Record{}
}

// long tells whether the stream is in the archive for so long that it has to be in a file.
func (s *stream) long(c *check.Case) bool {
	for _, d := range s.all() {
		for _, span := range d.spans {
			if sent := sentWithin(d.by.Published, span); len(sent) > 0 && span.To.Sub(d.by.Published.Captured(sent[0])) > d.begins(c, sent[0])+c.Limit("tolerance.individual-end") {
				return true
			}
		}
	}
	return false
}

// found are the units of what was published that the files hold, with how often.
func (b *bundle) found(s *stream, d *due) map[int64]int {
	out := map[int64]int{}
	for _, f := range b.of(s) {
		for _, t := range f.tracks {
			for i, from := range t.from {
				if from == d {
					out[t.units[i]]++
				}
			}
		}
	}
	return out
}

// frames counts those of a type in the files of a stream.
func (b *bundle) frames(s *stream, kind string) int {
	n := 0
	for _, f := range b.of(s) {
		for _, t := range f.tracks {
			if t.Type == kind {
				n += len(t.Frames)
			}
		}
	}
	return n
}

// recorded judges whether a track is in the archive from when it had to be until then.
func recorded(c *check.Case, b *bundle, s *stream, kind string) {
	for _, d := range s.due[kind] {
		for _, span := range d.spans {
			b.covers(c, s, d, span)
		}
	}
}

// begins is how long after a unit, the first of a stretch, the first one may be that is in the archive. Sound is there at once.
// So are pictures that begin with the stretch, for the first one is a key frame; else the next key frame has to come.
func (d *due) begins(c *check.Case, unit int64) time.Duration {
	edge := c.Limit("tolerance.individual-edge")
	if d.by.Published.Kind == matroska.Video && d.by.Published.Sent(unit-1) {
		return edge + c.Limit("tolerance.individual-key-frame")
	}
	return edge
}

func (b *bundle) covers(c *check.Case, s *stream, d *due, span facts.Span) {
	end := c.Limit("tolerance.individual-end")
	p := d.by.Published
	if span.From.Equal(d.whole.From) { // the first unit was captured before it left
		span.From = p.Captured(0)
	}
	sent := sentWithin(p, span)
	if len(sent) == 0 {
		return
	}
	from, to := p.Captured(sent[0]), p.Captured(sent[len(sent)-1])
	begin := d.begins(c, sent[0])
	if to.Sub(from) < begin+end {
		return
	}
	var first, last time.Time
	for n := range b.found(s, d) {
		at := p.Captured(n)
		if !span.Covers(at) {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	there := !first.IsZero() && first.Sub(from) <= begin && to.Sub(last) <= end
	if c.Excused(there, end, content.Take{Published: *p}) {
		return
	}
	actual := "nothing of it"
	if !first.IsZero() {
		actual = fmt.Sprintf("from %.2f to %.2f s", first.Sub(from).Seconds(), last.Sub(from).Seconds())
	}
	c.Want(there, fmt.Sprintf("%s of %s for %.2f s", p.Kind, s.client, to.Sub(from).Seconds()), actual, b.r, d.by)
}

func eachRecorded(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			if len(s.switches()) > 0 {
				continue // ARC-IND-31
			}
			for _, kind := range []string{matroska.Video, matroska.Audio} {
				recorded(c, b, s, kind)
			}
		}
		for _, f := range b.files {
			c.Want(f.stream != nil, "files of published streams alone", f.entry.Name, b.r)
		}
	}
}

// wasAway tells whether the stream was interrupted in the archive.
func (s *stream) wasAway(*check.Case, *bundle) bool {
	for i := range s.segments {
		if i > 0 && s.interrupted(s.segments[i-1].To, s.segments[i].From) {
			return true
		}
	}
	return false
}

// wasChosenAgain tells whether it was removed from the archive and added again.
func (s *stream) wasChosenAgain(c *check.Case, b *bundle) bool {
	for i := range s.segments {
		if i > 0 && s.removed(c, b.History, s.segments[i-1].To, s.segments[i].From) {
			return true
		}
	}
	return false
}

// segment is the number of the segment that was recorded at t, or the nearest one.
func (s *stream) segmentAt(t time.Time) int {
	best, away := 0, time.Duration(-1)
	for i, span := range s.segments {
		d := time.Duration(0)
		if t.Before(span.From) {
			d = span.From.Sub(t)
		} else if t.After(span.To) {
			d = t.Sub(span.To)
		}
		if away < 0 || d < away {
			best, away = i, d
		}
	}
	return best
}

// seam is how far from where one segment goes over into the next a frame may be in either.
const seam = 200 * time.Millisecond

// between tells whether a moment is that near to where two segments meet.
func (s *stream) between(at time.Time) bool {
	for i, span := range s.segments[min(1, len(s.segments)):] {
		if span.From.Equal(s.segments[i].To) && at.Sub(span.From).Abs() < seam {
			return true
		}
	}
	return false
}

// contents are the segments that each file of a stream holds frames of, as numbers from 1.
func (b *bundle) contents(s *stream) (out [][]int, shown string) {
	var text []string
	for _, f := range b.of(s) {
		var in []int
		for _, t := range f.tracks {
			for _, i := range t.known() {
				if n := s.segmentAt(t.captured(i)) + 1; !slices.Contains(in, n) && !s.between(t.captured(i)) {
					in = append(in, n)
				}
			}
		}
		slices.Sort(in)
		out = append(out, in)
		text = append(text, fmt.Sprintf("%s with %v", f.entry.Name, in))
	}
	return out, strings.Join(text, ", ")
}

// segmented wants one file for each segment of the streams that were interrupted in some way.
func segmented(which func(*stream, *check.Case, *bundle) bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundles(c) {
			for _, s := range b.streams {
				if !which(s, c, b) {
					continue
				}
				contents, shown := b.contents(s)
				seen := map[int]bool{}
				ok := len(contents) == len(s.segments)
				for _, in := range contents {
					ok = ok && len(in) == 1 && !seen[in[0]]
					if len(in) > 0 {
						seen[in[0]] = true
					}
				}
				c.Want(ok, fmt.Sprintf("a file for each of %d segments of %s", len(s.segments), s.client), shown, b.r, s.record())
			}
		}
	}
}

// undivided looks at streams that were muted, or of which another part was chosen, within a segment: it has one file.
func undivided(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			if !s.changed(c, b) {
				continue
			}
			contents, shown := b.contents(s)
			count := map[int]int{}
			for _, in := range contents {
				for _, n := range in {
					count[n]++
				}
			}
			once := true
			for n := range s.segments {
				once = once && count[n+1] <= 1
			}
			c.Want(once, fmt.Sprintf("one file for each of %d segments of %s, whatever is muted or chosen", len(s.segments), s.client), shown, b.r, s.record())
		}
	}
}

// changed tells whether within a segment something of the stream stopped or began to be recorded.
func (s *stream) changed(c *check.Case, b *bundle) bool {
	within := func(at time.Time) bool {
		return slices.ContainsFunc(s.segments, func(span facts.Span) bool { return span.From.Before(at) && at.Before(span.To) })
	}
	for _, d := range s.all() {
		for _, m := range d.by.Published.Muted {
			if within(m.From) && within(m.To) && len(d.by.Published.Away) == 0 {
				return true
			}
		}
	}
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		return k.Done() && k.H == b.History && k.Stream == s.id && k.Added && !k.Fresh && within(k.R.Sent())
	})
}

// streamsOfOneKind: a stream that was never seen, or never heard, has a file of what it is.
func streamsOfOneKind(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			if len(s.due) != 1 || !s.has() {
				continue
			}
			for kind := range s.due { // the only one
				recorded(c, b, s, kind)
				only(c, b, s, kind)
			}
		}
	}
}

// only wants nothing but frames of a kind in the files of a stream.
func only(c *check.Case, b *bundle, s *stream, kind string) {
	for _, f := range b.of(s) {
		other := slices.ContainsFunc(f.tracks, func(t *track) bool { return t.Type != kind && len(t.Frames) > 0 })
		c.Want(!other, fmt.Sprintf("%s alone in the file of %s", kind, s.client), f.contents(), b.r, s.record())
	}
}

// contents says what tracks a file has.
func (f *file) contents() string {
	var out []string
	for _, t := range f.tracks {
		out = append(out, fmt.Sprintf("%d frames of %s", len(t.Frames), t.Codec))
	}
	return f.entry.Name + " with " + strings.Join(out, ", ")
}

func archivesOfOneKind(c *check.Case) {
	for _, b := range bundles(c) {
		kind := matroska.Audio
		switch {
		case asked(b.History, matroska.Audio) && asked(b.History, matroska.Video):
			continue
		case asked(b.History, matroska.Video):
			kind = matroska.Video
		}
		for _, s := range b.streams {
			recorded(c, b, s, kind)
			only(c, b, s, kind)
		}
	}
}

// recodedApart: what goes on in another codec is in another file, and all of it is there.
func recodedApart(c *check.Case) {
	segmented(func(s *stream, _ *check.Case, _ *bundle) bool { return len(s.switches()) > 0 })(c)
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			if len(s.switches()) > 0 {
				recorded(c, b, s, matroska.Video)
				recorded(c, b, s, matroska.Audio)
			}
		}
	}
}
