package live

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reelcheck/reference/cmd/bench/internal/media"
)

const (
	// confirmFactor is how much longer the number found has to go on. What takes a tenth too much shows late: after half a minute it
	// is 3 s behind, and would be minutes behind after an hour.
	confirmFactor = 4
	// mayBeBehind is how far an archive may be behind what its publishers sent.
	mayBeBehind  = 5 * time.Second
	mostArchives = 256
)

// Capacity finds out how many sessions of two publishers can be recorded live side by side, each with a composed archive. They
// send 640x480 at 30 frames/s, from a process of their own on the same processors.
func (b Bench) Capacity(ctx context.Context, seconds int) error {
	inputs, err := media.Inputs(ctx, b.Cache, 2, media.VGA)
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
	fmt.Fprintf(b.Out, "bench: case="+CapacityCase+" archives=%d seconds=%d\n", most, confirmFactor*seconds)
	return nil
}

// carries records so many sessions, all of the same two publishers, and reports whether that went well.
func (b Bench) carries(ctx context.Context, inputs []media.Input, archives, seconds int) (bool, error) {
	f, err := b.recordLive(ctx, slices.Repeat([][]media.Input{inputs}, archives), seconds)
	if err != nil {
		return false, err
	}
	cores := f.cpu.Seconds() / float64(seconds)
	fmt.Fprintf(b.Out, "bench: case="+CapacityCase+" step=%d seconds=%d cores=%.2f cores_per_archive=%.3f backlog_s=%.2f lost=%d publisher_cores=%.2f\n",
		archives, seconds, cores, cores/float64(archives), f.backlog.Seconds(), f.lost, f.publishing.Seconds()/float64(seconds))
	return f.backlog <= mayBeBehind && f.lost == 0, nil
}

// search returns the largest number, up to limit, that goes, 0 if none does: it doubles until one does not go, and halves the gap.
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
