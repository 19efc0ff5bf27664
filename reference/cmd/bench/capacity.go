package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	capacityCase    = "live-capacity"
	capacitySeconds = 30 // length of each step
	// confirmFactor is how many times longer the result must be sustained. A load that is a tenth too high shows late:
	// it is 3 s behind after half a minute, but minutes behind after an hour.
	confirmFactor = 4
	// mayBeBehind is how far an archive may be behind what its publishers sent.
	mayBeBehind  = 5 * time.Second
	mostArchives = 256
)

// capacity finds how many sessions of two publishers can be recorded live at once, each with a composed archive. The
// publishers send 640x480 at 30 frames/s, from a process of their own on the same processors.
func (b bench) capacity(ctx context.Context, seconds int) error {
	inputs, err := b.liveInputs(ctx, 2)
	if err != nil {
		return err
	}
	most, err := search(mostArchives, func(archives int) (bool, error) { return b.carries(ctx, inputs, archives, seconds) })
	if err != nil {
		return err
	}
	for ; most > 0; most-- {
		if ok, err := b.carries(ctx, inputs, most, confirmFactor*seconds); err != nil {
			return err
		} else if ok {
			break
		}
	}
	fmt.Fprintf(b.out, "bench: case="+capacityCase+" archives=%d seconds=%d\n", most, confirmFactor*seconds)
	return nil
}

// carries records a number of sessions with the same two publishers, and reports whether that went well.
func (b bench) carries(ctx context.Context, inputs []input, archives, seconds int) (bool, error) {
	f, err := b.recordLive(ctx, slices.Repeat([][]input{inputs}, archives), seconds)
	if err != nil {
		return false, err
	}
	cores := f.cpu.Seconds() / float64(seconds)
	fmt.Fprintf(b.out, "bench: case="+capacityCase+" step=%d seconds=%d cores=%.2f cores_per_archive=%.3f backlog_s=%.2f lost=%d publisher_cores=%.2f\n",
		archives, seconds, cores, cores/float64(archives), f.backlog.Seconds(), f.lost, f.publishing.Seconds()/float64(seconds))
	return f.backlog <= mayBeBehind && f.lost == 0, nil
}

// search returns the largest number up to limit for which goes returns true, or 0. It doubles until one fails and then
// halves the gap.
func search(limit int, goes func(int) (bool, error)) (most int, err error) {
	first := limit + 1 // the least that does not go
	for n := 1; most+1 < first; {
		ok, err := goes(n)
		if err != nil {
			return most, err
		}
		if ok {
			most = n
		} else {
			first = n
		}
		if n = 2 * most; first <= limit || n > limit {
			n = (most + first) / 2
		}
	}
	return most, nil
}
