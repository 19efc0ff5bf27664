package callback

import (
	"encoding/json"
	"slices"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
)

// Kinds of session events that clients do not get. A session is created when its first client connects and destroyed when the last one has left.
// It may be created again.
const (
	sessionCreated   archive.NoticeKind = "sessionCreated"
	sessionDestroyed archive.NoticeKind = "sessionDestroyed"
)

// Event is the body of a session monitoring webhook.
type Event struct {
	SessionID     string             `json:"sessionId"`
	ProjectID     string             `json:"projectId"`
	ApplicationID string             `json:"applicationId"`
	Event         archive.NoticeKind `json:"event"`
	Reason        string             `json:"reason,omitempty"`
	Timestamp     int64              `json:"timestamp"` // ms
	Connection    *Client            `json:"connection,omitempty"`
	Stream        *Published         `json:"stream,omitempty"`
}

// Client is a connection in an [Event].
type Client struct {
	ID        string `json:"id"`
	CreatedAt int64  `json:"createdAt"`
	Data      string `json:"data"`
}

// Published is a stream in an [Event].
type Published struct {
	ID         string `json:"id"`
	Connection Client `json:"connection"`
	CreatedAt  int64  `json:"createdAt"`
	Name       string `json:"name"`
	VideoType  string `json:"videoType,omitempty"` // absent for audio only
}

// Notices returns the notices for the monitoring of a session that a step has caused.
func Notices(from, to archive.Session, effects []archive.Effect) []archive.Notice {
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
	case before == 0 && after > 0: // ARC-SES-10
		notices = slices.Insert(notices, 0, archive.Notice{Kind: sessionCreated, At: notices[0].At})
	case before > 0 && after == 0: // ARC-SES-12
		notices = append(notices, archive.Notice{Kind: sessionDestroyed, At: last.At, Reason: last.Reason})
	}
	return notices
}

func monitored(kind archive.NoticeKind) bool {
	switch kind {
	case archive.ConnectionCreated, archive.ConnectionDestroyed, archive.StreamCreated, archive.StreamDestroyed: // ARC-SES-09
		return true
	default:
		return kind == archive.SessionNotification // ARC-EVT-07
	}
}

// EventOf returns the body of the webhook for a notice.
func EventOf(app account.Application, sessionID string, n archive.Notice) Event {
	e := Event{SessionID: sessionID, ProjectID: app.ID, ApplicationID: app.ID, Event: n.Kind, Reason: n.Reason, Timestamp: n.At.UnixMilli()}
	client := Client{ID: n.Connection.ID, CreatedAt: n.Connection.CreatedAt.UnixMilli(), Data: n.Connection.Data}
	switch n.Kind {
	case archive.ConnectionCreated, archive.ConnectionDestroyed:
		e.Connection = &client
	case archive.StreamCreated, archive.StreamDestroyed:
		e.Stream = &Published{ID: n.Stream.ID, Connection: client, CreatedAt: n.Stream.CreatedAt.UnixMilli(), Name: n.Stream.Name, VideoType: n.Stream.VideoType}
	default: // about the session itself
	}
	return e
}

// Replay applies an announced event to the clients and streams in s.
func Replay(s *archive.Session, body []byte) error {
	var e Event
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

// Gone returns the notices that disconnect every client of s and then destroy s.
func Gone(s archive.Session, now time.Time) []archive.Notice {
	const reason = "networkDisconnected"
	var notices []archive.Notice
	for _, c := range s.Connections {
		for _, st := range s.Streams {
			if st.ConnectionID == c.ID {
				// ARC-SES-11
				notices = append(notices, archive.Notice{Kind: archive.StreamDestroyed, At: now, Connection: c, Stream: st, Reason: reason})
			}
		}
		notices = append(notices, archive.Notice{Kind: archive.ConnectionDestroyed, At: now, Connection: c, Reason: reason})
	}
	return append(notices, archive.Notice{Kind: sessionDestroyed, At: now, Reason: reason})
}
