package composed

import (
	"fmt"
	"math"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
)

// likenessChecks are about how similar a recording is to what was published, and about streams beside each other.
var likenessChecks = []check.Check{
	check.New("ARC-COMP-35", asPublished, scenarios.Pair, scenarios.Layouts),
	check.New("ARC-COMP-36", streamsInStep, scenarios.Pair),
	check.New("ARC-COMP-37", mixedOnce, scenarios.Pair),
}

// Luma of black and white in video range, as marks show it.
const (
	black = 16
	white = 235
)

// asPublished judges archives whose quality no option lowered.
func asPublished(c *check.Case) {
	tint, level, marred := float64(c.Number("tolerance.tint")), float64(c.Number("tolerance.luma")), c.Share("tolerance.marred-percent")
	for _, x := range c.Recordings() {
		for _, t := range x.Due {
			if over := x.Over(t); over != "" {
				c.Wrong(t.Fixture+" as published", over, x.R, t.R)
			}
			phases.Disguised(c, x, t)
		}
		if x.Request["maxBitrate"] != nil || x.Request["quantizationParameter"] != nil || x.Picture == nil {
			continue
		}
		for _, t := range x.Due {
			if t.Kind != "video" || !t.Kept {
				continue
			}
			for _, a := range x.Picture.OfStream(t.Fixture) {
				if a.To-a.From < c.Limit("tolerance.short").Seconds() {
					continue
				}
				levels := a.White == 0 || math.Abs(a.Black-black) <= level && math.Abs(a.White-white) <= level
				whole := a.Marred <= marred || covered(x, a)
				c.Want(a.Tint <= tint && levels && whole, fmt.Sprintf("%s as published: colour within %.0f, black %d and white %d within %.0f, whole", t.Fixture, tint, black, white, level),
					fmt.Sprintf("colour off by %.0f, black %.0f, white %.0f, %.1f %% of it something else", a.Tint, a.Black, a.White, a.Marred*100), x.R, t.R)
			}
		}
	}
}

// covered reports whether places overlap, or one is cut off, during an appearance.
func covered(x content.Recording, a media.Appearance) bool {
	return slices.ContainsFunc(x.Phases, func(phase expect.Phase) bool {
		if phase.To <= a.From || phase.From >= a.To || phase.Picture.Grid {
			return false
		}
		for i, p := range phase.Picture.Places {
			for _, q := range phase.Picture.Places[:i] {
				if p.Rect.Overlaps(q.Rect) {
					return true
				}
			}
		}
		return !phase.Known || slices.ContainsFunc(phase.Picture.Places, func(p layout.Place) bool { return p.Cover })
	})
}

// streamsInStep compares when pictures of different streams that were due at the same moment are shown.
func streamsInStep(c *check.Case) {
	allow, short := c.Limit("tolerance.between-streams").Seconds(), c.Limit("tolerance.short").Seconds()
	for _, x := range c.Recordings() {
		pictures := followed(x, short)
		for i, p := range pictures {
			for _, q := range pictures[:i] {
				if p.due.R.IDs[evidence.Stream] == q.due.R.IDs[evidence.Stream] || min(p.To, q.To)-max(p.From, q.From) < short || p.loop() != q.loop() {
					continue
				}
				apart := p.behind(q)
				if c.Excused(apart <= allow, c.Limit("tolerance.between-streams"), p.due, q.due) {
					continue
				}
				c.Want(apart <= allow, fmt.Sprintf("%s and %s within %.0f ms of each other", p.ID, q.ID, allow*1000), fmt.Sprintf("%.0f ms apart", apart*1000), x.R, p.due.R, q.due.R)
			}
		}
	}
}

// picture is an appearance of a published track.
type picture struct {
	media.Appearance
	due content.Due
}

// followed returns the appearances that last for least seconds or more without a stop.
func followed(x content.Recording, least float64) []picture {
	var out []picture
	seen := map[string]bool{}
	for _, t := range x.Due {
		if t.Kind != "video" || !t.Kept || seen[t.Fixture] || again(x, t) {
			continue
		}
		seen[t.Fixture] = true
		for _, a := range x.Picture.OfStream(t.Fixture) {
			if len(a.Freezes) == 0 && a.To-a.From >= least {
				out = append(out, picture{a, t})
			}
		}
	}
	return out
}

func (p picture) loop() float64 { return float64(p.due.LoopUnits) / p.due.Rate }

// behind returns the offset in seconds between two pictures. The smaller of the offsets at the first and at the last
// frame counts, since either frame may stand for a while.
func (p picture) behind(q picture) float64 {
	due := p.due.Epoch.Sub(q.due.Epoch)
	first := p.zero(p.From, p.FirstMark) - q.zero(q.From, q.FirstMark)
	last := p.zero(p.To, p.LastMark) - q.zero(q.To, q.LastMark)
	return min(apart(first, due, p.loop()), apart(last, due, p.loop()))
}

// zero returns the time in the file at which frame 0 of the fixture would have been shown, in seconds.
func (p picture) zero(at float64, frame int) float64 { return at - float64(frame)/p.due.Rate }

// apart returns the difference in seconds between a distance and the wanted one, both modulo the loop.
func apart(seconds float64, due time.Duration, loop float64) float64 {
	return math.Abs(math.Remainder(seconds-due.Seconds(), loop))
}

// mixedOnce compares each tone with the others at the same time; all are published equally loud. A weaker tone may have
// been lost in part, which is not judged here.
func mixedOnce(c *check.Case) {
	allow, short := float64(c.Number("tolerance.loudness")), c.Limit("tolerance.short").Seconds()
	for _, x := range c.Recordings() {
		if x.Sound == nil {
			continue
		}
		for _, t := range x.Due {
			if t.Kind != "audio" || !t.Kept {
				continue
			}
			for _, s := range x.Sound.OfTone(t.Fixture) {
				beside := others(x, s, short)
				if len(beside) == 0 {
					continue
				}
				slices.Sort(beside)
				usual := beside[len(beside)/2]
				c.Want(s.Level-usual <= allow, fmt.Sprintf("%s no more than %.0f dB above others, which have %.1f dB", t.Fixture, allow, usual), fmt.Sprintf("%.1f dB", s.Level), x.R, t.R)
			}
		}
	}
}

// others returns the levels of the other tones that are heard at the same time for so many seconds.
func others(x content.Recording, s media.ToneSpan, least float64) []float64 {
	var out []float64
	for _, t := range x.Due {
		if t.Kind != "audio" || t.Fixture == s.ID {
			continue
		}
		for _, o := range x.Sound.OfTone(t.Fixture) {
			if min(o.To, s.To)-max(o.From, s.From) >= least {
				out = append(out, o.Level)
			}
		}
	}
	return out
}
