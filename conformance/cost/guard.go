package cost

import (
	"context"
	"errors"

	"reelcheck/conformance/evidence"
)

// Guard stops a run that costs more than it may.
type Guard struct {
	Err  error         // of the record that says which cap was exceeded; read after Done
	Done chan struct{} // closed when the guard has ended
}

// Watch counts what the evidence shows until ctx ends. When a cap is exceeded, it writes so to the evidence, and calls stop.
func Watch(ctx context.Context, j *evidence.Journal, caps Caps, stop func()) *Guard {
	g := &Guard{Done: make(chan struct{})}
	wake, release := j.Watch()
	go func() { // ends with ctx, which the owner of the guard ends before it waits for Done
		defer close(g.Done)
		defer release()
		var count Counter
		var total Cost
		for seen := -1; ; {
			loose, records := j.Loose(), j.View().Records
			if len(records) != seen {
				count.Add(records[max(seen, 0):]...)
				seen, total = len(records), count.Total()
			}
			if over := new(Excess); errors.As(caps.Exceeded(total.Plus(Cost{Received: loose})), &over) {
				_, g.Err = j.Append(evidence.Record{Label: "cap", Harness: &evidence.Harness{Kind: evidence.RunStopped, Message: over.Cap + ", after " + over.What}})
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
