package content

import (
	"math"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media/coded"
	"reelcheck/conformance/media/matroska"
	"reelcheck/fixtures"
)

// Alien is the unit of a frame that was not published.
const Alien = -1

// LoopOf returns the units of a fixture.
func LoopOf(f *facts.Facts, fixture string) (*coded.Loop, error) {
	type loopOf string
	type reading struct {
		loop *coded.Loop
		err  error
	}
	got := facts.Keep(f, loopOf(fixture), func() (got reading) {
		m, err := fixtures.Load()
		if err != nil {
			return reading{err: err}
		}
		got.loop, got.err = coded.LoopOf(m, fixture)
		return got
	})
	return got.loop, got.err
}

// Units returns which published unit each frame is, by its bytes, or Alien. Units with equal bytes are told apart by the
// units around them. Where that is not enough, and between rounds of the loop, the frame's time decides; begin is about
// when the file's time zero was. Times never overrule bytes: a frame with the bytes of some unit is a unit, whatever its
// time.
func Units(l *coded.Loop, frames []matroska.Frame, p *evidence.Published, begin time.Time) []int64 {
	out := make([]int64, 0, len(frames))
	for len(out) < len(frames) {
		at := len(out)
		places, count := stretchOf(l, frames[at:], p)
		if count == 0 {
			out = append(out, Alien)
			continue
		}
		due := begin.Add(frames[at].At).Sub(p.Epoch).Seconds() * p.Rate
		if last := lastKnown(out); last >= 0 { // closer to what is known than the start
			due = float64(out[last]) + (frames[at].At-frames[last].At).Seconds()*p.Rate
		}
		n := nearest(places, len(l.Sums), due)
		for i := range int64(count) {
			out = append(out, n+i)
		}
	}
	return out
}

func lastKnown(units []int64) int {
	for i := len(units) - 1; i >= 0; i-- {
		if units[i] != Alien {
			return i
		}
	}
	return -1
}

// uneven is the share of a unit by which the time of the next one may be off. It is no limit: a stretch that ends too
// early is followed by another.
const uneven = 0.75

// stretchOf returns how many of the first frames are consecutive units, and the places in the loop where they may begin.
// A step in time that is not that of one unit ends the stretch, so that a gap in a steady tone is found.
func stretchOf(l *coded.Loop, frames []matroska.Frame, p *evidence.Published) (places []int, count int) {
	places = l.Places(frames[0].Sum)
	if len(places) == 0 {
		return nil, 0
	}
	for count = 1; count < len(frames); count++ {
		step := (frames[count].At - frames[count-1].At).Seconds() * p.Rate
		if math.Abs(step-1) > uneven {
			break
		}
		left := slices.DeleteFunc(slices.Clone(places), func(place int) bool { return l.Sum(int64(place+count)) != frames[count].Sum })
		if len(left) == 0 {
			break
		}
		places = left
	}
	return places, count
}

// nearest returns the unit at one of the places, in any round of the loop, that is nearest to due.
func nearest(places []int, loop int, due float64) int64 {
	best, off := int64(0), math.Inf(1)
	for _, place := range places {
		round := max(0, math.Round((due-float64(place))/float64(loop)))
		n := int64(round)*int64(loop) + int64(place)
		if d := math.Abs(float64(n) - due); d < off {
			best, off = n, d
		}
	}
	return best
}

// Missing returns the units that were sent between the first and the last found unit but were not found.
func Missing(units []int64, p *evidence.Published) []int64 {
	var found, out []int64
	for _, n := range units {
		if n != Alien {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	for i, n := range found[1:] {
		for m := found[i] + 1; m < n; m++ {
			if p.Sent(m) {
				out = append(out, m)
			}
		}
	}
	return out
}
