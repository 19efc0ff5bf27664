package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
)

// Conditions for statements on River's table. The parameter of own is the suffix of this server's queues.
const (
	own     = " queue = kind || $1 "
	ofApp   = own + "AND args ->> 'applicationId' = $2 "
	waiting = " state IN ('available', 'scheduled', 'retryable') "
	later   = " state IN ('scheduled', 'retryable') "
)

// suffix returns the suffix of the names of this server's queues.
func (r *Runner) suffix() string {
	if r.Store.Server == "" {
		return ""
	}
	return "-" + r.Store.Server
}

func (r *Runner) queue(kind string) string { return kind + r.suffix() }

// now returns the present time in the database's form.
func (r *Runner) now() any { return r.Store.Instant(time.Now()) }

// Arguments of each kind of job. SQL can read the application's id in them, because moving a clock needs it.
type (
	webhookArgs struct{ store.Job }
	uploadArgs  struct{ store.Job }
	expireArgs  struct{ store.Job }
	mailArgs    struct{ store.Job }
)

func (a webhookArgs) job() store.Job { return a.Job }
func (a uploadArgs) job() store.Job  { return a.Job }
func (a expireArgs) job() store.Job  { return a.Job }
func (a mailArgs) job() store.Job    { return a.Job }

func (webhookArgs) Kind() string { return store.JobWebhook }
func (uploadArgs) Kind() string  { return store.JobUpload }
func (expireArgs) Kind() string  { return store.JobExpire }
func (mailArgs) Kind() string    { return store.JobMail }

