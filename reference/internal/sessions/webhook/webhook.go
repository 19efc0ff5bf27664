// Package webhook makes the webhooks of archives and sessions, with the settings that their application has at present.
// The caller commits them together with the decision that they announce, and with a job that delivers them.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/store"
)

// Store has the settings of applications, and what was announced.
type Store interface {
	Application(ctx context.Context, id string) (account.Application, error)
	// Monitored returns, in order, the announced events of sessions whose end was not announced yet.
	Monitored(ctx context.Context) ([]store.Delivery, error)
	Commit(ctx context.Context, t store.Transition) (acts []int64, err error)
}

// Announcer makes webhooks. It is safe for concurrent use.
type Announcer struct {
	Store Store
	Clock *clock.Clock
}

// Archive returns the webhook of an announcement, with the application's present settings. wanted is false if the
// application wants no webhooks.
func (a Announcer) Archive(ctx context.Context, applicationID, sessionID string, e archive.Effect) (d store.Delivery, wanted bool, err error) {
	app, err := a.Store.Application(ctx, applicationID)
	if errors.Is(err, store.ErrNotFound) || err == nil && app.ArchiveCallbackURL == "" { // ARC-CB-01, ARC-CB-32
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("read application: %w", err)
	}
	body, err := json.Marshal(callback.Of(app, e))
	if err != nil {
		return d, false, fmt.Errorf("encode callback: %w", err)
	}
	return store.Delivery{ApplicationID: app.ID, SessionID: sessionID, ArchiveID: e.Archive.ID,
		URL: app.ArchiveCallbackURL, Body: body, CreatedAt: e.At}, true, nil
}

// Session adds to t a webhook for each notice, and a job that delivers them, if the application wants session events.
func (a Announcer) Session(ctx context.Context, t *store.Transition, applicationID, sessionID string, notices []archive.Notice) error {
	app, err := a.Store.Application(ctx, applicationID)
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

// Gone announces that the clients of an earlier process are gone. It covers the clients whose arrival was announced but
// whose departure was not. It commits what it announces.
func (a Announcer) Gone(ctx context.Context) error {
	events, err := a.Store.Monitored(ctx)
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
		if err := a.Session(ctx, &t, s.ApplicationID, id, callback.Gone(s, a.Clock.Now(s.ApplicationID))); err != nil {
			return err
		}
		if len(t.Deliveries) == 0 {
			continue
		}
		if _, err := a.Store.Commit(ctx, t); err != nil {
			return fmt.Errorf("recover session %s: %w", id, err)
		}
	}
	return nil
}
