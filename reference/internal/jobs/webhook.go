package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/riverqueue/river"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/store"
)

// Timing of webhook attempts.
const (
	retryFirst = 5 * time.Second // doubling (ARC-CB-29)
	retryMost  = 15 * time.Minute
	retryFor   = 24 * time.Hour

	// refusedOften is the number of attempts after which a refused webhook of an archive no longer delays the webhooks after it.
	refusedOften = 3

	webhookTimeout  = 10 * time.Second
	webhookMaxReply = 64 << 10
)

// workWebhook delivers the webhooks of one lane, which is an archive or a session, in order. A webhook is not tried before the one before it was
// delivered or given up. In an archive's lane it also suffices that the one before was refused [refusedOften] times; that one is retried beside
// the others (ARC-CB-29). Every webhook has its own job, so that none can be forgotten; the first job to run delivers for all.
func (r *Runner) workWebhook(ctx context.Context, job store.Job) error {
	defer r.drains.lock(job.Lane())()
	for {
		next, err := r.Store.NextDelivery(ctx, job.Lane(), refusedOften)
		if errors.Is(err, store.ErrNotFound) {
			return r.complete(ctx, job)
		}
		if err != nil {
			return r.again(ctx, err)
		}
		if r.Clock.Until(next.ApplicationID, next.NotBefore) > 0 {
			return r.await(ctx, job, next.NotBefore)
		}
		if err := r.deliver(ctx, next); err != nil {
			return r.again(ctx, err)
		}
	}
}

// await schedules the next look at a lane for a policy instant. If another job of the lane will run by then, this one is completed.
func (r *Runner) await(ctx context.Context, job store.Job, at time.Time) error {
	const another = "SELECT EXISTS (SELECT 1 FROM river_job WHERE" + ofApp + "AND" + waiting +
		"AND kind = $3 AND args ->> 'sessionId' = $4 AND args ->> 'archiveId' = $5 AND scheduled_at <= $6)"
	var waits bool
	err := r.Store.Write.QueryRowContext(ctx, another, r.suffix(), job.ApplicationID, job.Kind, job.SessionID, job.ArchiveID,
		r.Store.Instant(r.Clock.Real(job.ApplicationID, at))).Scan(&waits)
	if err != nil {
		return r.again(ctx, err)
	}
	if waits {
		return r.complete(ctx, job)
	}
	return r.replace(ctx, job, at)
}

// deliver makes one attempt and stores its outcome. It returns only errors of the server itself.
func (r *Runner) deliver(ctx context.Context, d store.Delivery) error {
	app, err := r.Store.Application(ctx, d.ApplicationID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the delivery is gone with the application
	}
	if err != nil {
		return err
	}
	status, failure := r.post(ctx, app, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	log := r.Log.With("session", d.SessionID, "archive", d.ArchiveID, "url", outbound.Redacted(d.URL), "attempt", d.Attempts+1)
	if failure == nil {
		log.Debug("webhook delivered")
		return r.Store.SettleDelivery(ctx, d.ID, store.Delivered, status) // ARC-CB-33
	}
	retry := r.Clock.Now(d.ApplicationID).Add(backoff(d.Attempts))
	if retry.After(d.CreatedAt.Add(retryFor)) { // ARC-CB-29
		log.Warn("webhook given up", "error", failure)
		return r.Store.SettleDelivery(ctx, d.ID, store.Dropped, status)
	}
	log.Info("webhook failed", "error", failure, "retry", retry)
	return r.Store.PostponeDelivery(ctx, d.ID, retry, status)
}

// post sends a webhook. It returns the status of the answer, 0 if there was none, and the reason if it does not count as delivered.
func (r *Runner) post(ctx context.Context, app account.Application, d store.Delivery) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body)) // ARC-CB-01, ARC-CB-32
	if err != nil {
		return 0, outbound.Cause(err)
	}
	request.Header.Set("Content-Type", "application/json") // ARC-CB-02
	request.Header.Set("User-Agent", "archived")
	if app.SignatureSecret != "" { // ARC-CB-30
		token, err := signed(app, d.Body, r.Clock.Real(app.ID, r.Clock.Now(app.ID)))
		if err != nil {
			return 0, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{
		Transport:     r.Faults.Transport(app.ID, fault.Webhook, r.outside),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, outbound.Cause(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, webhookMaxReply)) // needed only to reuse the connection
	if response.StatusCode/100 != 2 {
		return response.StatusCode, fmt.Errorf("the receiver answered %d, only 2xx counts as delivered (ARC-CB-29)", response.StatusCode)
	}
	return response.StatusCode, nil
}

func backoff(attempts int) time.Duration {
	return min(retryFirst<<min(attempts, 20), retryMost) // ARC-CB-29
}

// again retries a job: after the next start if the server is closing, otherwise according to [soon].
func (r *Runner) again(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return river.JobSnooze(0)
	}
	r.Log.Error("job failed", "error", err)
	return err
}
