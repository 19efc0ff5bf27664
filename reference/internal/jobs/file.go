package jobs

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
)

// Timing of upload attempts.
const (
	uploadRetryFirst = 5 * time.Second
	uploadRetryMost  = time.Hour

	// uploadSpread is the part of a wait that is random, so that uploads to a target that was away are not all retried together.
	uploadSpread = 0.25 // ARC-STO-17

	uploadPatience = time.Minute // for an attempt without progress
	abandonTimeout = 30 * time.Second
)

// workUpload stores the file of a stopped archive. It retries the application's own target until the limit, then uses the built-in cloud.
func (r *Runner) workUpload(ctx context.Context, job store.Job) error {
	a, err := r.Store.Archive(ctx, job.ApplicationID, job.ArchiveID)
	if errors.Is(err, store.ErrNotFound) {
		return r.complete(ctx, job) // it was deleted with its application
	}
	if err != nil {
		return r.again(ctx, err)
	}
	app, err := r.Store.Application(ctx, a.ApplicationID)
	if err != nil {
		return r.again(ctx, err)
	}
	if a.Status != archive.Stopped || !a.FileReady { // it was stored before a crash
		return r.settleUpload(ctx, job, app, a.Status)
	}
	if app.Storage == nil { // ARC-STO-10
		return r.own(ctx, job, r.keep(ctx, a))
	}
	sum, err := r.upload(ctx, app, a)
	if err == nil {
		return r.own(ctx, job, r.archives.Stored(ctx, a.SessionID, a.ID, archive.Uploaded, sum)) // ARC-STO-05
	}
	if ctx.Err() != nil {
		return river.JobSnooze(0)
	}
	next, more := nextUpload(a, app.Fallback, r.Clock.Now(app.ID), rand.Float64())
	r.Log.Warn("upload failed", "archive", a.ID, "error", err, "retry", more, "next", next)
	if more { // ARC-STO-14
		return r.replace(ctx, job, next)
	}
	r.abandon(ctx, app, a) // ARC-STO-23, decision 9
	status := archive.Failed
	if app.Fallback { // ARC-STO-11, ARC-STO-19
		status, err = archive.Available, r.keep(ctx, a)
	} else {
		err = r.archives.Unstorable(ctx, a.SessionID, a.ID) // ARC-STO-13, ARC-SEC-01
	}
	if err != nil {
		return r.again(ctx, err)
	}
	return r.settleUpload(ctx, job, app, status)
}

// settleUpload completes the job of an upload that has ended, and enqueues the mail about it.
func (r *Runner) settleUpload(ctx context.Context, job store.Job, app account.Application, status archive.Status) error {
	var owed []store.Job
	if r.owesMail(app, status) {
		next := job
		next.Kind, next.At = store.JobMail, r.Clock.Now(app.ID)
		owed = append(owed, next)
	}
	return r.settled(ctx, job.ID, owed)
}

// nextUpload returns when to try again after a failure at now; more is false if the limit has passed. The wait equals the time already spent,
// within limits, minus a random part of up to [uploadSpread]; chance is between 0 and 1. The last attempt is at the limit itself.
func nextUpload(a archive.Archive, fallback bool, now time.Time, chance float64) (next time.Time, more bool) {
	limit := a.CreatedAt.Add(archive.Retention) // ARC-STO-15
	if fallback {
		limit = a.StoppedAt.Add(archive.FallbackAfter) // ARC-STO-16
	}
	if !now.Before(limit) {
		return time.Time{}, false
	}
	wait := min(max(now.Sub(a.StoppedAt), uploadRetryFirst), uploadRetryMost)
	next = now.Add(wait - time.Duration(chance*uploadSpread*float64(wait)))
	if next.After(limit) {
		next = limit // ARC-STO-15, ARC-STO-16
	}
	return next, true
}

func (r *Runner) upload(ctx context.Context, app account.Application, a archive.Archive) (string, error) {
	file, _, err := r.Open(a)
	if err != nil {
		return "", err
	}
	defer file.Close()
	ctx, transport, stop := outbound.Watch(ctx, r.Faults.Transport(app.ID, fault.Storage, r.outside), cmp.Or(r.Patience, uploadPatience))
	defer stop()
	sum, err := storage.Upload(ctx, transport, *app.Storage, a, file)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, outbound.ErrStalled) {
		return "", cause
	}
	return sum, err
}

// abandon removes what failed attempts left at the target, if the target allows it.
func (r *Runner) abandon(ctx context.Context, app account.Application, a archive.Archive) {
	ctx, cancel := context.WithTimeout(ctx, abandonTimeout)
	defer cancel()
	if err := storage.Abandon(ctx, r.outside, *app.Storage, a); err != nil {
		r.Log.Warn("parts of a failed upload may be left", "archive", a.ID, "error", err)
	}
}

// keep puts the file into the built-in cloud.
func (r *Runner) keep(ctx context.Context, a archive.Archive) error {
	file, _, err := r.Open(a)
	if err != nil {
		return err
	}
	defer file.Close()
	sum, err := r.Cloud.Put(ctx, a, file)
	if err != nil {
		return err
	}
	return r.archives.Stored(ctx, a.SessionID, a.ID, archive.Available, sum)
}

// own completes the job, or retries it if err, an error of the server itself, is not nil.
func (r *Runner) own(ctx context.Context, job store.Job, err error) error {
	if err != nil {
		return r.again(ctx, err)
	}
	return r.complete(ctx, job)
}
