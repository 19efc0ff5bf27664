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

// Alien is the unit of a frame that the publication did not send.
const Alien = -1

// LoopOf names the units of a fixture.
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

// Units tells which unit of the publication each frame is, by its bytes, or Alien. Units that are coded alike are told
// apart by those around them; where that is not enough, and between rounds of the loop, by the frame's time, if the file's
// time zero was at about begin. What it says of bytes does not rest on times: a frame with the bytes of some unit has
// one, whenever it is.
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
		if last := lastKnown(out); last >= 0 { // nearer to what is known than the start
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

// stretchOf finds how many of the first frames are consecutive units, and the places in the loop where they may begin. A
// step in time that is not that of one unit ends them, lest a gap in a steady tone go unnoticed.
func stretchOf(l *coded.Loop, frames []matroska.Frame, p *evidence.Published) (places []int, count int) {
	places = l.Places(frames[0].Sum)
	if len(places) == 0 {
		return nil, 0
	}
	for count = 1; count < len(frames); count++ {
		step := (frames[count].At - frames[count-1].At).Seconds() * p.Rate
		if math.Abs(step-1) > 0.75 {
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

// nearest is the unit at one of the places, in whichever round of the loop, that is nearest to due.
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

// Missing are the units that were sent between the first and the last of those found, and that were not found.
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
