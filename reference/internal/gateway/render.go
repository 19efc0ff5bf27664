package gateway

import (
	"errors"
	"slices"

	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/archive"
)

// connected returns the first message of a client: its own connection, and what was there before it.
func connected(s archive.Session, id string) apigen.ClientEvent {
	own, _ := s.Connection(id)
	self := renderConnection(own)
	others, streams, archives := []apigen.EventConnection{}, []apigen.ClientStream{}, []apigen.ClientArchive{}
	for _, c := range s.Connections {
		if c.ID != id {
			others = append(others, renderConnection(c))
		}
	}
	for _, st := range s.Streams {
		streams = append(streams, renderStream(st))
	}
	for _, a := range s.Archives {
		if a.Status.Live() {
			archives = append(archives, apigen.ClientArchive{Id: a.ID, Name: a.Name})
		}
	}
	return apigen.ClientEvent{
		Type:         apigen.ClientEventTypeConnected,
		SessionId:    s.ID,
		Timestamp:    own.CreatedAt.UnixMilli(),
		ConnectionId: &id,
		Connection:   &self,
		Connections:  &others,
		Streams:      &streams,
		Archives:     &archives,
	}
}

// render returns a notice as an event. Its kind determines which members it has.
func render(sessionID string, n archive.Notice) apigen.ClientEvent {
	e := apigen.ClientEvent{Type: apigen.ClientEventType(n.Kind), SessionId: sessionID, Timestamp: n.At.UnixMilli()}
	if n.Connection.ID != "" {
		c := renderConnection(n.Connection)
		e.Connection = &c
	}
	if n.Stream.ID != "" {
		st := renderStream(n.Stream)
		e.Stream = &st
	}
	if n.ArchiveID != "" {
		e.Archive = &apigen.ClientArchive{Id: n.ArchiveID, Name: n.Name}
	}
	if n.Reason != "" {
		e.Reason = &n.Reason
	}
	return e
}

func renderConnection(c archive.Connection) apigen.EventConnection {
	return apigen.EventConnection{Id: c.ID, CreatedAt: c.CreatedAt.UnixMilli(), Data: &c.Data}
}

func renderStream(st archive.Stream) apigen.ClientStream {
	out := apigen.ClientStream{
		Id: st.ID, ConnectionId: st.ConnectionID, Name: st.Name, CreatedAt: st.CreatedAt.UnixMilli(),
		HasAudio: st.HasAudio, HasVideo: st.HasVideo, LayoutClassList: append([]string{}, st.LayoutClasses...),
	}
	if kind := apigen.VideoType(st.VideoType); kind != "" {
		out.VideoType = &kind
	}
	return out
}

// isNotFound reports whether err says that what should end has ended already.
func isNotFound(err error) bool {
	var e *archive.Error
	return errors.As(err, &e) && slices.Contains([]archive.Kind{archive.NotFound, archive.Conflict}, e.Kind)
}
