package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/store"
)

// monitor adds the session events of a step to its transition, if the application wants them.
func (r *room) monitor(t *store.Transition, next archive.Session, effects []archive.Effect) error {
	notices := callback.Notices(r.state, next, effects)
	if len(notices) == 0 {
		return nil
	}
	return r.addEvents(r.background(), t, next.ApplicationID, r.id, notices)
}

// addEvents adds a webhook for each notice, and a job that delivers them.
func (c *Runner) addEvents(ctx context.Context, t *store.Transition, applicationID, sessionID string, notices []archive.Notice) error {
	app, err := c.Store.Application(ctx, applicationID)
	if errors.Is(err, store.ErrNotFound) || err == nil && app.SessionCallbackURL == "" { // ARC-SES-09
		return nil
	}
	if err != nil {
		return fmt.Errorf("read application: %w", err)
	}
	for _, n := range notices {
		body, err := json.Marshal(callback.EventOf(app, sessionID, n))
		if err != nil {
			return fmt.Errorf("encode session event: %w", err)
		}
		t.Deliveries = append(t.Deliveries, store.Delivery{ApplicationID: app.ID, SessionID: sessionID,
			URL: app.SessionCallbackURL, Body: body, CreatedAt: n.At})
	}
	t.Jobs = append(t.Jobs, store.Job{Kind: store.JobWebhook, ApplicationID: app.ID, SessionID: sessionID, At: notices[0].At})
	return nil
}

// announceGone announces that the clients of an earlier process are gone. It covers the clients whose arrival was
// announced but whose departure was not.
func (c *Runner) announceGone(ctx context.Context) error {
	events, err := c.Store.Monitored(ctx)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	present := map[string]archive.Session{}
	var order []string
	for _, d := range events {
		s, known := present[d.SessionID]
		if !known {
			s = archive.Session{ID: d.SessionID, ApplicationID: d.ApplicationID}
			order = append(order, d.SessionID)
		}
		if err := callback.Replay(&s, d.Body); err != nil {
			return fmt.Errorf("recover session %s: %w", d.SessionID, err)
		}
		present[d.SessionID] = s
	}
	for _, id := range order {
		s := present[id]
		var t store.Transition
		if err := c.addEvents(ctx, &t, s.ApplicationID, id, callback.Gone(s, c.Clock.Now(s.ApplicationID))); err != nil {
			return err
		}
		if len(t.Deliveries) == 0 {
			continue
		}
		if _, err := c.Store.Commit(ctx, t); err != nil {
			return fmt.Errorf("recover session %s: %w", id, err)
		}
	}
	return nil
}
