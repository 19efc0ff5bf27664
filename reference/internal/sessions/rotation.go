package sessions

import (
	"context"
	"time"

	"reelcheck/reference/internal/archive"
)

// Migrate moves a session to another server, at its application's request.
func (c *Runner) Migrate(ctx context.Context, applicationID, sessionID string) error {
	return c.in(ctx, applicationID, sessionID, func(r *room) error {
		return r.strike(archive.Migrate{ArchiveID: newID()})
	})
}

// Rotate plans to move a session after the policy time in, or moves it now if in is zero.
func (c *Runner) Rotate(ctx context.Context, applicationID, sessionID string, in time.Duration) error {
	return c.in(ctx, applicationID, sessionID, func(r *room) error {
		return r.strike(archive.Rotate{At: r.Clock.Now(applicationID).Add(in), ArchiveID: newID()})
	})
}
