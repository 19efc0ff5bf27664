package individual

import (
	"fmt"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/matroska"
)

// limitChecks are about more streams than an archive holds.
var limitChecks = []check.Check{
	check.New("ARC-IND-03", asManyAs(matroska.Video, "individual.video-streams.max"), scenarios.Crowd),
	check.New("ARC-IND-26", asManyAs(matroska.Audio, "audio-streams.max"), scenarios.Crowd),
	check.New("ARC-IND-27", beyondLimits, scenarios.Crowd),
}

// asManyAs judges archives in which as many streams as the limit allows must be recorded at once.
func asManyAs(kind, limit string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundle.Bundles(c) {
			most, during := b.AtOnce(kind)
			if int64(most) < c.Number(limit) {
				continue
			}
			var missing []string
			var at []evidence.Record
			for _, s := range b.Streams {
				if b.Lacks(c, s, kind, during) {
					missing = append(missing, s.Client)
					at = append(at, s.Record())
				}
			}
			c.Want(len(missing) == 0, fmt.Sprintf("%s of %d streams at once", kind, c.Number(limit)), "nothing of "+strings.Join(missing, ", "), append(at, b.R)...)
		}
	}
}

// beyondLimits checks that a stream without a place is not recorded until one becomes free, and that all others are,
// within the other limit too.
func beyondLimits(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		crowded := false
		for _, s := range b.Streams {
			for _, kind := range []string{matroska.Video, matroska.Audio} {
				if !b.Waits(c, s, kind) {
					continue
				}
				n := b.Early(c, s, kind)
				most, _ := b.AtOnce(kind)
				c.Want(n == 0, fmt.Sprintf("no %s of %s while %d others have it", kind, s.Client, most), fmt.Sprintf("%d frames", n), b.R, s.Record())
				crowded = true
			}
		}
		if !crowded {
			continue
		}
		for _, s := range b.Streams {
			recorded(c, b, s, matroska.Video)
			recorded(c, b, s, matroska.Audio)
		}
	}
}
