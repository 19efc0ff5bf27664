package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"reelcheck/reference/internal/store"
)

// realNow is the present in the form in which River writes instants.
const (
	riverTime = `%Y-%m-%d %H:%M:%f`
	realNow   = `strftime('` + riverTime + `', 'now')`
)

// args of the kinds. The row's owner stays readable in SQL, where a clock moves it.
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

// enqueue inserts jobs in the transaction of the step that owes them.
func (r *Runner) enqueue(ctx context.Context, tx *sql.Tx, jobs []store.Job) error {
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
		opts := &river.InsertOpts{Queue: j.Kind, MaxAttempts: maxAttempts}
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

// complete marks a job done, now. What River does after a worker returns comes up to 250 ms later, and then finds nothing to do.
func (r *Runner) complete(ctx context.Context, job store.Job) error {
	return r.settled(ctx, job.ID, nil)
}

// replace marks a job done and enqueues one in its place, due at a policy instant. A new row, so that what River notes late about
// the old one cannot hit it.
func (r *Runner) replace(ctx context.Context, job store.Job, at time.Time) error {
	next := job
	next.At = at
	return r.settled(ctx, job.ID, []store.Job{next})
}

func (r *Runner) settled(ctx context.Context, id int64, next []store.Job) error {
	const done = `UPDATE river_job SET state = 'completed', finalized_at = ` + realNow + ` WHERE id = ? AND state = 'running'`
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return r.again(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to undo
	if _, err := tx.ExecContext(ctx, done, id); err != nil {
		return r.again(ctx, err)
	}
	if len(next) > 0 {
		if err := r.enqueue(ctx, tx, next); err != nil {
			return r.again(ctx, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return r.again(ctx, err)
	}
	r.changed.signal()
	return nil
}

const owed = `state IN ('available', 'scheduled', 'retryable', 'running') AND json_extract(args, '$.applicationId') = ?`

// Pending returns the application's unfinished jobs, the next due first. Jobs that wait for the same thing are listed once.
func (r *Runner) Pending(ctx context.Context, applicationID string) ([]store.Job, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT min(id), kind, json(args), CAST(round(unixepoch(scheduled_at, 'subsec') * 1000) AS INTEGER) AS due
		FROM river_job WHERE `+owed+` GROUP BY kind, json_extract(args, '$.archiveId'), json_extract(args, '$.sessionId'), due ORDER BY due, 1`, applicationID)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	defer rows.Close()
	offset := r.Clock.Offset(applicationID)
	var jobs []store.Job
	for rows.Next() {
		var j store.Job
		var args []byte
		var due int64
		if err := rows.Scan(&j.ID, &j.Kind, &args, &due); err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		if err := json.Unmarshal(args, &j); err != nil {
			return nil, fmt.Errorf("decode job %d: %w", j.ID, err)
		}
		j.At = time.UnixMilli(due).UTC().Add(offset)
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

// SetClock moves the application's clock and with it its waiting jobs. No transition commits in between.
func (r *Runner) SetClock(ctx context.Context, applicationID string, offset time.Duration) error {
	before := r.Clock.Offset(applicationID)
	err := r.Store.SetClock(ctx, applicationID, offset, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE river_job SET scheduled_at = strftime('`+riverTime+`', scheduled_at, ?)
			WHERE state <> 'running' AND `+owed, fmt.Sprintf("%+.3f seconds", (before-offset).Seconds()), applicationID)
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

// Reset forgets the application's jobs together with everything else it has, and sets its clock back.
func (r *Runner) Reset(ctx context.Context, applicationID string) error {
	before := r.Clock.Offset(applicationID)
	err := r.Store.ResetApplication(ctx, applicationID, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM river_job WHERE state <> 'running' AND "+owed, applicationID)
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

// Settle works off what is due for the application, in the order in which it fell due, and returns when nothing is due or running.
func (r *Runner) Settle(ctx context.Context, applicationID string) error {
	const running = `SELECT EXISTS (SELECT 1 FROM river_job WHERE state = 'running' AND json_extract(args, '$.applicationId') = ?)`
	for {
		changed := r.changed.wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		job, err := r.claim(context.WithoutCancel(ctx), applicationID)
		if err == nil {
			if r.work(ctx, job) != nil { // said in the log
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
		if err := r.db.QueryRowContext(ctx, running, applicationID).Scan(&busy); err != nil {
			return fmt.Errorf("await jobs: %w", err)
		}
		if !busy {
			return nil
		}
		if err := changed(ctx); err != nil {
			return err
		}
	}
}

// claim takes the application's next due job from River; the caller has to complete, replace or release it.
func (r *Runner) claim(ctx context.Context, applicationID string) (store.Job, error) {
	const next = `UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = ` + realNow + ` WHERE id = (
		SELECT id FROM river_job WHERE state IN ('available', 'scheduled', 'retryable') AND scheduled_at <= ` + realNow + `
		AND json_extract(args, '$.applicationId') = ? ORDER BY scheduled_at, id LIMIT 1) RETURNING id, kind, json(args)`
	var job store.Job
	var args []byte
	if err := r.db.QueryRowContext(ctx, next, applicationID).Scan(&job.ID, &job.Kind, &args); err != nil {
		return job, err
	}
	return job, json.Unmarshal(args, &job)
}

// release has a claimed job tried again soon.
func (r *Runner) release(ctx context.Context, id int64) error {
	_, err := r.db.ExecContext(ctx, `UPDATE river_job SET state = 'retryable', scheduled_at = strftime('`+riverTime+`', 'now', '+5 seconds')
		WHERE id = ? AND state = 'running'`, id)
	return err
}

// wake makes due rows available, at once. River itself looks every five seconds.
func (r *Runner) wake(ctx context.Context) error {
	const due = `UPDATE river_job SET state = 'available' WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= ` + realNow
	if _, err := r.db.ExecContext(ctx, due); err != nil {
		return fmt.Errorf("wake jobs: %w", err)
	}
	return r.driver.GetExecutor().NotifyMany(ctx, &riverdriver.NotifyManyParams{
		Topic:   "river_insert",
		Payload: []string{`{"queue":"webhook"}`, `{"queue":"upload"}`, `{"queue":"expire"}`, `{"queue":"mail"}`},
	})
}

// promote keeps due times to a fraction of a second.
func (r *Runner) promote(ctx context.Context) {
	const any = `SELECT EXISTS (SELECT 1 FROM river_job WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= ` + realNow + `)`
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var due bool
		err := r.db.QueryRowContext(ctx, any).Scan(&due)
		if err == nil && due {
			err = r.wake(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Error("cannot look for due jobs", "error", err)
		}
	}
}
