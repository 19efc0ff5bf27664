package picture

import (
	"cmp"
	"slices"

	"reelcheck/reference/internal/av"
)

const endOfTime = av.Instant(1<<63 - 1)

// fed is a sample the decoder was given and that has not come out yet.
type fed struct {
	number int64
	time   av.Instant
	source [2]int
}

// held is a sample that waits for its successor: only when that is there, or its frame of the output, is it certain whether anybody
// will see it. Of 30 frames/s every sixth is seen by nobody, and needs neither scaling nor copying.
type held struct {
	fed
	data []byte
}

// give hands one sample to the child. When it has died, nothing is lost: see revive.
func (v *Stream) give(number int64, s av.Sample, size [2]int) {
	v.release(max(s.Time, v.since))
	if v.held != nil {
		_ = v.child.Write(v.held.number, false, v.held.data)
	}
	v.latest = max(v.latest, number)
	v.held = &held{fed{number, max(s.Presented(), v.since), size}, s.Data}
	if s.Presented() > s.Time { // what follows is not what replaces it
		v.turned = true
		v.release(endOfTime)
	}
}

// release writes the sample held to the child if a frame of the output before t shows it.
func (v *Stream) release(t av.Instant) {
	h := v.held
	if h == nil || v.child == nil || !v.Plan.Samples(h.time, t) {
		return
	}
	v.held, v.shown = nil, max(v.shown, h.number)
	shown := false
	v.mu.Update(func() {
		if shown = h.number >= v.wanted; shown {
			i, _ := slices.BinarySearchFunc(v.fed, h.number, func(f fed, n int64) int { return cmp.Compare(f.number, n) })
			v.fed = slices.Insert(v.fed, i, h.fed)
		}
	})
	_ = v.child.Write(h.number, shown, h.data)
}
