package sessions

import (
	"context"
	"fmt"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/clock"
)

// Recover continues the work of an earlier process. It sets the clocks, performs the committed effects that were not done, ends the live
// archives at the last media on disk, and begins the compositions that have no file yet.
func (c *Runner) Recover(ctx context.Context) error {
	apps, err := c.Store.Applications(ctx)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for _, app := range apps {
		c.Clock.SetOffset(app.ID, app.ClockOffset)
	}
	sessions, err := c.Store.Unsettled(ctx)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for _, id := range sessions {
		if err := c.enter(ctx, id, (*room).takeUp); err != nil {
			return fmt.Errorf("recover session %s: %w", id, err)
		}
	}
	return c.webhooks().Gone(ctx)
}

func (r *room) takeUp() error {
	at, ended, err := r.ending()
	if err != nil {
		r.Log.Error("cannot recover recording", "session", r.id, "error", err)
		return r.giveUp()
	}
	acts, err := r.Store.Outbox(r.background(), r.id)
	if err != nil {
		return err
	}
	for _, act := range acts {
		if err := r.perform(act.Effect, act.At); err != nil {
			r.Log.Error("effect failed", "session", r.id, "archive", act.Effect.Archive.ID, "effect", act.Effect.Kind, "error", err)
			continue
		}
		r.done = append(r.done, act.ID)
	}
	for _, a := range r.state.Archives {
		if !a.NeedsJournal() {
			continue
		}
		if err := r.compose(a); err != nil {
			r.Log.Error("cannot compose", "session", r.id, "archive", a.ID, "error", err)
			if err := r.step(archive.Fail{ArchiveID: a.ID}, at); err != nil {
				return err
			}
		}
	}
	defer r.rest()
	return r.decide(archive.Interrupt{At: ended}, r.Clock.Now(r.state.ApplicationID), at) // decision 3, decision 15
}

// ending returns the instant at which the session's media ended, on the media clock and in policy time. ended is zero if there is no media.
func (r *room) ending() (at av.Instant, ended time.Time, err error) {
	var unfinished []string
	for _, a := range r.state.Archives {
		if a.NeedsJournal() {
			unfinished = append(unfinished, a.ID)
		}
	}
	if len(unfinished) == 0 {
		return clock.Media(), time.Time{}, nil
	}
	at, ok, err := r.Recorder.Recover(r.id, unfinished)
	if err != nil || !ok {
		return clock.Media(), time.Time{}, err
	}
	return at, r.Clock.Policy(r.state.ApplicationID, at), nil
}

// giveUp fails the archives that have no file.
func (r *room) giveUp() error {
	defer r.rest()
	for _, a := range r.state.Archives {
		if !a.NeedsJournal() {
			continue
		}
		if err := r.strike(archive.Fail{ArchiveID: a.ID}); err != nil {
			return err
		}
	}
	return nil
}
