package cost

import (
	"context"

	"reelcheck/conformance/evidence"
)

// Guard stops a run that costs more than it may.
type Guard struct {
	Exceeded error         // the cap that was exceeded; read after Done
	Done     chan struct{} // closed when the guard has ended
}

// Watch counts what the evidence shows until ctx ends. It calls stop when a cap is exceeded.
func Watch(ctx context.Context, j *evidence.Journal, caps Caps, stop func()) *Guard {
	g := &Guard{Done: make(chan struct{})}
	wake, release := j.Watch()
	go func() { // ends with ctx, which the owner of the guard ends before it waits for Done
		defer close(g.Done)
		defer release()
		var count Counter
		for seen := 0; ; {
			records := j.View().Records
			count.Add(records[seen:]...)
			seen = len(records)
			if g.Exceeded = caps.Exceeded(count.Total()); g.Exceeded != nil {
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
