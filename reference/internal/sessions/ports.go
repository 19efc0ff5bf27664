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

// Publication is a stream whose first media packet has just arrived.
type Publication struct {
	ApplicationID, SessionID string
	ConnectionData           string // data of the client's token
	Stream                   archive.Stream
	At                       av.Instant // the first media
	KeyFrame                 func()     // asks the publisher for a key frame
	Flush                    func()     // if set, passes what has come, and is held for its time, to the sink
}

// Sink takes the samples of one stream. See rtp.Sink for the contract.
type Sink interface {
	Append(av.Sample) error
	Report(video bool, stamp int64, captured av.Instant) error
	Advance(video bool, t av.Instant) error
}

// File is a finished composition. Password tells the holder of the application's certificate how to decrypt it; "" = not encrypted.
type File struct {
	Size     int64
	Password string
}

// Recorder turns published media into archive files. Its methods are safe for concurrent use; calls for one session come in order. After a
// crash, calls other than Stream may be repeated with the same arguments, and must then change nothing.
type Recorder interface {
	// Stream returns the sink for a stream's samples. The sink discards them while no archive of the session records. When recording begins, the
	// recorder asks p for a key frame.
	Stream(p Publication) (Sink, error)
	// StreamEnded closes the sink of a stream, after a Flush.
	StreamEnded(sessionID, streamID string, at av.Instant, reason string) error

	// Compose begins the live composition of a, or begins it again after a crash, and returns. When the archive has stopped and its file is
	// complete and on disk, the recorder calls done once, from its own goroutine. It never calls done if ctx ends first.
	Compose(ctx context.Context, a archive.Archive, done func(File, error)) error
	// Note puts an event on the session's timeline: of an archive, the layout classes of a stream, or a jump of policy time. If the event may
	// change places in the picture, the recorder asks publishers for key frames.
	Note(sessionID string, e timeline.Event) error

	// Open opens a finished composition for reading.
	Open(a archive.Archive) (r io.ReadCloser, size int64, err error)
	// Discard removes what is kept for the archive: its file, and the journal once no archive of the session needs it.
	Discard(sessionID, archiveID string) error
	// Recover repairs the session's journal after a crash and ends the streams that were open there. It must be called before anything else
	// about the session. The journal is kept until Compose or Discard was called for each of the unfinished archives. last is the newest media
	// instant on disk; ok is false if there is none.
	Recover(sessionID string, unfinished []string) (last av.Instant, ok bool, err error)
}

// Subscription is a client's connection to a session.
type Subscription struct {
	// Session is the session as of the connection, the new client included.
	Session archive.Session
	// C delivers an ArchiveStarted for each live archive, then what happens to archives and to other clients. It is closed after a notice that
	// says why the client was disconnected, or without one if the client does not keep up.
	C <-chan archive.Notice
}

// Store keeps sessions and archives. Package sqlstore documents each method.
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
	// Monitored returns, in order, the announced events of sessions whose end was not announced yet.
	Monitored(ctx context.Context) ([]store.Delivery, error)
}

// Jobs runs the jobs of committed transitions.
type Jobs interface {
	// Pending returns the unfinished jobs, the next due first.
	Pending(ctx context.Context, applicationID string) ([]store.Job, error)
	// Settle returns when no job is due or running.
	Settle(ctx context.Context, applicationID string) error
	// SetClock moves the application's clock together with its jobs.
	SetClock(ctx context.Context, applicationID string, offset time.Duration) error
	// Reset removes everything the application has, including its jobs, and sets its clock offset to zero.
	Reset(ctx context.Context, applicationID string) error
}

// Cloud holds the files of archives in the built-in cloud.
type Cloud interface {
	Erase(ctx context.Context, a archive.Archive) error
	EraseApplication(applicationID string) error
}
