package sessions

import (
	"context"
	"errors"
	"fmt"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/store"
)

// DeleteApplication disconnects the clients of an application and removes its archives, their files and the application
// itself.
func (c *Runner) DeleteApplication(ctx context.Context, applicationID string) error {
	err := c.abolish(ctx, applicationID, c.Store.DeleteApplication)
	if err == nil {
		c.walks.Delete(applicationID)
	}
	return err
}

// ResetApplication removes everything an application has, but keeps the application and its settings.
func (c *Runner) ResetApplication(ctx context.Context, applicationID string) error {
	return c.abolish(ctx, applicationID, c.Jobs.Reset)
}

// abolish calls remove, which takes data of the application out of the store, and then ends its sessions and removes
// its files.
func (c *Runner) abolish(ctx context.Context, applicationID string, remove func(context.Context, string) error) error {
	kept, err := c.pendingOf(ctx, applicationID)
	if err != nil {
		return err
	}
	err = remove(ctx, applicationID)
	if errors.Is(err, store.ErrNotFound) {
		return &archive.Error{Kind: archive.NotFound, Message: fmt.Sprintf("application %s does not exist", applicationID)}
	}
	if err != nil {
		return err
	}
	for _, id := range c.sessionsOf(applicationID) { // only now, because no room can be opened any more
		if err := c.enter(ctx, id, (*room).abandon); err != nil && !isNotFound(err) {
			return err
		}
	}
	for _, a := range kept {
		if err := c.Recorder.Discard(a.SessionID, a.ID); err != nil {
			c.Log.Error("cannot abandon archive", "archive", a.ID, "error", err)
		}
	}
	return c.Cloud.EraseApplication(applicationID)
}

// pendingOf returns the archives of an application that are not stored yet, including those of sessions without a
// running room.
func (c *Runner) pendingOf(ctx context.Context, applicationID string) (list []archive.Archive, err error) {
	unsettled, err := c.Store.Unsettled(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range unsettled {
		s, err := c.Store.Session(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.ApplicationID == applicationID {
			list = append(list, s.Archives...)
		}
	}
	return list, nil
}

// abandon ends everything in the session, which is no longer in the store. It tells only the clients.
func (r *room) abandon() error {
	at := clock.Media()
	for _, client := range r.state.Connections {
		for _, st := range r.state.Streams {
			if st.ConnectionID == client.ID {
				r.endStream(st.ID, at, "forceDisconnected")
			}
		}
		r.hangUp(client.ID, archive.Notice{Kind: archive.SessionDisconnected, At: r.Clock.Now(r.state.ApplicationID),
			Connection: client, Reason: "forceDisconnected"})
	}
	for _, a := range r.state.Archives {
		for _, kind := range []archive.EffectKind{archive.DoStop, archive.DoDiscard} {
			if err := r.perform(archive.Effect{Kind: kind, Archive: a}, at); err != nil {
				r.Log.Error("cannot abandon archive", "archive", a.ID, "error", err)
			}
		}
	}
	r.state.Connections, r.state.Streams, r.state.Archives, r.done, r.removed = nil, nil, nil, nil, true
	r.ended.Send()
	return nil
}
