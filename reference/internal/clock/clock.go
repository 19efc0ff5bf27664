// Package clock provides the two kinds of time. Media time is real and never jumps. Policy time is real time plus an offset, which each
// application has for itself and which the control API moves.
package clock

import (
	"context"
	"sync"
	"time"

	"reelcheck/reference/internal/av"
)

var start = time.Now()

// Media returns the present instant of the media clock.
func Media() av.Instant { return av.Instant(start.UnixNano()).Add(time.Since(start)) }

// Clock provides policy time. The zero value gives real time to every application. It is safe for concurrent use.
type Clock struct {
	mu      sync.RWMutex
	offsets map[string]time.Duration
}

// Now returns the policy time of an application, in UTC and without a monotonic reading.
func (c *Clock) Now(applicationID string) time.Time {
	return time.Now().UTC().Round(0).Add(c.Offset(applicationID))
}

// Policy converts a media instant to the policy time of an application.
func (c *Clock) Policy(applicationID string, t av.Instant) time.Time {
	return t.Time().Add(c.Offset(applicationID))
}

// Real converts the policy time of an application to real time.
func (c *Clock) Real(applicationID string, t time.Time) time.Time {
	return t.Add(-c.Offset(applicationID))
}

// Offset returns how far the application's policy time is ahead of real time.
func (c *Clock) Offset(applicationID string) time.Duration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.offsets[applicationID]
}

// SetOffset moves the application's clock. The caller must set its timers again.
func (c *Clock) SetOffset(applicationID string, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offsets == nil {
		c.offsets = map[string]time.Duration{}
	}
	c.offsets[applicationID] = d
}

// Until returns the real time that passes until the application's clock shows t.
func (c *Clock) Until(applicationID string, t time.Time) time.Duration {
	return t.Sub(c.Now(applicationID))
}

// Timer returns a timer that fires when the application's clock shows t. Later calls of SetOffset do not affect it.
func (c *Clock) Timer(applicationID string, t time.Time) *time.Timer {
	return time.NewTimer(max(0, c.Until(applicationID, t)))
}

// Every calls f after each d of real time, until ctx ends. It skips calls that were due while the process or f did not return in time.
func Every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f()
		case <-ctx.Done():
			return
		}
	}
}
