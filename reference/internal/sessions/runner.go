// Package sessions runs sessions, in one goroutine (a room) for each session that has clients or unfinished archives. It lets [archive.Step]
// decide, commits the decision together with its jobs, and only then acts:
//
//	runner := sessions.New(sessions.Config{Store: store, Jobs: jobs, Clock: clock, Recorder: recorder, Cloud: cloud})
//	if err := runner.Recover(ctx); err != nil {
//		return err
//	}
//	defer runner.Close()
//	a, err := runner.StartArchive(ctx, applicationID, request)
//
// The caller must call [Runner.Recover] before anything else, and [Runner.Disconnect] and [Runner.Ended] once for each client that connected and
// each stream that was published. Refusals are of type [*archive.Error]; any other error is internal.
package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/store"
)

// Config is the configuration of a [Runner]. Every field but Log is required.
type Config struct {
	Store    Store
	Jobs     Jobs
	Clock    *clock.Clock
	Recorder Recorder
	Cloud    Cloud
	Log      *slog.Logger
}

// Runner runs all sessions of a server. It is safe for concurrent use.
type Runner struct {
	Config
	ctx    context.Context // ends when Close begins
	cancel context.CancelFunc
	rooms  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	open    map[string]*room  // by session id
	streams map[string]string // session id by stream id

	walks sync.Map     // *steps by application id
	ended await.Signal // sent when a composition has ended or is no longer wanted
}

// steps serializes the walks of an application's clock. While a walk is under way, it alone handles deadlines.
type steps struct {
	sync.Mutex
	underWay atomic.Bool
}

func (c *Runner) steps(applicationID string) *steps {
	s, _ := c.walks.LoadOrStore(applicationID, &steps{})
	return s.(*steps)
}

// New returns a runner. Call [Runner.Recover] before anything else.
func New(c Config) *Runner {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Runner{Config: c, ctx: ctx, cancel: cancel, open: map[string]*room{}, streams: map[string]string{}}
}

// Close ends the goroutines of all sessions and waits for them. It does not end live archives; the next [Runner.Recover] does.
func (c *Runner) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.rooms.Wait()
}

var errClosed = &archive.Error{Kind: archive.Unavailable, Message: "the server is shutting down"}

// op is an operation in a session's goroutine. reply is buffered, so that the answer never blocks.
type op struct {
	do    func(*room) error
	reply chan error
}

// post queues an operation for the session's goroutine, and starts the goroutine if it does not run.
func (c *Runner) post(sessionID string, do func(*room) error) <-chan error {
	o := op{do: do, reply: make(chan error, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		o.reply <- errClosed
		return o.reply
	}
	r := c.open[sessionID]
	if r == nil {
		r = &room{Runner: c, id: sessionID, wake: make(chan struct{}, 1), clients: map[string]chan archive.Notice{}}
		c.open[sessionID] = r
		c.rooms.Go(r.run)
	}
	r.queue = append(r.queue, o)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return o.reply
}

// enter runs do in the session's goroutine and waits for it. If ctx ends first, do runs all the same.
func (c *Runner) enter(ctx context.Context, sessionID string, do func(*room) error) error {
	select {
	case err := <-c.post(sessionID, do):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// in is like enter, but reports sessions of other applications as not found.
func (c *Runner) in(ctx context.Context, applicationID, sessionID string, do func(*room) error) error {
	return c.enter(ctx, sessionID, func(r *room) error {
		if r.state.ApplicationID != applicationID { // ARC-START-20
			return noSession(sessionID)
		}
		return do(r)
	})
}

func noSession(id string) error {
	return &archive.Error{Kind: archive.NotFound, Field: "sessionId", Message: fmt.Sprintf("session %s does not exist", id)}
}

func noArchive(id string) error {
	return &archive.Error{Kind: archive.NotFound, Message: fmt.Sprintf("archive %s does not exist", id)}
}

func newID() string { return uuid.NewString() }

// isNotFound reports whether err says that a session, archive, client or stream does not exist.
func isNotFound(err error) bool {
	var e *archive.Error
	return errors.Is(err, store.ErrNotFound) || errors.As(err, &e) && e.Kind == archive.NotFound
}
