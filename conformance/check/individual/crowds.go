package individual

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media/matroska"
)

// limitChecks are about more streams than an archive holds.
var limitChecks = []check.Check{
	check.New("ARC-IND-03", asManyAs(matroska.Video, "individual.video-streams.max"), scenarios.Crowd),
	check.New("ARC-IND-26", asManyAs(matroska.Audio, "audio-streams.max"), scenarios.Crowd),
	check.New("ARC-IND-27", beyondLimits, scenarios.Crowd),
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
				if b.frames(s, kind) == 0 && s.long(c) {
					missing = append(missing, s.client)
					at = append(at, s.record())
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
			if from := s.spans(kind)[0].From; facts.AnyDuring(o.spans(kind), from, from.Add(1)) {
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
		crowded := false
		for _, s := range b.streams {
			for _, kind := range []string{matroska.Video, matroska.Audio} {
				if !b.waits(c, s, kind) {
					continue
				}
				n := b.early(c, s, kind)
				c.Want(n == 0, fmt.Sprintf("no %s of %s while %d others have it", kind, s.client, b.atOnce(kind)), fmt.Sprintf("%d frames", n), b.r, s.record())
				crowded = true
			}
		}
		if !crowded {
			continue
		}
		for _, s := range b.streams {
			recorded(c, b, s, matroska.Video)
			recorded(c, b, s, matroska.Audio)
		}
	}
}

// waits tells whether a track was published in the archive and had no place in it.
func (b *bundle) waits(c *check.Case, s *stream, kind string) bool {
	end, ok := ended(c, b.History)
	if !ok || b.Request.Text("streamMode") == "manual" || !asked(b.History, kind) || s.holds(kind) {
		return false
	}
	return slices.ContainsFunc(s.due[kind], func(d *due) bool {
		_, there := d.whole.Cut(b.Start.Over(), end.early)
		return there
	})
}

// early counts frames that were captured while there was no place for them.
func (b *bundle) early(c *check.Case, s *stream, kind string) int {
	n := 0
	for _, d := range s.due[kind] {
		for unit := range b.found(s, d) {
			if d.free.IsZero() || d.by.Published.Captured(unit).Before(d.free.Add(-c.Limit("tolerance.removal"))) {
				n++
			}
		}
	}
	return n
}
