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

// How webhooks are tried.
const (
	retryFirst = 5 * time.Second // doubling (ARC-CB-29)
	retryMost  = 15 * time.Minute
	retryFor   = 24 * time.Hour

	// refusedOften is after how many attempts an archive's webhook that is refused no longer holds up those behind it.
	refusedOften = 3

	webhookTimeout  = 10 * time.Second
	webhookMaxReply = 64 << 10
)

// workWebhook delivers what is owed in one lane, an archive's or a session's, in order: a webhook is not tried before the one before it
// was delivered, given up, or, in an archive's lane, refused [refusedOften] times; that one is tried on beside the others (ARC-CB-29).
// Every webhook has a job of its own, so that none can be forgotten; the first to run delivers for all.
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

// await has a lane looked at again at a policy instant. One job is enough for that, while each has webhooks that are tried a hundred times.
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

// deliver makes one attempt and notes how it ended. Its error is the server's own.
func (r *Runner) deliver(ctx context.Context, d store.Delivery) error {
	app, err := r.Store.Application(ctx, d.ApplicationID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // and with it the delivery
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

// post returns what the receiver answered, 0 for nothing, and why that does not count as delivered.
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
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, webhookMaxReply)) // only so that the connection can be used again
	if response.StatusCode/100 != 2 {
		return response.StatusCode, fmt.Errorf("the receiver answered %d, only 2xx counts as delivered (ARC-CB-29)", response.StatusCode)
	}
	return response.StatusCode, nil
}

func backoff(attempts int) time.Duration {
	return min(retryFirst<<min(attempts, 20), retryMost) // ARC-CB-29
}

// again has a job tried once more: after the next start when the server is closing, otherwise by [soon].
func (r *Runner) again(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return river.JobSnooze(0)
	}
	r.Log.Error("job failed", "error", err)
	return err
}
