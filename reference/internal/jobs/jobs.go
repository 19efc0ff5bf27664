// Package jobs does the durable work that outlives a step: webhooks, uploads, mail, expiry. It runs on River, in the database of the store.
//
// A job falls due at an instant of its application's policy time. River knows only real time, so that scheduled_at is the policy
// instant less the application's offset, and moving an application's clock moves its rows.
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

// Archives is told what became of the work. Its methods may be called again after a crash.
type Archives interface {
	Stored(ctx context.Context, sessionID, archiveID string, status archive.Status, sha256sum string) error
	Unstorable(ctx context.Context, sessionID, archiveID string) error
	Expired(ctx context.Context, sessionID, archiveID string) error
}

// Config of a [Runner]. Every field but Outbound, Patience, Mail, Faults and Log is required.
type Config struct {
	Store *sqlstore.Store
	Clock *clock.Clock
	Cloud *storage.Cloud
	// Outbound are the addresses that callbacks and uploads may go to.
	Outbound outbound.Guard
	// Patience is how long nothing may move in an attempt to upload, by default a minute.
	Patience time.Duration
	Mail     mail.Config
	Faults   *fault.Board
	// Open reads a finished composition.
	Open func(archive.Archive) (io.ReadCloser, int64, error)
	Log  *slog.Logger
}

// Runner works off jobs. It is safe for concurrent use.
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

// New makes the store enqueue jobs. Nothing runs before [Runner.Start].
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
		JobTimeout:        -1,          // every kind bounds itself
		MaxAttempts:       maxAttempts, // every kind gives up by itself
		// A job is never taken from this process while it runs; what a dead process left is requeued at start.
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

// concurrent is how many jobs of a kind run at once.
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

// retryOwn is when a job is tried again that failed for a reason of the server's own.
const retryOwn = 5 * time.Second

// soon retries jobs that failed for a reason of the server's own.
type soon struct{}

func (soon) NextRetry(job *rivertype.JobRow) time.Time {
	return job.ScheduledAt.Add(max(time.Since(job.ScheduledAt), 0) + retryOwn)
}

// Start requeues what a dead process left running and begins to work.
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

// Close interrupts what runs, waits for it, and leaves it to be done after the next start.
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
