package individual

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media/matroska"
)

// streamChecks are about which files there are, and which part of a stream each of them holds.
var streamChecks = []check.Check{
	check.New("ARC-IND-04", eachRecorded, scenarios.Captures, scenarios.Chosen, scenarios.Kinds),
	check.New("ARC-IND-06", segmented((*bundle.Stream).WasAway), scenarios.Interrupted),
	check.New("ARC-IND-24", streamsOfOneKind, scenarios.Kinds),
	check.New("ARC-IND-25", archivesOfOneKind, scenarios.Kinds),
	check.New("ARC-IND-29", segmented((*bundle.Stream).WasChosenAgain), scenarios.Chosen),
	check.New("ARC-IND-31", recodedApart, scenarios.Interrupted),
	check.New("ARC-IND-30", undivided((*bundle.Stream).WasMuted), scenarios.Captures),
	check.New("ARC-IND-32", undivided((*bundle.Stream).WasChosenInPart), scenarios.Chosen),
}

// recorded checks that a track is in the archive for the whole time that it must be. A recorder joins a stream that a call chooses as it joins a
// session (ARC-START-04).
func recorded(c *check.Case, b *bundle.Bundle, s *bundle.Stream, kind string) {
	for _, d := range s.Due[kind] {
		for _, span := range d.Spans {
			late := time.Duration(0)
			if s.ChosenAt(c, b, span.From) {
				late = c.Limit("tolerance.recording-begin")
			}
			covers(b, c, s, d, span, late)
		}
	}
}

// covers checks that a track is in the archive for a stretch, which may begin late.
func covers(b *bundle.Bundle, c *check.Case, s *bundle.Stream, d *bundle.Due, span facts.Span, late time.Duration) {
	end := c.Limit("tolerance.individual-end")
	p := d.By.Published
	if span.From.Equal(d.Whole.From) { // the first unit was captured before it left
		span.From = p.Captured(0)
	}
	sent := bundle.SentWithin(p, span)
	if len(sent) == 0 {
		return
	}
	from, to := p.Captured(sent[0]), p.Captured(sent[len(sent)-1])
	begin := d.Begins(c, sent[0])
	if to.Sub(from) < begin+end {
		return
	}
	var first, last time.Time
	for n := range b.Found(s, d) {
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
	there := !first.IsZero() && first.Sub(from) <= begin+late && to.Sub(last) <= end
	if c.Excused(there, end, content.Due{Published: *p}) {
		return
	}
	actual := "nothing of it"
	if !first.IsZero() {
		actual = fmt.Sprintf("from %.2f to %.2f s", first.Sub(from).Seconds(), last.Sub(from).Seconds())
	}
	c.Want(there, fmt.Sprintf("%s of %s for %.2f s", p.Kind, s.Client, to.Sub(from).Seconds()), actual, b.R, d.By)
}

func eachRecorded(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		for _, s := range b.Streams {
			if len(s.Switches()) > 0 {
				continue // judged by ARC-IND-31
			}
			for _, kind := range []string{matroska.Video, matroska.Audio} {
				recorded(c, b, s, kind)
			}
		}
		for _, f := range b.Files {
			c.Want(f.Stream != nil, "files of published streams alone", f.Entry.Name, b.R)
			if t := f.Track(matroska.Video); t != nil {
				c.Want(t.Frames[0].Intra, "video that begins with a key frame, before which nobody can decode it", f.Entry.Name+" begins with another", b.R)
			}
		}
	}
}

// segmented checks that streams that were interrupted in some way have one file for each segment.
func segmented(which func(*bundle.Stream, *check.Case, *bundle.Bundle) bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundle.Bundles(c) {
			for _, s := range b.Streams {
				if !which(s, c, b) {
					continue
				}
				contents, shown := b.Contents(c, s)
				seen := map[int]bool{}
				ok := len(contents) == len(s.Segments)
				for _, in := range contents {
					ok = ok && len(in) == 1 && !seen[in[0]]
					if len(in) > 0 {
						seen[in[0]] = true
					}
				}
				c.Want(ok, fmt.Sprintf("a file for each of %d segments of %s", len(s.Segments), s.Client), shown, b.R, s.Record())
			}
		}
	}
}

// undivided judges streams to which something happened within a segment. The segment must have one file.
func undivided(which func(*bundle.Stream, *check.Case, *bundle.Bundle) bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundle.Bundles(c) {
			for _, s := range b.Streams {
				if !which(s, c, b) {
					continue
				}
				contents, shown := b.Contents(c, s)
				count := map[int]int{}
				for _, in := range contents {
					for _, n := range in {
						count[n]++
					}
				}
				once := true
				for n := range s.Segments {
					once = once && count[n+1] <= 1
				}
				c.Want(once, fmt.Sprintf("one file for each of %d segments of %s, whatever is muted or chosen", len(s.Segments), s.Client), shown, b.R, s.Record())
			}
		}
	}
}

// streamsOfOneKind checks that a stream that never had pictures, or never sound, has a file of what it had.
func streamsOfOneKind(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		for _, s := range b.Streams {
			if len(s.Due) != 1 || !s.Has() {
				continue
			}
			for kind := range facts.InOrder(s.Due) { // there is only one
				recorded(c, b, s, kind)
				only(c, b, s, kind)
			}
		}
	}
}

// only checks that the files of a stream hold no frames but those of a kind.
func only(c *check.Case, b *bundle.Bundle, s *bundle.Stream, kind string) {
	for _, f := range b.Of(s) {
		other := slices.ContainsFunc(f.Tracks, func(t *bundle.Track) bool { return t.Type != kind && len(t.Frames) > 0 })
		c.Want(!other, fmt.Sprintf("%s alone in the file of %s", kind, s.Client), f.Contents(), b.R, s.Record())
	}
}

func archivesOfOneKind(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		kind := matroska.Audio
		switch {
		case b.Request.Asks(matroska.Audio) && b.Request.Asks(matroska.Video):
			continue
		case b.Request.Asks(matroska.Video):
			kind = matroska.Video
		}
		for _, s := range b.Streams {
			recorded(c, b, s, kind)
			only(c, b, s, kind)
		}
	}
}

// recodedApart checks that a stream that changes its codec goes on in a new file, and that nothing of it is missing.
func recodedApart(c *check.Case) {
	segmented(func(s *bundle.Stream, _ *check.Case, _ *bundle.Bundle) bool { return len(s.Switches()) > 0 })(c)
	for _, b := range bundle.Bundles(c) {
		for _, s := range b.Streams {
			if len(s.Switches()) > 0 {
				recorded(c, b, s, matroska.Video)
				recorded(c, b, s, matroska.Audio)
			}
		}
	}
}
