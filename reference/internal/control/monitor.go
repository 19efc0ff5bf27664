package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/store"
)

// Kinds of session events that clients are not told. A session is created when its first client connects, and destroyed
// when the last one has left; it may come back.
const (
	sessionCreated   archive.NoticeKind = "sessionCreated"
	sessionDestroyed archive.NoticeKind = "sessionDestroyed"
)

// SessionEvent is the body of a session monitoring webhook.
type SessionEvent struct {
	SessionID     string             `json:"sessionId"`
	ProjectID     string             `json:"projectId"`
	ApplicationID string             `json:"applicationId"`
	Event         archive.NoticeKind `json:"event"`
	Reason        string             `json:"reason,omitempty"`
	Timestamp     int64              `json:"timestamp"` // ms
	Connection    *EventConnection   `json:"connection,omitempty"`
	Stream        *EventStream       `json:"stream,omitempty"`
}

// EventConnection is a connection in a [SessionEvent].
type EventConnection struct {
	ID        string `json:"id"`
	CreatedAt int64  `json:"createdAt"`
	Data      string `json:"data"`
}

// EventStream is a stream in a [SessionEvent].
type EventStream struct {
	ID         string          `json:"id"`
	Connection EventConnection `json:"connection"`
	CreatedAt  int64           `json:"createdAt"`
	Name       string          `json:"name"`
	VideoType  string          `json:"videoType,omitempty"` // absent for audio only
}

// monitor adds the session events of a step to its transition, if the application wants them.
func (r *room) monitor(t *store.Transition, next archive.Session, effects []archive.Effect) error {
	notices := sessionNotices(r.state, next, effects)
	if len(notices) == 0 {
		return nil
	}
	return r.addEvents(r.background(), t, next.ApplicationID, r.id, notices)
}

// sessionNotices returns what a step from one state to the next has to say to who monitors the session.
func sessionNotices(from, to archive.Session, effects []archive.Effect) []archive.Notice {
	var notices []archive.Notice
	for _, e := range effects {
		if e.Kind == archive.DoNotify && monitored(e.Notice.Kind) {
			notices = append(notices, e.Notice)
		}
	}
	if len(notices) == 0 {
		return nil
	}
	last := notices[len(notices)-1]
	switch before, after := len(from.Connections), len(to.Connections); {
	case before == 0 && after > 0:
		notices = slices.Insert(notices, 0, archive.Notice{Kind: sessionCreated, At: notices[0].At})
	case before > 0 && after == 0:
		notices = append(notices, archive.Notice{Kind: sessionDestroyed, At: last.At, Reason: last.Reason})
	}
	return notices
}

func monitored(kind archive.NoticeKind) bool {
	switch kind {
	case archive.ConnectionCreated, archive.ConnectionDestroyed, archive.StreamCreated, archive.StreamDestroyed:
		return true
	default:
		return kind == archive.SessionNotification
	}
}

// addEvents adds webhooks for notices, and a job that delivers them.
func (c *Control) addEvents(ctx context.Context, t *store.Transition, applicationID, sessionID string, notices []archive.Notice) error {
	app, err := c.Store.Application(ctx, applicationID)
	if errors.Is(err, store.ErrNotFound) || err == nil && app.SessionCallbackURL == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read application: %w", err)
	}
	for _, n := range notices {
		body, err := json.Marshal(sessionEvent(app, sessionID, n))
		if err != nil {
			return fmt.Errorf("encode session event: %w", err)
		}
		t.Deliveries = append(t.Deliveries, store.Delivery{ApplicationID: app.ID, SessionID: sessionID,
			URL: app.SessionCallbackURL, Body: body, CreatedAt: n.At})
	}
	t.Jobs = append(t.Jobs, store.Job{Kind: store.JobWebhook, ApplicationID: app.ID, SessionID: sessionID, At: notices[0].At})
	return nil
}

func sessionEvent(app session.Application, sessionID string, n archive.Notice) SessionEvent {
	e := SessionEvent{SessionID: sessionID, ProjectID: app.ID, ApplicationID: app.ID, Event: n.Kind, Reason: n.Reason, Timestamp: n.At.UnixMilli()}
	client := EventConnection{ID: n.Connection.ID, CreatedAt: n.Connection.CreatedAt.UnixMilli(), Data: n.Connection.Data}
	switch n.Kind {
	case archive.ConnectionCreated, archive.ConnectionDestroyed:
		e.Connection = &client
	case archive.StreamCreated, archive.StreamDestroyed:
		e.Stream = &EventStream{ID: n.Stream.ID, Connection: client, CreatedAt: n.Stream.CreatedAt.UnixMilli(), Name: n.Stream.Name, VideoType: n.Stream.VideoType}
	default: // about the session itself
	}
	return e
}

// announceGone tells who monitors sessions that the clients of an earlier process are gone: those whose coming was announced
// and whose going was not.
func (c *Control) announceGone(ctx context.Context) error {
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
		if err := replay(&s, d.Body); err != nil {
			return fmt.Errorf("recover session %s: %w", d.SessionID, err)
		}
		present[d.SessionID] = s
	}
	for _, id := range order {
		s := present[id]
		var t store.Transition
		if err := c.addEvents(ctx, &t, s.ApplicationID, id, gone(s, c.Clock.Now(s.ApplicationID))); err != nil {
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

// replay applies an announced event to what is known of the session's clients.
func replay(s *archive.Session, body []byte) error {
	var e SessionEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Connection != nil {
		c := archive.Connection{ID: e.Connection.ID, Data: e.Connection.Data, CreatedAt: time.UnixMilli(e.Connection.CreatedAt)}
		s.Connections = slices.DeleteFunc(s.Connections, func(x archive.Connection) bool { return x.ID == c.ID })
		if e.Event == archive.ConnectionCreated {
			s.Connections = append(s.Connections, c)
		}
	}
	if e.Stream != nil {
		st := archive.Stream{ID: e.Stream.ID, ConnectionID: e.Stream.Connection.ID, Name: e.Stream.Name, VideoType: e.Stream.VideoType,
			CreatedAt: time.UnixMilli(e.Stream.CreatedAt)}
		s.Streams = slices.DeleteFunc(s.Streams, func(x archive.Stream) bool { return x.ID == st.ID })
		if e.Event == archive.StreamCreated {
			s.Streams = append(s.Streams, st)
		}
	}
	return nil
}

// gone ends the connection of every client of s and then s itself.
func gone(s archive.Session, now time.Time) []archive.Notice {
	const reason = "networkDisconnected"
	var notices []archive.Notice
	for _, c := range s.Connections {
		for _, st := range s.Streams {
			if st.ConnectionID == c.ID {
				notices = append(notices, archive.Notice{Kind: archive.StreamDestroyed, At: now, Connection: c, Stream: st, Reason: reason})
			}
		}
		notices = append(notices, archive.Notice{Kind: archive.ConnectionDestroyed, At: now, Connection: c, Reason: reason})
	}
	return append(notices, archive.Notice{Kind: sessionDestroyed, At: now, Reason: reason})
}
