package archive

import (
	"time"

	"reelcheck/reference/internal/layout"
)

// Event is something that happened to a session.
type Event interface{ event() }

// Connect: a client joined. ArchiveID is for the automatic archive that it may set off.
type Connect struct {
	Connection Connection
	ArchiveID  string
}

// Disconnect: a client left, and with it its streams.
type Disconnect struct{ ConnectionID, Reason string }

// Publish: the first media of a stream arrived.
type Publish struct{ Stream Stream }

// Unpublish: a stream ended.
type Unpublish struct{ StreamID, Reason string }

// Classify: layout classes of streams were replaced.
type Classify struct{ Classes map[string][]string }

// Start: the start call for a new archive, with the id it shall have, of an application that prefers a video codec.
type Start struct {
	ArchiveID           string
	Request             Request
	PreferredVideoCodec string
}

// Arrange: the call that changes an archive's layout.
type Arrange struct {
	ArchiveID string
	Layout    layout.Layout
}

// Stop: the stop call.
type Stop struct{ ArchiveID string }

// Delete: the delete call.
type Delete struct{ ArchiveID string }

// AddStream: the call that takes a stream into an archive with streamMode manual, or changes what is taken of it.
type AddStream struct {
	ArchiveID string
	Inclusion Inclusion
}

// RemoveStream: the call that takes it out again.
type RemoveStream struct{ ArchiveID, StreamID string }

// Migrate: the application asks to move the session to another server. ArchiveID is for the automatic archive that continues there.
type Migrate struct{ ArchiveID string }

// Rotate: the server plans to move the session at an instant, or moves it now when At has passed.
type Rotate struct {
	At        time.Time
	ArchiveID string
}

// Elapse: the instant of a deadline has come. A deadline that no longer stands is ignored. ArchiveID is for the automatic archive
// that may follow.
type Elapse struct {
	Deadline  Deadline
	ArchiveID string
}

// Finish: the composition of a stopped archive is complete; with a password it is encrypted.
type Finish struct {
	ArchiveID string
	Size      int64
	Password  string
}

// Fail: the composition broke for good, or the file could not be stored and fallback is off.
type Fail struct{ ArchiveID string }

// Store: the file arrived in the application's own target (Uploaded) or in the built-in cloud (Available).
type Store struct {
	ArchiveID string
	Status    Status
	SHA256Sum string
}

// Expire: the built-in cloud no longer keeps the file.
type Expire struct{ ArchiveID string }

// Interrupt: the server was down. Every client is gone, and the media of live archives ends at At.
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
