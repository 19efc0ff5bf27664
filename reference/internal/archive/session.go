package archive

import "time"

// Media and archive modes of a session.
const (
	Routed  = "routed"
	Relayed = "relayed"
	Always  = "always" // the other archive mode is [Manual]
)

// Session is a session with its connected clients and the archives that an event can affect: all pending ones, and the one the event is about
// even if it is not pending.
type Session struct {
	ID                string    `json:"id"`
	ApplicationID     string    `json:"applicationId"`
	MediaMode         string    `json:"mediaMode"`
	ArchiveMode       string    `json:"archiveMode"`
	ArchiveName       string    `json:"archiveName"`       // name of automatic archives
	ArchiveResolution string    `json:"archiveResolution"` // resolution of automatic archives; "" = DefaultResolution
	CreatedAt         time.Time `json:"createdAt"`

	Connections []Connection `json:"connections,omitempty"` // oldest first
	Streams     []Stream     `json:"streams,omitempty"`     // oldest first
	// EmptySince is when the last client left. It is zero while clients are connected and before the first one.
	EmptySince time.Time `json:"emptySince"`

	// MoveAt is when a planned rotation moves the session to another server. WarnedAt is when the clients were last notified of it. MovedAt is
	// when the session last moved. Each is zero if there is none.
	MoveAt   time.Time `json:"moveAt"`
	WarnedAt time.Time `json:"warnedAt"`
	MovedAt  time.Time `json:"movedAt"`

	Archives []Archive `json:"archives,omitempty"` // oldest first
}

// Connection is one client of a session.
type Connection struct {
	ID        string    `json:"id"`
	Data      string    `json:"data"`
	CreatedAt time.Time `json:"createdAt"`
}

// Stream is one published stream of a session.
type Stream struct {
	ID            string    `json:"id"`
	ConnectionID  string    `json:"connectionId"`
	Name          string    `json:"name"`
	VideoType     string    `json:"videoType"` // camera, screen, custom; "" when it has no video
	LayoutClasses []string  `json:"layoutClasses,omitempty"`
	HasAudio      bool      `json:"hasAudio"`
	HasVideo      bool      `json:"hasVideo"`
	CreatedAt     time.Time `json:"createdAt"`
}

// Archive returns the archive with this id.
func (s Session) Archive(id string) (Archive, bool) {
	for _, a := range s.Archives {
		if a.ID == id {
			return a, true
		}
	}
	return Archive{}, false
}

// Connection returns the connection with this id.
func (s Session) Connection(id string) (Connection, bool) {
	for _, c := range s.Connections {
		if c.ID == id {
			return c, true
		}
	}
	return Connection{}, false
}

// Stream returns the stream with this id.
func (s Session) Stream(id string) (Stream, bool) {
	for _, st := range s.Streams {
		if st.ID == id {
			return st, true
		}
	}
	return Stream{}, false
}
