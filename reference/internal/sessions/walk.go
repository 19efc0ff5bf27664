package sessions

import (
	"context"
	"slices"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/timeline"
)

// Due is something that happens by itself at an instant of policy time: a limit or a job.
type Due struct {
	Kind      string
	At        time.Time
	SessionID string
	ArchiveID string

	limit archive.Deadline // set if it is a limit
	jobID int64            // set if it is a job
}

// Now returns the policy time of an application.
func (c *Runner) Now(applicationID string) time.Time { return c.Clock.Now(applicationID) }

// Offset returns how far the application's policy time is ahead of real time.
func (c *Runner) Offset(applicationID string) time.Duration { return c.Clock.Offset(applicationID) }

// Deadlines returns the pending limits and jobs of an application, earliest first.
func (c *Runner) Deadlines(ctx context.Context, applicationID string) ([]Due, error) {
	jobs, err := c.Jobs.Pending(ctx, applicationID)
	if err != nil {
		return nil, err
	}
	due := []Due{}
	for _, j := range jobs {
		due = append(due, Due{Kind: j.Kind, At: j.At, SessionID: j.SessionID, ArchiveID: j.ArchiveID, jobID: j.ID})
	}
	for _, id := range c.sessionsOf(applicationID) {
		var limits []archive.Deadline
		err := c.enter(ctx, id, func(r *room) error {
			limits = archive.Deadlines(r.state)
			return nil
		})
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		for _, d := range limits {
			due = append(due, Due{Kind: string(d.Kind), At: d.At, SessionID: d.SessionID, ArchiveID: d.ArchiveID, limit: d})
		}
	}
	slices.SortStableFunc(due, func(x, y Due) int { return x.At.Compare(y.At) })
	return due, nil
}

