package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/mail"
	"reelcheck/reference/internal/store"
)

// Timing of mail attempts, counted from the change that the mail reports.
const (
	mailRetryFirst = time.Minute
	mailRetryMost  = time.Hour
	mailFor        = 24 * time.Hour
)

// owesMail reports whether the owner of an archive must get a mail because the archive did not reach the application's own target.
func (r *Runner) owesMail(app account.Application, status archive.Status) bool {
	return r.Mail.Enabled() && app.Email != "" && app.Storage != nil && (status == archive.Available || status == archive.Failed) // ARC-STO-18
}

// workMail sends a mail about an upload that failed for good.
func (r *Runner) workMail(ctx context.Context, job store.Job) error {
	a, err := r.Store.Archive(ctx, job.ApplicationID, job.ArchiveID)
	if errors.Is(err, store.ErrNotFound) {
		return r.complete(ctx, job)
	}
	if err != nil {
		return r.again(ctx, err)
	}
	app, err := r.Store.Application(ctx, a.ApplicationID)
	if err != nil {
		return r.again(ctx, err)
	}
	now := r.Clock.Now(app.ID)
	err = r.Mail.Send(ctx, report(app, a, r.Clock.Real(app.ID, now)))
	if err == nil || ctx.Err() != nil {
		return r.own(ctx, job, ctx.Err())
	}
	since := now.Sub(a.UpdatedAt)
	if since >= mailFor {
		r.Log.Warn("mail given up", "archive", a.ID, "error", err)
		return r.complete(ctx, job)
	}
	next := now.Add(min(max(since, mailRetryFirst), mailRetryMost))
	r.Log.Warn("mail failed", "archive", a.ID, "error", err, "next", next)
	return r.replace(ctx, job, next)
}

func report(app account.Application, a archive.Archive, date time.Time) mail.Message {
	outcome := "Storage fallback is disabled for the application, so the recording was not kept."
	if a.Status != archive.Failed {
		outcome = fmt.Sprintf("The recording is kept in the cloud and can be downloaded until %s; ask the API for a link.",
			a.CreatedAt.Add(archive.Retention).Format(time.RFC1123))
	}
	return mail.Message{
		ID: a.ID, To: app.Email, Date: date,
		Subject: fmt.Sprintf("Archive %s could not be uploaded", a.ID),
		Text: fmt.Sprintf("The upload of an archive to the storage of your application failed, also after retries.\n\n"+
			"application: %s %q\nsession: %s\narchive: %s %q\nstorage: %s\n\n%s\n",
			app.ID, app.Name, a.SessionID, a.ID, a.Name, place(app.Storage), outcome),
	}
}

// place describes a target without its credentials.
func place(s *account.Storage) string {
	switch {
	case s == nil:
		return "none any more"
	case s.Type == account.StorageAzure:
		return fmt.Sprintf("Azure container %q of account %q", s.Azure.Container, s.Azure.AccountName)
	case s.S3.Endpoint != "":
		return fmt.Sprintf("bucket %q at %s", s.S3.Bucket, s.S3.Endpoint)
	default:
		return fmt.Sprintf("Amazon S3 bucket %q", s.S3.Bucket)
	}
}
