package sessions

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/sessions/effect"
	"reelcheck/reference/internal/store"
)

// retryAfter is the policy time between two attempts to commit something that the store did not take.
const retryAfter = time.Second

// room runs one session. Its goroutine owns all fields but queue, which Runner.mu guards.
type room struct {
	*Runner
	id    string
	queue []op
	wake  chan struct{}

	state   archive.Session
	clients map[string]chan archive.Notice // by connection id
	done    []int64                        // outbox ids of performed acts, to be removed with the next commit
	decided time.Time                      // policy time of the last decision
	facts   []fact                         // to be retried, because the store failed
	retry   time.Time                      // after a failed commit, no deadline or fact is tried before this policy time
	removed bool                           // the session is no longer in the store; nothing is answered from state
}

func (r *room) run() {
	defer r.leave()
	state, err := r.Store.Session(r.background(), r.id)
	if errors.Is(err, store.ErrNotFound) {
		err = noSession(r.id)
	}
	if other := (*store.Elsewhere)(nil); errors.As(err, &other) {
		err = &archive.Error{Kind: archive.Misdirected, Field: "sessionId",
			Message: fmt.Sprintf("session %s is held by another server: %s", r.id, other.URL)}
	}
	if err != nil {
		r.refuse(err)
		return
	}
	r.state = state
	for {
		ops, running := r.take()
		if !running {
			return
		}
		r.serve(ops)
		if r.removed {
			r.refuse(noSession(r.id))
			return
		}
		r.catchUp()
		r.elapse()
		if len(ops) == 0 && !r.wait() {
			r.refuse(errClosed)
			return
		}
	}
}

