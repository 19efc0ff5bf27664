// Package clock lets policy time pass in a scenario. The control API advances the clock of the application; without it,
// the scenario waits:
//
//	began, err := c.Now(ctx, "clock.start")
//	_, err = c.PassTo(ctx, "clock.before", began.Add(50*time.Second))
//
// A scenario need not know which of the two happens: policy time is real time plus what the clock was advanced by.
package clock

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/text"
)

// Clock is the clock of an application. A flow uses its own; it is not safe for concurrent use.
type Clock struct {
	*target.Client
	Mode    config.TimeMode
	Longest time.Duration // that may be waited in all; not used in mode virtual

	waited time.Duration
}

// TooLongError says that a scenario needs a longer wait than the run allows.
type TooLongError struct{ Wait, Longest time.Duration }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("needs a wait of %s; --longest-wait is %s", text.Span(e.Wait), text.Span(e.Longest))
}

// TooLong returns the error for a scenario that lets policy time pass for wait in all, or nil if f allows it.
func TooLong(f config.File, wait time.Duration) *TooLongError {
	longest := f.LongestWait.Or(config.LongestWait)
	if f.Time == config.Virtual || wait <= longest {
		return nil
	}
	return &TooLongError{wait, longest}
}

// Steered reports whether the clock is advanced, so that policy time costs nothing.
func (c *Clock) Steered() bool { return c.Mode == config.Virtual }

// Affords reports whether d of policy time may pass now.
func (c *Clock) Affords(d time.Duration) bool { return c.Steered() || c.waited+d <= c.Longest }

// Now returns the policy time.
func (c *Clock) Now(ctx context.Context, label string) (time.Time, error) {
	if !c.Steered() {
		return time.Now(), nil
	}
	now, _, err := c.Policy(ctx, label)
	return now, err
}

// Pass lets d of policy time pass. A *[TooLongError] means that it would have to wait for too long.
func (c *Clock) Pass(ctx context.Context, label string, d time.Duration) error {
	if !c.Steered() {
		return c.wait(ctx, label, d)
	}
	_, err := c.Advance(ctx, label, d)
	return err
}

// PassTo lets policy time pass until at, and returns the policy time after that. It may be earlier than at, because a
// server may stop an advance where two automatic archives begin to overlap.
func (c *Clock) PassTo(ctx context.Context, label string, at time.Time) (time.Time, error) {
	if !c.Steered() {
		err := c.wait(ctx, label, time.Until(at))
		return time.Now(), err
	}
	moved, err := c.AdvanceTo(ctx, label, at)
	return moved.After, err
}

// wait waits for d and records it. A moment that is over needs no wait.
func (c *Clock) wait(ctx context.Context, label string, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if !c.Affords(d) {
		return &TooLongError{c.waited + d, c.Longest}
	}
	c.waited += d
	from := time.Now()
	if err := Sleep(ctx, d); err != nil {
		return err
	}
	_, err := c.Journal.Append(evidence.Record{Scenario: c.Scenario, Label: label, IDs: map[string]string{evidence.Application: c.App.ID},
		Watch: &evidence.Watch{What: evidence.PolicyTime, Span: evidence.Span{From: from.UTC(), To: time.Now().UTC()}}})
	return err
}

// Sleep lets real time pass, while media flows or something is watched.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
