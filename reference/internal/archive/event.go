package archive

import (
	"time"

	"reelcheck/reference/internal/layout"
)

// Event is something that happened to a session.
type Event interface{ event() }

// Connect says that a client joined. ArchiveID is the id of the automatic archive that this may start.
type Connect struct {
	Connection Connection
	ArchiveID  string
}

// Disconnect says that a client left. Its streams end too.
type Disconnect struct{ ConnectionID, Reason string }

// Publish says that the first media of a stream arrived.
type Publish struct{ Stream Stream }

// Unpublish says that a stream ended.
type Unpublish struct{ StreamID, Reason string }

// Classify replaces the layout classes of streams. The keys of Classes are stream ids.
type Classify struct{ Classes map[string][]string }

// Start is the call that starts an archive. ArchiveID is the id of the new archive, PreferredVideoCodec a setting of the application.
type Start struct {
	ArchiveID           string
	Request             Request
	PreferredVideoCodec string
}

// Arrange is the call that changes the layout of an archive.
type Arrange struct {
	ArchiveID string
	Layout    layout.Layout
}

// Stop is the call that stops an archive.
type Stop struct{ ArchiveID string }

// Delete is the call that deletes an archive.
type Delete struct{ ArchiveID string }

// AddStream is the call that adds a stream to an archive with streamMode manual, or changes which parts of the stream it takes.
type AddStream struct {
	ArchiveID string
	Inclusion Inclusion
}

// RemoveStream is the call that removes a stream from such an archive.
type RemoveStream struct{ ArchiveID, StreamID string }

// Migrate is the application's call to move the session to another server. ArchiveID is the id of the automatic archive that continues there.
type Migrate struct{ ArchiveID string }

// Rotate says that the server plans to move the session at At, or moves it now if At has passed.
type Rotate struct {
	At        time.Time
	ArchiveID string
}

// Elapse says that the instant of a deadline has come. A deadline that no longer stands is ignored. ArchiveID is the id of the automatic archive
// that may follow.
type Elapse struct {
	Deadline  Deadline
	ArchiveID string
}

// Finish says that the file of a stopped archive is complete. Password is set if the file is encrypted.
type Finish struct {
	ArchiveID string
	Size      int64
	Password  string
}

// Fail says that the composition failed for good, or that the file could not be stored and fallback is off.
type Fail struct{ ArchiveID string }

// Store says that the file is in the application's own target (Uploaded) or in the built-in cloud (Available).
type Store struct {
	ArchiveID string
	Status    Status
	SHA256Sum string
}

// Expire says that the built-in cloud no longer keeps the file.
type Expire struct{ ArchiveID string }

// Interrupt says that the server was down. All clients are gone, and the media of live archives ends at At.
type Interrupt struct{ At time.Time }

func (AddStream) event()    {}
func (RemoveStream) event() {}
func (Migrate) event()      {}
func (Rotate) event()       {}
func (Connect) event()      {}
func (Disconnect) event()   {}
func (Publish) event()      {}
func (Unpublish) event()    {}
func (Classify) event()     {}
func (Start) event()        {}
func (Arrange) event()      {}
func (Stop) event()         {}
func (Delete) event()       {}
func (Elapse) event()       {}
func (Finish) event()       {}
func (Fail) event()         {}
func (Store) event()        {}
func (Expire) event()       {}
func (Interrupt) event()    {}