// take takes the queued operations. If there are none and the room is idle, it closes the room and returns false.
func (r *room) take() (ops []op, running bool) {
	r.mu.Lock()
	idle := len(r.queue) == 0 && r.idle()
	r.mu.Unlock()
	if idle {
		r.flush() // outside the lock: it writes
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 && r.idle() && len(r.done) == 0 {
		delete(r.open, r.id)
		return nil, false
	}
	ops, r.queue = r.queue, nil
	return ops, true
}

// serve does the operations. It refuses those that follow the removal of the session.
func (r *room) serve(ops []op) {
	for _, o := range ops {
		if r.removed {
			o.reply <- noSession(r.id)
		} else {
			o.reply <- o.do(r)
		}
	}
}

// refuse answers all queued operations with err and closes the room.
func (r *room) refuse(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.queue {
		o.reply <- err
	}
	r.queue = nil
	delete(r.open, r.id)
}

// wait returns when an operation was queued or a deadline has come. It returns false when the runner closes.
func (r *room) wait() bool {
	var due <-chan time.Time
	if at, waits := r.next(); waits {
		timer := r.Clock.Timer(r.state.ApplicationID, at)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-r.wake:
	case <-due: // run handles the deadline
	case <-r.ctx.Done():
		return false
	}
	return true
}

// next returns the policy time of the next deadline or retry. waits is false if there is none.
func (r *room) next() (at time.Time, waits bool) {
	if len(r.facts) > 0 {
		return r.retry, true
	}
	deadlines := archive.Deadlines(r.state)
	if len(deadlines) == 0 || r.walking() {
		return at, false
	}
	if at = deadlines[0].At; at.Before(r.retry) {
		at = r.retry
	}
	return at, true
}

// idle reports whether nothing can happen in the room unless another goroutine posts an operation.
func (r *room) idle() bool {
	return len(r.state.Connections) == 0 && len(r.clients) == 0 && len(r.facts) == 0 &&
		!slices.ContainsFunc(r.state.Archives, func(a archive.Archive) bool { return a.Status.Live() || !a.FileReady })
}

func (r *room) leave() {
	r.flush()
	for id := range r.clients {
		r.hangUp(id, archive.Notice{})
	}
}

// background returns a context for work that must be finished even while the runner closes.
func (r *room) background() context.Context { return context.WithoutCancel(r.ctx) }

// walking reports whether [Runner.Advance] is moving the application's clock. It then handles the deadlines itself.
func (r *room) walking() bool { return r.steps(r.state.ApplicationID).underWay.Load() }

// elapse handles every deadline that has come.
func (r *room) elapse() {
	now := r.Clock.Now(r.state.ApplicationID)
	if now.Before(r.retry) || r.walking() { // decision 14
		return
	}
	for _, d := range archive.Deadlines(r.state) {
		if d.At.After(now) {
			return
		}
		if err := r.strike(archive.Elapse{Deadline: d, ArchiveID: newID()}); err != nil {
			r.Log.Error("deadline failed", "session", r.id, "archive", d.ArchiveID, "kind", d.Kind, "error", err)
			r.retry = now.Add(retryAfter)
			return
		}
	}
}

// step applies an event that happened at the media instant at. On a busy machine that may be a while ago; step then decides as of that time, so
// that durations agree with the media. Policy time never goes back (decision 5).
func (r *room) step(e archive.Event, at av.Instant) error {
	then := r.Clock.Now(r.state.ApplicationID).Add(-clock.Media().Sub(at))
	if then.Before(r.decided) {
		then = r.decided
	}
	return r.decide(e, then, at)
}

// strike applies an event that happens now.
func (r *room) strike(e archive.Event) error {
	return r.decide(e, r.Clock.Now(r.state.ApplicationID), clock.Media())
}

// decide decides, commits, then acts. If it returns an error, nothing has changed (ARC-START-17).
func (r *room) decide(e archive.Event, now time.Time, at av.Instant) error {
	next, effects, err := archive.Step(r.state, e, now)
	if err != nil {
		return err
	}
	t, err := r.transition(next, effects, at)
	if err != nil {
		return err
	}
	var ids []int64
	if len(t.Archives)+len(t.Outbox)+len(t.Deliveries)+len(t.Jobs) > 0 {
		if ids, err = r.Store.Commit(r.background(), t); err != nil { // ARC-STAT-10
			return fmt.Errorf("session %s: %w", r.id, err)
		}
		r.done = nil
	}
	r.state, r.decided = next, now
	r.act(effects, ids, at)
	return nil
}

// transition returns what must be durable before the effects are performed.
func (r *room) transition(next archive.Session, effects []archive.Effect, at av.Instant) (store.Transition, error) {
	t := store.Transition{Done: r.done}
	if err := r.monitor(&t, next, effects); err != nil {
		return t, err
	}
	for _, a := range next.Archives {
		if before, known := r.state.Archive(a.ID); !known || !reflect.DeepEqual(a, before) {
			t.Archives = append(t.Archives, a)
		}
	}
	for _, e := range effects {
		job := store.Job{ApplicationID: next.ApplicationID, SessionID: r.id, ArchiveID: e.Archive.ID, At: e.At}
		switch e.Kind {
		case archive.DoAnnounce, archive.DoStreamAdded, archive.DoStreamRemoved: // ARC-CB-01, ARC-CB-03, ARC-CB-04, ARC-CB-24
			d, wanted, err := r.webhooks().Archive(r.background(), r.state.ApplicationID, r.id, e)
			if err != nil {
				return t, err
			}
			if wanted {
				t.Deliveries = append(t.Deliveries, d)
				job.Kind = store.JobWebhook
			}
		case archive.DoUpload:
			job.Kind = store.JobUpload
		case archive.DoExpire:
			job.Kind = store.JobExpire
		default:
			if effect.Durable(e.Kind) {
				t.Outbox = append(t.Outbox, store.Act{SessionID: r.id, Effect: e, At: at})
			}
		}
		if job.Kind != "" {
			t.Jobs = append(t.Jobs, job)
		}
	}
	return t, nil
}

// rest drops the archives that are no longer pending. Only events about them can concern them.
func (r *room) rest() {
	r.state.Archives = slices.DeleteFunc(slices.Clone(r.state.Archives), func(a archive.Archive) bool { return !a.Status.Pending() })
}

// about applies an event about one archive and returns the archive afterwards. It loads the archive first if it is not in the room's state.
func (r *room) about(id string, e archive.Event, at av.Instant) (archive.Archive, error) {
	defer r.rest()
	if _, here := r.state.Archive(id); !here {
		a, err := r.Store.Archive(r.background(), r.state.ApplicationID, id)
		if errors.Is(err, store.ErrNotFound) {
			return archive.Archive{}, noArchive(id)
		}
		if err != nil {
			return archive.Archive{}, err
		}
		r.state.Archives = append(slices.Clone(r.state.Archives), a)
	}
	err := r.step(e, at)
	a, _ := r.state.Archive(id)
	return a, err
}