// sessionsOf returns the ids of the application's sessions that have a running room, sorted.
func (c *Runner) sessionsOf(applicationID string) []string {
	c.mu.Lock()
	rooms := make([]*room, 0, len(c.open))
	for _, r := range c.open {
		rooms = append(rooms, r)
	}
	c.mu.Unlock()
	var ids []string
	for _, r := range rooms {
		owner := make(chan string, 1)
		err := <-c.post(r.id, func(r *room) error { owner <- r.state.ApplicationID; return nil })
		if err == nil && <-owner == applicationID {
			ids = append(ids, r.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Walk is the result of moving a clock.
type Walk struct {
	Fired   []Due  // in the order in which they happened
	Skipped []Skip // one per archive that was recording, in the order in which the walk met them
}

// Skip says how far the clock jumped while an archive recorded. Its recorded time is longer than its media by this much.
type Skip struct {
	ArchiveID string
	By        time.Duration
}

func (w *Walk) skip(archiveID string, by time.Duration) {
	i := slices.IndexFunc(w.Skipped, func(s Skip) bool { return s.ArchiveID == archiveID })
	if i < 0 {
		i = len(w.Skipped)
		w.Skipped = append(w.Skipped, Skip{ArchiveID: archiveID})
	}
	w.Skipped[i].By += by
}

// Advance moves the application's clock forward to target, or not at all if target has passed. Everything due on the way happens in order, at
// its instant, and is complete, with files and webhooks, before the next. Advance returns what happened, even with an error. It ends early where
// two recording automatic archives begin to overlap. If it starts in such an overlap, it lets the overlap pass in real time. Other operations
// take effect meanwhile at the instant that the walk has reached.
func (c *Runner) Advance(ctx context.Context, applicationID string, target time.Time) (w Walk, err error) {
	if now := c.Now(applicationID); target.Before(now) {
		target = now
	}
	steps := c.steps(applicationID)
	steps.Lock()
	defer steps.Unlock()
	steps.underWay.Store(true)
	defer c.rearm(applicationID)
	defer steps.underWay.Store(false)
	for {
		if err := c.settle(ctx, applicationID); err != nil {
			return w, err
		}
		due, err := c.Deadlines(ctx, applicationID)
		if err != nil {
			return w, err
		}
		if slices.ContainsFunc(due, endsOverlap) {
			if err := c.sit(ctx, applicationID, earlier(due[0].At, target)); err != nil {
				return w, err
			}
		}
		if len(due) == 0 || due[0].At.After(target) {
			break
		}
		happened, err := c.strike(ctx, applicationID, due[0], &w)
		if err != nil {
			return w, err
		}
		if happened {
			w.Fired = append(w.Fired, due[0])
		}
		if happened && beginsOverlap(due[0]) {
			return w, nil
		}
	}
	if err := c.setClock(ctx, applicationID, target, &w); err != nil {
		return w, err
	}
	return w, c.settle(ctx, applicationID)
}

func beginsOverlap(d Due) bool { return d.limit.Media && d.limit.Kind == archive.DueOverlap }

func endsOverlap(d Due) bool { return d.limit.Media && d.limit.Kind != archive.DueOverlap }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// sit waits until the application's clock reaches t by itself.
func (c *Runner) sit(ctx context.Context, applicationID string, t time.Time) error {
	timer := c.Clock.Timer(applicationID, t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ctx.Done():
		return errClosed
	}
}

// strike moves the clock to d and lets d happen. happened is false if the limit no longer stood, or if the job is not due yet because its time
// in the store is rounded.
func (c *Runner) strike(ctx context.Context, applicationID string, d Due, w *Walk) (happened bool, err error) {
	if err := c.setClock(ctx, applicationID, d.At, w); err != nil {
		return false, err
	}
	if d.jobID == 0 {
		stood := make(chan bool, 1)
		err := c.enter(ctx, d.SessionID, func(r *room) error {
			stood <- d.limit.Stands(r.state)
			return r.strike(archive.Elapse{Deadline: d.limit, ArchiveID: newID()})
		})
		if isNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return <-stood, c.settle(ctx, applicationID)
	}
	if err := c.settle(ctx, applicationID); err != nil {
		return false, err
	}
	jobs, err := c.Jobs.Pending(ctx, applicationID)
	waits := slices.ContainsFunc(jobs, func(j store.Job) bool { return j.ID == d.jobID && j.At.Equal(d.At) })
	return !waits, err
}

// setClock moves the clock forward to t and records the jump for the archives that are recording. It does nothing if t has passed. It jumps by
// whole milliseconds, because the times of jobs in the store have that precision.
func (c *Runner) setClock(ctx context.Context, applicationID string, t time.Time, w *Walk) error {
	ahead := c.Clock.Until(applicationID, t)
	if ahead <= 0 {
		return nil
	}
	ahead = (ahead + time.Millisecond - 1).Truncate(time.Millisecond)
	if err := c.Jobs.SetClock(ctx, applicationID, c.Clock.Offset(applicationID)+ahead); err != nil {
		return err
	}
	for _, id := range c.sessionsOf(applicationID) {
		recording := make(chan []string, 1)
		err := c.enter(ctx, id, func(r *room) error {
			recording <- r.skip(ahead)
			return nil
		})
		if err != nil {
			if isNotFound(err) {
				continue
			}
			return err
		}
		for _, archiveID := range <-recording {
			w.skip(archiveID, ahead)
		}
	}
	return nil
}

// skip notes on the timeline that policy time jumped and media did not. It returns the archives that are recording.
func (r *room) skip(by time.Duration) (recording []string) {
	for _, a := range r.state.Archives {
		if !a.RecordingSince.IsZero() {
			recording = append(recording, a.ID)
		}
	}
	if len(recording) == 0 {
		return nil
	}
	if err := r.Recorder.Note(r.id, timeline.Event{Kind: timeline.Skipped, At: clock.Media(), Skip: by}); err != nil {
		r.Log.Error("cannot note a skip", "session", r.id, "error", err)
	}
	return recording
}

// settle waits until every stopped archive of the application has its file and no job is due.
func (c *Runner) settle(ctx context.Context, applicationID string) error {
	for ended := c.ended.Next(); c.composing(applicationID); ended = c.ended.Next() {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		case <-c.ctx.Done():
			return errClosed
		}
	}
	return c.Jobs.Settle(ctx, applicationID) // the upload was committed together with the end of the composition
}

func (c *Runner) composing(applicationID string) bool {
	for _, id := range c.sessionsOf(applicationID) {
		var waits bool
		<-c.post(id, func(r *room) error { // on an error the session is closed and nothing waits
			waits = slices.ContainsFunc(r.state.Archives, func(a archive.Archive) bool { return a.Status == archive.Stopped && !a.FileReady })
			return nil
		})
		if waits {
			return true
		}
	}
	return false
}

// rearm makes the application's sessions set their timers again.
func (c *Runner) rearm(applicationID string) {
	for _, id := range c.sessionsOf(applicationID) {
		c.post(id, func(*room) error { return nil })
	}
}
