package bundle

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media/matroska"
)

// Found returns how often the files hold each published unit.
func (b *Bundle) Found(s *Stream, d *Due) map[int64]int {
	out := map[int64]int{}
	for _, f := range b.Of(s) {
		for _, t := range f.Tracks {
			for i, from := range t.From {
				if from == d {
					out[t.units[i]]++
				}
			}
		}
	}
	return out
}

// Lacks reports whether the files of a stream hold nothing of a type from a stretch in which they must hold some.
func (b *Bundle) Lacks(c *check.Case, s *Stream, kind string, during facts.Span) bool {
	due := false
	for _, d := range s.Due[kind] {
		for _, span := range d.Spans {
			cut, ok := span.Cut(during.From, during.To)
			due = due || ok && d.lasts(c, cut)
		}
		for n := range b.Found(s, d) {
			if during.Covers(d.By.Published.Captured(n)) {
				return false
			}
		}
	}
	return due
}

// Contents returns the numbers of the segments, counted from 1, of which each file of a stream holds frames.
func (b *Bundle) Contents(c *check.Case, s *Stream) (out [][]int, shown string) {
	var text []string
	near := c.Limit("tolerance.segment-border") // there a frame may be in either file
	for _, f := range b.Of(s) {
		var in []int
		for _, t := range f.Tracks {
			for _, i := range t.Known() {
				if n := s.SegmentAt(t.Captured(i)) + 1; !slices.Contains(in, n) && !s.between(t.Captured(i), near) {
					in = append(in, n)
				}
			}
		}
		slices.Sort(in)
		out = append(out, in)
		text = append(text, fmt.Sprintf("%s with %v", f.Entry.Name, in))
	}
	return out, strings.Join(text, ", ")
}

// Contents returns a text that says which tracks a file has.
func (f *File) Contents() string {
	var out []string
	for _, t := range f.Tracks {
		out = append(out, fmt.Sprintf("%d frames of %s", len(t.Frames), t.Codec))
	}
	return f.Entry.Name + " with " + strings.Join(out, ", ")
}

// Paused reports whether the file begins after a time in which nobody published.
func (b *Bundle) Paused(c *check.Case, f *File) bool {
	first, ok := f.First()
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

// Offset returns the real moment of a time that the manifest states for a file. An advance of the clock leaves no time
// in media, and none between createdAt and offsets; see decision 0005.
func (b *Bundle) Offset(c *check.Case, f *File, key string) (at time.Time, ok bool) {
	created, isTime := b.Manifest.Members["createdAt"].Whole()
	n, isOffset := f.About[key].Whole()
	return c.Real(b.App(), time.UnixMilli(created)).Add(time.Duration(n) * time.Millisecond), isTime && isOffset
}

// Beside returns a composed archive of chosen streams that recorded the same session at the same time.
func (b *Bundle) Beside(c *check.Case) *facts.History {
	for _, h := range c.StartedArchives() {
		same := h.Start.IDs[evidence.Session] == b.Start.IDs[evidence.Session]
		if same && !h.IsIndividual() && h.IsManual() && !h.EndedBefore(b.Start) && !b.EndedBefore(h.Start) {
			return h
		}
	}
	return nil
}

// AtOnce returns the largest number of streams that must be recorded at the same time, and the first stretch in which
// they must.
func (b *Bundle) AtOnce(kind string) (most int, during facts.Span) {
	var recorded [][]facts.Span // by stream
	for _, s := range b.Streams {
		if spans := s.spans(kind); len(spans) > 0 {
			recorded = append(recorded, spans)
		}
	}
	for _, spans := range recorded {
		n, at := 0, facts.Span{From: spans[0].From, To: spans[0].To}
		for _, other := range recorded {
			i := slices.IndexFunc(other, func(s facts.Span) bool { return s.Covers(at.From) })
			if i < 0 {
				continue
			}
			n++
			if other[i].To.Before(at.To) {
				at.To = other[i].To
			}
		}
		if n > most || n == most && at.From.Before(during.From) {
			most, during = n, at
		}
	}
	return most, during
}

// Waits reports whether a track was published in the archive and had no place in it.
func (b *Bundle) Waits(c *check.Case, s *Stream, kind string) bool {
	end, ok := Ended(c, b.History)
	if !ok || b.IsManual() || !b.Request.Asks(kind) || s.Holds(kind) {
		return false
	}
	return slices.ContainsFunc(s.Due[kind], func(d *Due) bool {
		_, there := d.Whole.Cut(b.Start.Over(), end.early)
		return there
	})
}

// Early returns the number of frames that were captured while there was no place for them.
func (b *Bundle) Early(c *check.Case, s *Stream, kind string) int {
	n := 0
	for _, d := range s.Due[kind] {
		for unit := range b.Found(s, d) {
			if d.free.IsZero() || d.By.Published.Captured(unit).Before(d.free.Add(-c.Limit("tolerance.removal"))) {
				n++
			}
		}
	}
	return n
}

// Strays returns the clients of other streams that sent frames of the file which its own stream did not send. It ignores
// clients with the same fixture as that stream, since their frames look the same.
func (b *Bundle) Strays(c *check.Case, f *File) []string {
	var out []string
	for _, s := range b.Streams {
		if s != f.Stream && slices.ContainsFunc(f.Tracks, func(t *Track) bool { return t.holdsOf(c, s) }) {
			out = append(out, s.Client)
		}
	}
	return out
}

// Index returns the number after the stream id in the name of a file. ok is false when the name has another form.
func (f *File) Index() (n int, numbered, ok bool) {
	rest, found := strings.CutPrefix(strings.TrimSuffix(f.Entry.Name, f.Entry.Ext()), f.id)
	m := regexp.MustCompile(`^[^0-9A-Za-z]?([0-9]*)$`).FindStringSubmatch(rest)
	if !found || f.id == "" || m == nil {
		return 0, false, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil, true
}

// Flaws returns what keeps a file from being valid Matroska.
func (f *File) Flaws() []string {
	var out []string
	for _, found := range f.Entry.Media.Findings {
		if found.Kind != matroska.Limit && found.Kind != matroska.Unsupported {
			out = append(out, found.String())
		}
	}
	return out
}
