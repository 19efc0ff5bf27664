package individual

import (
	"fmt"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/scenario/name"
)

// limitChecks are about more streams than an archive holds.
var limitChecks = []check.Check{
	check.New("ARC-IND-03", check.In(name.Crowd), asManyAs(matroska.Video, "individual.video-streams.max")),
	check.New("ARC-IND-26", check.In(name.Crowd), asManyAs(matroska.Audio, "audio-streams.max")),
	check.New("ARC-IND-27", check.In(name.Crowd), beyondLimits),
}

// asManyAs looks at archives in which as many streams at once are to be recorded as there may be.
func asManyAs(kind, limit string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundles(c) {
			if most := b.atOnce(kind); int64(most) < c.Number(limit) {
				continue
			}
			var missing []string
			var at []evidence.Record
			for _, s := range b.streams {
				if !s.holds(kind) {
					continue
				}
				if len(b.found(s, kind)) == 0 && s.long(c) {
					missing = append(missing, s.client)
					at = append(at, s.due[kind].by)
				}
			}
			c.Want(len(missing) == 0, fmt.Sprintf("%s of %d streams at once", kind, c.Number(limit)), "nothing of "+strings.Join(missing, ", "), append(at, b.r)...)
		}
	}
}

// atOnce is how many streams are to be recorded at the same time, at most.
func (b *bundle) atOnce(kind string) int {
	most := 0
	for _, s := range b.streams {
		if !s.holds(kind) {
			continue
		}
		n := 0
		for _, o := range b.streams {
			if o.holds(kind) && check.AnyDuring(o.due[kind].spans, s.due[kind].spans[0].From, s.due[kind].spans[0].From.Add(1)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// beyondLimits: what has no place is not recorded until one becomes free; all others, and what is within the other limit, are.
func beyondLimits(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			for _, kind := range []string{matroska.Video, matroska.Audio} {
				if d := s.due[kind]; d == nil || !asked(b.History, kind) || len(d.spans) > 0 || !b.waits(c, s, kind) {
					continue
				}
				n := b.early(s, kind)
				c.Want(n == 0, fmt.Sprintf("no %s of %s while %d others have it", kind, s.client, b.atOnce(kind)), fmt.Sprintf("%d frames", n), b.r, s.due[kind].by)
				for _, o := range b.streams {
					for _, k := range []string{matroska.Video, matroska.Audio} {
						if o.holds(k) {
							recorded(c, b, o, k)
						}
					}
				}
			}
		}
	}
}

// waits tells whether a stream was published in the archive and had no place in it.
func (b *bundle) waits(c *check.Case, s *stream, kind string) bool {
	end, ok := ended(c, b.History)
	if !ok || b.Request.Text("streamMode") == "manual" {
		return false
	}
	_, there := s.due[kind].whole.Cut(check.Over(b.Start), end.early)
	return there
}

// early counts frames that were captured while there was no place for them.
func (b *bundle) early(s *stream, kind string) int {
	d, n := s.due[kind], 0
	for unit := range b.found(s, kind) {
		at := d.by.Published.Captured(unit)
		free := false
		for _, span := range d.free {
			free = free || !at.Before(span.From)
		}
		if !free {
			n++
		}
	}
	return n
}
