package sessions

import (
	"context"
	"io"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/timeline"
)

// Publication is a stream whose first media packet just arrived.
type Publication struct {
	ApplicationID, SessionID, ConnectionID, StreamID string

	Name, VideoType    string
	ConnectionData     string // of the token
	LayoutClasses      []string
	HasAudio, HasVideo bool
	At                 av.Instant // the first media
	KeyFrame           func()     // asks the publisher for a key frame
}

// Sink takes the samples of one stream; see rtp.Sink.
type Sink interface {
	Append(av.Sample) error
	Report(video bool, stamp int64, captured av.Instant) error
	Advance(video bool, t av.Instant) error
}

// File is a finished composition. Password tells the holder of the application's certificate how it is encrypted; "" = it is not.
type File struct {
	Size     int64
	Password string
}

// Recorder turns published media into archive files. Every method is safe for concurrent use, and for one session calls come
// in order. All but Stream may be repeated for the same arguments (after a crash they are) and then change nothing.
type Recorder interface {
	// Stream returns where a stream's samples go. They are discarded while no archive of the session records; when recording
	// begins the recorder asks p for a key frame.
	Stream(p Publication) (Sink, error)
	// StreamEnded closes the sink of a stream.
	StreamEnded(sessionID, streamID string, at av.Instant, reason string) error

	// Compose begins the live composition of a, or begins it again after a crash, and returns. Once the archive was stopped and
	// its file is complete and on disk, done is called, once, from the recorder's goroutine; not at all when ctx ends before.
	Compose(ctx context.Context, a archive.Archive, done func(File, error)) error
	// Note puts an event of an archive, the layout classes of a stream, or a jump of policy time on the session's timeline. Where places in the
	// picture may change, the recorder asks publishers for key frames.
	Note(sessionID string, e timeline.Event) error

	// Open reads a finished composition.
	Open(a archive.Archive) (r io.ReadCloser, size int64, err error)
	// Discard frees what is kept for the archive: its file, and the journal once no archive of the session needs it.
	Discard(sessionID, archiveID string) error
	// Recover repairs what a crash left of the session's journal and ends the streams that were open there, before anything else
	// is asked about the session. The journal stays until Compose was called for all these archives, which need it, or they were
	// discarded. last is the newest media instant on disk; ok is false when there is none.
	Recover(sessionID string, unfinished []string) (last av.Instant, ok bool, err error)
}

// Subscription is a client's connection to a session.
type Subscription struct {
	// Session is the session as of the connection, the new client included.
	Session archive.Session
	// C delivers the archives that run, as ArchiveStarted, and what happens from then on to others and to archives. It is closed when the client was disconnected, by Disconnect
	// or by the server, after a last notice that says why, and when the client does not keep up.
	C <-chan archive.Notice
}

// Store keeps sessions and archives; see package sqlstore for the meaning of each method.
type Store interface {
	Applications(ctx context.Context) ([]account.Application, error)
	Application(ctx context.Context, id string) (account.Application, error)
	DeleteApplication(ctx context.Context, id string) error

	CreateSession(ctx context.Context, s archive.Session) error
	Session(ctx context.Context, id string) (archive.Session, error)
	Unsettled(ctx context.Context) (sessionIDs []string, err error)

	Archive(ctx context.Context, applicationID, id string) (archive.Archive, error)
	Archives(ctx context.Context, applicationID string, q archive.Query) (page []archive.Archive, total int, err error)

	// Commit makes a transition durable, enqueues its jobs, and returns the ids of its outbox.
	Commit(ctx context.Context, t store.Transition) (acts []int64, err error)
	Outbox(ctx context.Context, sessionID string) ([]store.Act, error)
	// Monitored returns the events of sessions whose end was not announced yet, in order.
	Monitored(ctx context.Context) ([]store.Delivery, error)
}

// Jobs is the engine behind the jobs of committed transitions.
type Jobs interface {
	// Pending lists unfinished jobs, the next due first.
	Pending(ctx context.Context, applicationID string) ([]store.Job, error)
	// Settle returns when no job is due or running.
	Settle(ctx context.Context, applicationID string) error
	// SetClock moves the application's clock together with its jobs.
	SetClock(ctx context.Context, applicationID string, offset time.Duration) error
	// Reset removes everything the application has, its jobs included, and sets its clock back.
	Reset(ctx context.Context, applicationID string) error
}

// Cloud holds the files of archives in the built-in cloud.
type Cloud interface {
	Erase(ctx context.Context, a archive.Archive) error
	EraseApplication(applicationID string) error
}
