package sessions

import (
	"context"
	"time"

	"reelcheck/reference/internal/archive"
)

// Migrate moves a session to another server because its application asks for it.
func (c *Runner) Migrate(ctx context.Context, applicationID, sessionID string) error {
	return c.in(ctx, applicationID, sessionID, func(r *room) error {
		return r.strike(archive.Migrate{ArchiveID: newID()})
	})
}

// Rotate has the server move a session after the policy time in, at once when that is zero.
func (c *Runner) Rotate(ctx context.Context, applicationID, sessionID string, in time.Duration) error {
	return c.in(ctx, applicationID, sessionID, func(r *room) error {
		return r.strike(archive.Rotate{At: r.Clock.Now(applicationID).Add(in), ArchiveID: newID()})
	})
}