// enqueue inserts jobs in the transaction of their step.
func (r *Runner) enqueue(ctx context.Context, tx sqlstore.Tx, jobs []store.Job) error {
	var many []river.InsertManyParams
	for _, j := range jobs {
		var args river.JobArgs
		switch j.Kind {
		case store.JobWebhook:
			args = webhookArgs{j}
		case store.JobUpload:
			args = uploadArgs{j}
		case store.JobExpire:
			args = expireArgs{j}
		case store.JobMail:
			args = mailArgs{j}
		default:
			return fmt.Errorf("enqueue: unknown kind of job %q", j.Kind)
		}
		opts := &river.InsertOpts{Queue: r.queue(j.Kind), MaxAttempts: maxAttempts}
		if due := r.Clock.Real(j.ApplicationID, j.At); time.Until(due) > 0 {
			opts.ScheduledAt = due
		}
		many = append(many, river.InsertManyParams{Args: args, InsertOpts: opts})
	}
	if _, err := r.river.InsertManyTx(ctx, tx, many); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// complete marks a job as done, at once. River does the same up to 250 ms after a worker returns, and then finds nothing to do.
func (r *Runner) complete(ctx context.Context, job store.Job) error {
	return r.settled(ctx, job.ID, nil)
}

// replace marks a job as done and enqueues another in its place, due at a policy instant. The new one has a new row, so that a late update by
// River for the old one cannot affect it.
func (r *Runner) replace(ctx context.Context, job store.Job, at time.Time) error {
	next := job
	next.At = at
	return r.settled(ctx, job.ID, []store.Job{next})
}

func (r *Runner) settled(ctx context.Context, id int64, next []store.Job) error {
	const done = "UPDATE river_job SET state = 'completed', finalized_at = $1 WHERE id = $2 AND state = 'running'"
	err := r.Store.InTx(ctx, func(tx sqlstore.Tx) error {
		if _, err := tx.ExecContext(ctx, done, r.now(), id); err != nil {
			return fmt.Errorf("complete job %d: %w", id, err)
		}
		if len(next) == 0 {
			return nil
		}
		return r.enqueue(ctx, tx, next)
	})
	if err != nil {
		return r.again(ctx, err)
	}
	r.changed.Send()
	return nil
}

// Pending returns the application's unfinished jobs, the next due first. It lists jobs with the same kind, session, archive and time once.
func (r *Runner) Pending(ctx context.Context, applicationID string) ([]store.Job, error) {
	rows, err := r.Store.Write.QueryContext(ctx, `SELECT min(id), kind, args ->> 'sessionId', args ->> 'archiveId', scheduled_at FROM river_job
		WHERE`+ofApp+`AND (state = 'running' OR`+waiting+`) GROUP BY 2, 3, 4, 5 ORDER BY 5, 1`, r.suffix(), applicationID)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	defer rows.Close()
	offset := r.Clock.Offset(applicationID)
	var jobs []store.Job
	for rows.Next() {
		j := store.Job{ApplicationID: applicationID}
		if err := rows.Scan(&j.ID, &j.Kind, &j.SessionID, &j.ArchiveID, &j.At); err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		j.At = j.At.UTC().Add(offset)
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

// SetClock moves the application's clock and its waiting jobs. No transition can commit in between.
func (r *Runner) SetClock(ctx context.Context, applicationID string, offset time.Duration) error {
	before := r.Clock.Offset(applicationID)
	move := `UPDATE river_job SET scheduled_at = ` + r.Store.Shifted + ` WHERE args ->> 'applicationId' = $2 AND` + waiting
	err := r.Store.SetClock(ctx, applicationID, offset, func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(ctx, move, fmt.Sprintf("%+.3f seconds", (before-offset).Seconds()), applicationID)
		if err == nil {
			r.Clock.SetOffset(applicationID, offset)
		}
		return err
	})
	if err != nil {
		r.Clock.SetOffset(applicationID, before)
		return fmt.Errorf("move clock of %s: %w", applicationID, err)
	}
	return nil
}

// Reset removes the application's jobs together with everything else it has, and sets its clock back to real time.
func (r *Runner) Reset(ctx context.Context, applicationID string) error {
	const forget = "DELETE FROM river_job WHERE args ->> 'applicationId' = $1 AND" + waiting
	before := r.Clock.Offset(applicationID)
	err := r.Store.ResetApplication(ctx, applicationID, func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(ctx, forget, applicationID)
		if err == nil {
			r.Clock.SetOffset(applicationID, 0)
		}
		return err
	})
	if err != nil {
		r.Clock.SetOffset(applicationID, before)
		return fmt.Errorf("reset %s: %w", applicationID, err)
	}
	return nil
}

// elsewhere waits until a job changes, or for a short while, because another process may have changed one.
func elsewhere(ctx context.Context, changed <-chan struct{}) error {
	patience := time.NewTicker(100 * time.Millisecond)
	defer patience.Stop()
	select {
	case <-changed:
		return nil
	case <-patience.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Settle runs the jobs that are due for the application, in the order in which they became due. It returns when no job is due or running.
func (r *Runner) Settle(ctx context.Context, applicationID string) error {
	const unsettled = "SELECT EXISTS (SELECT 1 FROM river_job WHERE" + ofApp + "AND (state = 'running' OR" + waiting + "AND scheduled_at <= $3))"
	for {
		changed := r.changed.Next()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		job, err := r.claim(context.WithoutCancel(ctx), applicationID)
		if err == nil {
			if r.work(ctx, job) != nil { // work has logged the error
				err = r.release(context.WithoutCancel(ctx), job.ID)
			}
			if err != nil {
				return fmt.Errorf("release job %d: %w", job.ID, err)
			}
			continue
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("await jobs: %w", err)
		}
		var busy bool
		if err := r.Store.Write.QueryRowContext(ctx, unsettled, r.suffix(), applicationID, r.now()).Scan(&busy); err != nil {
			return fmt.Errorf("await jobs: %w", err)
		}
		if !busy {
			return nil
		}
		if err := elsewhere(ctx, changed); err != nil {
			return err
		}
	}
}

// claim takes the application's next due job from River. The caller must complete, replace or release it.
func (r *Runner) claim(ctx context.Context, applicationID string) (store.Job, error) {
	const next = `UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = $3 WHERE` + waiting + `AND id = (
		SELECT id FROM river_job WHERE` + ofApp + `AND` + waiting + `AND scheduled_at <= $3 ORDER BY scheduled_at, id LIMIT 1)
		RETURNING id, kind, args ->> 'sessionId', args ->> 'archiveId'`
	job := store.Job{ApplicationID: applicationID}
	err := r.Store.Write.QueryRowContext(ctx, next, r.suffix(), applicationID, r.now()).Scan(&job.ID, &job.Kind, &job.SessionID, &job.ArchiveID)
	return job, err
}

// release returns a claimed job, to be retried soon.
func (r *Runner) release(ctx context.Context, id int64) error {
	_, err := r.Store.Write.ExecContext(ctx, "UPDATE river_job SET state = 'retryable', scheduled_at = $1 WHERE id = $2 AND state = 'running'",
		r.Store.Instant(time.Now().Add(retryOwn)), id)
	return err
}

// requeue makes the jobs available again that a dead process of this server left running.
func (r *Runner) requeue(ctx context.Context) error {
	const orphans = `UPDATE river_job SET state = 'available', scheduled_at = CASE WHEN scheduled_at > $2 THEN $2 ELSE scheduled_at END
		WHERE state = 'running' AND` + own
	if _, err := r.Store.Write.ExecContext(ctx, orphans, r.suffix(), r.now()); err != nil {
		return fmt.Errorf("requeue orphaned jobs: %w", err)
	}
	return nil
}

// wake makes due rows available at once. River itself looks every five seconds.
func (r *Runner) wake(ctx context.Context) error {
	due := "UPDATE river_job SET state = 'available' WHERE id IN (SELECT id FROM river_job WHERE" + later + "AND scheduled_at <= $2 AND" + own + r.Store.SkipLocked + ")"
	if _, err := r.Store.Write.ExecContext(ctx, due, r.suffix(), r.now()); err != nil {
		return fmt.Errorf("wake jobs: %w", err)
	}
	notify := &riverdriver.NotifyManyParams{Topic: "river_insert"}
	for kind := range concurrent {
		notify.Payload = append(notify.Payload, fmt.Sprintf(`{"queue":%q}`, r.queue(kind)))
	}
	return r.Store.River.GetExecutor().NotifyMany(ctx, notify)
}

// promote calls wake often, so that jobs run within a fraction of a second of their due time.
func (r *Runner) promote(ctx context.Context) {
	const any = "SELECT EXISTS (SELECT 1 FROM river_job WHERE" + later + "AND scheduled_at <= $2 AND" + own + ")"
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for away := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var due bool
		err := r.Store.Write.QueryRowContext(ctx, any, r.suffix(), r.now()).Scan(&due)
		if err == nil && due {
			err = r.wake(ctx)
		}
		if err != nil && ctx.Err() == nil && !away {
			r.Log.Warn("cannot look for due jobs", "error", err)
		}
		away = err != nil
	}
}
