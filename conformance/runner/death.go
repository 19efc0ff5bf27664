package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
)

// attend calls drive and watches whether the target lives. When a launched target ends by itself, it ends the context of drive: nothing more
// can be learned. It writes to the evidence that the target is gone.
func (s *environment) attend(ctx context.Context, drive func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	over := make(chan struct{})
	var watching sync.WaitGroup
	var died error
	watching.Go(func() {
		select {
		case <-s.target.Exited():
			died = s.ended(fmt.Sprintf("the target ended by itself (%s)", s.target.Ended()), time.Time{})
			stop()
		case <-over:
		}
	})
	err := drive(ctx)
	close(over)
	watching.Wait()
	if died != nil {
		return died
	}
	if s.gone() {
		return nil // the scenarios ended because the target did
	}
	if ctx.Err() == nil {
		if lost := reach(ctx, s.target.Credentials.URL); lost != nil && ctx.Err() == nil {
			lost = cmp.Or(errors.Unwrap(lost), lost) // without the words that say the same
			return s.ended(fmt.Sprintf("the target answers no more (%v)", lost), lastAnswer(s.journal.View()))
		}
	}
	return err
}

// ended writes that the target is gone, and since when; a zero time is now.
func (s *environment) ended(how string, at time.Time) error {
	if at.IsZero() {
		at = time.Now()
	}
	how = fmt.Sprintf("%s %.1f s after the beginning", how, at.Sub(s.began).Seconds())
	_, err := s.journal.Append(evidence.Record{Time: at, Harness: &evidence.Harness{Kind: evidence.TargetEnded, Message: how}})
	return err
}

// gone reports whether the evidence says that the target ended.
func (s *environment) gone() bool { return report.Died(s.journal.View()) != nil }

// lastAnswer returns when the target last answered a request.
func lastAnswer(v evidence.View) (at time.Time) {
	for _, r := range v.Exchanges().Records {
		if over := r.Over(); r.Exchange.Response != nil && over.After(at) {
			at = over
		}
	}
	return at
}

// alive returns the evidence of scenarios that had ended while the target lived, and of the others only that they began: a dead target contradicts
// no clause.
func alive(v evidence.View) evidence.View {
	died := report.Died(v)
	if died == nil {
		return v
	}
	after := map[string]bool{}
	for _, r := range v.Records {
		if r.Scenario != "" && !r.Over().Before(died.Time) {
			after[r.Scenario] = true
		}
	}
	return v.Where(func(r *evidence.Record) bool {
		return !after[r.Scenario] || r.Step != nil && r.Step.Outcome == evidence.Began
	})
}
