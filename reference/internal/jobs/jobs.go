// Package jobs does the durable work that follows a step: webhooks, uploads, mail and expiry. It runs on River, in the database of the store.
//
//	runner, err := jobs.New(ctx, jobs.Config{Store: store, Clock: clock, Cloud: cloud, Open: recorder.Open})
//	err = runner.Start(ctx, sessions)
//	defer runner.Close()
//
// A job is enqueued by the transaction that commits its step: New gives the store the function for that. A job is due at an instant of its
// application's policy time. River knows only real time, so scheduled_at is the policy instant minus the application's offset, and moving an
// application's clock moves its rows.
//
// The caller must call New before the first commit, and Start when [Archives] is ready. After a crash a job may run again, so all its effects,
// including the methods of Archives, must be repeatable.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/mail"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
)

// Archives receives the results of jobs. After a crash its methods may be called again.
type Archives interface {
	Stored(ctx context.Context, sessionID, archiveID string, status archive.Status, sha256sum string) error
	Unstorable(ctx context.Context, sessionID, archiveID string) error
	Expired(ctx context.Context, sessionID, archiveID string) error
}

// Config is the configuration of a [Runner]. Every field but Outbound, Patience, Mail, Faults and Log is required.
type Config struct {
	Store *sqlstore.Store
	Clock *clock.Clock
	Cloud *storage.Cloud
	// Outbound decides to which addresses callbacks and uploads may go.
	Outbound outbound.Guard
	// Patience is how long an upload attempt may make no progress. The default is a minute.
	Patience time.Duration
	Mail     mail.Config
	Faults   *fault.Board
	// Open opens a finished composition for reading.
	Open func(archive.Archive) (io.ReadCloser, int64, error)
	Log  *slog.Logger
}

// Runner runs jobs. It is safe for concurrent use.
type Runner struct {
	Config
	archives Archives
	river    *river.Client[sqlstore.Tx]
	outside  *http.Transport
	drains   keyed
	changed  await.Signal // a job was completed

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// New returns a runner and lets the store enqueue jobs with it. No job runs before [Runner.Start].
func New(ctx context.Context, c Config) (*Runner, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{Config: c, outside: c.Outbound.Transport()}
	workers := river.NewWorkers()
	river.AddWorker(workers, worker[webhookArgs](r))
	river.AddWorker(workers, worker[uploadArgs](r))
	river.AddWorker(workers, worker[expireArgs](r))
	river.AddWorker(workers, worker[mailArgs](r))
	queues := map[string]river.QueueConfig{}
	for kind, most := range concurrent {
		queues[r.queue(kind)] = river.QueueConfig{MaxWorkers: most}
	}
	var err error
	r.river, err = river.NewClient(c.Store.River, &river.Config{
		Queues:            queues,
		Workers:           workers,
		Logger:            quiet(c.Log),
		FetchCooldown:     5 * time.Millisecond,
		FetchPollInterval: 250 * time.Millisecond,
		JobTimeout:        -1,          // every kind limits its own time
		MaxAttempts:       maxAttempts, // every kind gives up by itself
		// River must never take a running job from this process. Start requeues the jobs of a dead process.
		RescueStuckJobsAfter: 10_000 * time.Hour,
		RetryPolicy:          soon{},
	})
	if err != nil {
		return nil, fmt.Errorf("make job engine: %w", err)
	}
	c.Store.Enqueue = r.enqueue
	return r, nil
}

const maxAttempts = 30_000

// concurrent is the number of jobs of each kind that run at the same time.
var concurrent = map[string]int{store.JobWebhook: 64, store.JobUpload: 8, store.JobExpire: 8, store.JobMail: 4}

func worker[T interface {
	river.JobArgs
	job() store.Job
}](r *Runner) river.Worker[T] {
	return river.WorkFunc(func(ctx context.Context, j *river.Job[T]) error {
		job := j.Args.job()
		job.ID, job.Kind = j.ID, j.Kind
		return r.work(ctx, job)
	})
}

func (r *Runner) work(ctx context.Context, job store.Job) error {
	switch job.Kind {
	case store.JobWebhook:
		return r.workWebhook(ctx, job)
	case store.JobUpload:
		return r.workUpload(ctx, job)
	case store.JobMail:
		return r.workMail(ctx, job)
	case store.JobExpire:
		return r.own(ctx, job, r.archives.Expired(ctx, job.SessionID, job.ArchiveID))
	default:
		return fmt.Errorf("unknown kind of job %q", job.Kind)
	}
}

// retryOwn is the time until the retry of a job that failed because of the server itself.
const retryOwn = 5 * time.Second

// soon is a retry policy for jobs that failed because of the server itself.
type soon struct{}

func (soon) NextRetry(job *rivertype.JobRow) time.Time {
	return job.ScheduledAt.Add(max(time.Since(job.ScheduledAt), 0) + retryOwn)
}

// Start requeues the jobs that a dead process left running, and begins to work.
func (r *Runner) Start(ctx context.Context, archives Archives) error {
	r.archives = archives
	if err := r.requeue(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.river.Start(ctx); err != nil {
		return fmt.Errorf("start job engine: %w", err)
	}
	ctx, r.stop = context.WithCancel(ctx)
	r.stopped.Go(func() { r.promote(ctx) })
	return nil
}

// Close interrupts the running jobs and waits for them. They run again after the next start.
func (r *Runner) Close() error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	r.stopped.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := r.river.StopAndCancel(ctx)
	r.outside.CloseIdleConnections()
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop job engine: %w", err)
	}
	return nil
}

const closeTimeout = 15 * time.Second
