// Package sessions runs sessions: one goroutine for each that has clients or unfinished archives. It lets [archive.Step] decide,
// commits what was decided together with the jobs it owes, and only then acts.
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

// Config of a [Runner]. Every field but Log is required.
type Config struct {
	Store    Store
	Jobs     Jobs
	Clock    *clock.Clock
	Recorder Recorder
	Cloud    Cloud
	Log      *slog.Logger
}

// Runner is safe for concurrent use.
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
	ended await.Signal // a composition ended, or is wanted no more
}

// steps are the walks of an application's clock, one after the other. While one is under way it alone lets deadlines strike.
type steps struct {
	sync.Mutex
	underWay atomic.Bool
}

func (c *Runner) steps(applicationID string) *steps {
	s, _ := c.walks.LoadOrStore(applicationID, &steps{})
	return s.(*steps)
}

// New makes a runner. Call [Runner.Recover] before anything else uses it.
func New(c Config) *Runner {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Runner{Config: c, ctx: ctx, cancel: cancel, open: map[string]*room{}, streams: map[string]string{}}
}

// Close ends the goroutines of all sessions and waits for them. Live archives are left as they are: the next [Runner.Recover] ends them.
func (c *Runner) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.rooms.Wait()
}

var errClosed = &archive.Error{Kind: archive.Unavailable, Message: "the server is shutting down"}

// op is one thing to do in a session's goroutine. reply has room for the answer.
type op struct {
	do    func(*room) error
	reply chan error
}

// post hands an operation to the session's goroutine, which is started if need be.
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

// enter does something in the session's goroutine and waits for it. When ctx ends first it is done all the same.
func (c *Runner) enter(ctx context.Context, sessionID string, do func(*room) error) error {
	select {
	case err := <-c.post(sessionID, do):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// in is enter for a caller who may only see sessions of one application.
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

// isNotFound reports whether err says that a row is not there.
func isNotFound(err error) bool {
	var e *archive.Error
	return errors.Is(err, store.ErrNotFound) || errors.As(err, &e) && e.Kind == archive.NotFound
}
