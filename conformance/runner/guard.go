package runner

import (
	"context"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/evidence"
)

// guard stops a run that costs more than it may.
type guard struct {
	exceeded error         // the cap that was exceeded; read after done
	done     chan struct{} // closed when the guard has ended
}

// watch counts what the evidence shows until ctx ends. It calls stop when a cap is exceeded.
func watch(ctx context.Context, j *evidence.Journal, caps cost.Caps, stop func()) *guard {
	g := &guard{done: make(chan struct{})}
	wake, release := j.Watch()
	go func() { // ends with ctx, which the owner of the guard ends before it waits for done
		defer close(g.done)
		defer release()
		var count cost.Counter
		for seen := 0; ; {
			records := j.View().Records
			count.Add(records[seen:]...)
			seen = len(records)
			if g.exceeded = caps.Exceeded(count.Total()); g.exceeded != nil {
				stop()
				return
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			}
		}
	}()
	return g
}
