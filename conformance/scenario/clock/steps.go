package clock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"reelcheck/conformance/target"
)

// Reach moves the clock to a moment, if the target's own deadlines have not taken it further.
func (c *Clock) Reach(ctx context.Context, label string, at time.Time) error {
	now, _, err := c.Policy(ctx, label+".now")
	if err != nil || !now.Before(at) {
		return err
	}
	_, err = c.AdvanceTo(ctx, label, at)
	return err
}

// Steps advances to the next deadline of the application, at most n times, until enough returns true.
func (c *Clock) Steps(ctx context.Context, label string, n int, enough func() (bool, error)) error {
	for i := range n {
		if enough != nil {
			if done, err := enough(); done || err != nil {
				return err
			}
		}
		move, err := c.AdvanceToNext(ctx, fmt.Sprintf("%s.%d", label, i+1))
		var refused *target.NotAnsweredError
		if errors.As(err, &refused) && refused.Status == http.StatusConflict {
			return nil // there is no deadline
		}
		if err != nil || !move.After.After(move.Before) && len(move.Fired) == 0 {
			return err // nothing is due
		}
	}
	return nil
}
