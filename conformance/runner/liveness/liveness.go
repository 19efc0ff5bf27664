// Package liveness tells a target that is gone from one that is wrong. A target is gone when its process ends, when nobody
// listens where it was, or when it leaves a request unanswered and then answers no other one for some time. What is seen of a
// target that is gone contradicts no clause.
package liveness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

// again is the time between two requests to a target that refuses connections.
const again = 200 * time.Millisecond

// Watch watches a target while it is judged, and writes to the evidence when it is gone. It is safe for concurrent use.
type Watch struct {
	Target   *launch.Target
	Journal  *evidence.Journal
	Began    time.Time
	Clients  <-chan struct{} // closed when their adapter is gone, without which nothing can be learned either; nil: they have none
	Patience time.Duration   // for a target that has left a request unanswered, and answers no other one

	mu      sync.Mutex // guards the fields below, also while somebody finds out whether the target is gone
	gone    bool
	settled int64 // number of the last unanswered exchange after which the target was found alive
}

// Patience is as long as three requests in a row may take: a target that is slow once has time to come back.
func Patience(f config.File) time.Duration { return 3 * f.RequestTimeout.Or(config.RequestTimeout) }

// During calls drive, and ends its context when the target is gone: nothing more can be learned. It returns the error of drive,
// unless the target is gone.
func (w *Watch) During(ctx context.Context, drive func(context.Context) error) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	var watching sync.WaitGroup
	var failed error
	watching.Go(func() {
		if failed = w.follow(inner); inner.Err() == nil {
			stop()
		}
	})
	err := drive(inner)
	stop()
	watching.Wait()
	gone, last := w.Gone(ctx)
	switch {
	case failed != nil || last != nil:
		return errors.Join(failed, last)
	case gone:
		return nil
	case ctx.Err() != nil:
		return err
	}
	if lost := Reach(ctx, w.Target.Credentials.URL); lost != nil && ctx.Err() == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.write(no(lost), lastAnswer(w.Journal.View(), w.Target.Credentials.URL))
	}
	return err
}

// follow returns when the target is gone or ctx ends.
func (w *Watch) follow(ctx context.Context) error {
	wake, release := w.Journal.Watch()
	defer release()
	for {
		if gone, err := w.Gone(ctx); gone || err != nil {
			return err
		}
		select {
		case <-wake:
		case <-w.Clients:
		case <-w.Target.Exited():
		case <-ctx.Done():
			return nil
		}
	}
}

// Gone reports whether the target is gone. While that is in doubt, Gone waits for as long as the patience lasts, or until ctx
// ends. An error means that the evidence could not be written.
func (w *Watch) Gone(ctx context.Context) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	base, until := w.Target.Credentials.URL, time.Now().Add(w.Patience)
	for !w.gone {
		select {
		case <-w.Clients:
			w.gone = true
			return true, nil
		case <-w.Target.Exited():
			return true, w.write(fmt.Sprintf("the target ended by itself (%s)", w.Target.Ended()), time.Now())
		default:
		}
		v := w.Journal.View()
		doubt := unanswered(v, base)
		if doubt == 0 || doubt == w.settled || ctx.Err() != nil {
			return false, nil
		}
		lost := ask(ctx, cmp.Or(lastGet(v, base), base), until)
		switch {
		case lost == nil:
			w.settled = doubt
		case time.Now().Before(until): // connections are refused, or ctx has ended
			pause(ctx, again)
		case unanswered(w.Journal.View(), base) != 0:
			return true, w.write(no(lost), lastAnswer(w.Journal.View(), base))
		}
	}
	return true, nil
}

// no says why a target counts as gone that answers no more.
func no(lost error) string {
	return fmt.Sprintf("the target answers no more (%v)", cmp.Or(errors.Unwrap(lost), lost)) // without the words that say the same
}

// write writes that the target is gone, and since when; a zero time is the beginning. The caller must hold w.mu.
func (w *Watch) write(how string, at time.Time) error {
	if at.IsZero() {
		at = w.Began
	}
	how = fmt.Sprintf("%s %.1f s after the beginning", how, at.Sub(w.Began).Seconds())
	w.gone = true
	_, err := w.Journal.Append(evidence.Record{Time: at, Harness: &evidence.Harness{Kind: evidence.TargetEnded, Message: how}})
	return err
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
