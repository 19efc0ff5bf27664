package scenario

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	// PollEvery is the time between status reads. A webhook about the archive triggers the next read at once.
	PollEvery = 200 * time.Millisecond
	// Soon limits waits for what a target does by itself almost at once: a pause, a resumption, an event.
	Soon = 6 * time.Second
	// Delivery limits the wait from the stop of a short archive to its file. No document says how long that may take.
	Delivery = 2 * time.Minute
	// Settled is the time after which a change has certainly taken effect. The ledger allows 2 s for a pause.
	Settled = 2600 * time.Millisecond
	// Arrival limits the wait for a webhook that is on its way. The ledger allows as much.
	Arrival = 30 * time.Second
	// Noticed is the time after which a client's arrival or departure has certainly been noticed. The ledger allows 1 s.
	Noticed = 1200 * time.Millisecond
	// Quiet is how long webhooks are watched after the last expected one.
	Quiet = 1500 * time.Millisecond
	// Forever is a number of attempts that is never reached.
	Forever = 1_000_000
)

// statusOf returns the status of the archive in a body, or "".
func statusOf(body []byte) string {
	var a struct{ Status string }
	_ = json.Unmarshal(body, &a) // an unreadable body is recorded as it is
	return a.Status
}

// Await reads an archive until its status is one of want or the deadline passes. It records each read, and then a watch unless the last
// one got no answer. ok is true if the status came.
func (f *Flow) Await(ctx context.Context, label, id string, deadline time.Duration, want ...string) (status string, ok bool, err error) {
	wake, release := f.Journal.Watch()
	defer release()
	from := time.Now()
	seen := len(f.Journal.View().Records)
	for {
		a, err := f.As.Get(ctx, label, id)
		if err != nil {
			return status, false, err
		}
		status = statusOf(a.Body)
		ok = a.Status == http.StatusOK && slices.Contains(want, status)
		if a.Status == 0 {
			return status, false, nil // a watch would tell that the status did not come in time
		} else if left := deadline - time.Since(from); ok || left <= 0 {
			break
		} else if seen, err = f.pause(ctx, wake, id, seen, min(PollEvery, left)); err != nil {
			return status, false, err
		}
	}
	err = f.Watched(label, evidence.Watch{What: "archive status", Span: evidence.Span{From: from, To: time.Now()},
		Until: "status " + strings.Join(want, " or "), Met: ok, Deadline: deadline}, About(id))
	return status, ok, err
}

// pause waits for a webhook about the archive, for at most d. seen is the number of records examined so far.
func (f *Flow) pause(ctx context.Context, wake <-chan struct{}, id string, seen int, d time.Duration) (int, error) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-wake:
			records := f.Journal.View().Records
			fresh := records[seen:]
			seen = len(records)
			if slices.ContainsFunc(fresh, func(r evidence.Record) bool { return r.Webhook != nil && r.IDs[evidence.Archive] == id }) {
				return seen, nil
			}
		case <-t.C:
			return seen, nil
		case <-ctx.Done():
			return seen, ctx.Err()
		}
	}
}

// Must is Await for a status that the flow needs to go on.
func (f *Flow) Must(ctx context.Context, label, id string, deadline time.Duration, want ...string) (status string, err error) {
	status, ok, err := f.Await(ctx, label, id, deadline, want...)
	if read, _ := f.Journal.View().Scenario(f.Scenario.Name).Label(label).Exchanges().Last(); err == nil && !ok && read.Exchange.Error != "" {
		err = Blocked(label, "reading the archive got no complete answer: %s", read.Exchange.Error)
	} else if err == nil && !ok {
		err = Blocked(label, "status is %q after %v, want %s", status, deadline, strings.Join(want, " or "))
	}
	return status, err
}

// About returns the record IDs for an archive; "" names none.
func About(id string) map[string]string {
	if id == "" {
		return nil
	}
	return map[string]string{evidence.Archive: id}
}

// Watched records how long something was watched, and whether it came.
func (f *Flow) Watched(label string, w evidence.Watch, ids map[string]string) error {
	w.From, w.To = w.From.UTC(), w.To.UTC()
	return f.Append(evidence.Record{Label: label, IDs: ids, Watch: &w})
}

// AwaitHooks waits until webhooks with all these statuses have come for an archive, in any order.
func (f *Flow) AwaitHooks(ctx context.Context, label, id string, deadline time.Duration, statuses ...string) error {
	if f.Hooks == nil || !f.Target.File.Has(config.Callback) {
		return nil
	}
	_, err := f.AwaitRecords(ctx, label, "webhooks", About(id), deadline, "webhooks "+strings.Join(statuses, " or "), func(v evidence.View) bool {
		got := map[string]bool{}
		for _, r := range v.About(evidence.Archive, id).Webhooks().Records {
			got[statusOf([]byte(r.Webhook.Body.Text))] = true
		}
		return !slices.ContainsFunc(statuses, func(s string) bool { return !got[s] })
	})
	return err
}

// AwaitEvent waits until each of the named clients has received an event about an archive.
func (f *Flow) AwaitEvent(ctx context.Context, label, id, event string, clients ...string) error {
	if !f.Target.File.Has(config.Events) {
		return nil
	}
	_, err := f.AwaitRecords(ctx, label, "events", About(id), Soon, event, func(v evidence.View) bool {
		got := map[string]bool{}
		for _, r := range v.About(evidence.Archive, id).Clients().Records {
			if r.Client.Type == event {
				got[r.Client.Name] = true
			}
		}
		return !slices.ContainsFunc(clients, func(c string) bool { return !got[c] })
	})
	return err
}

// AwaitRecords waits until enough returns true for the scenario's evidence, or the deadline passes. It returns whether
// that happened, and records a watch.
func (f *Flow) AwaitRecords(ctx context.Context, label, what string, ids map[string]string, deadline time.Duration, until string, enough func(evidence.View) bool) (bool, error) {
	wake, release := f.Journal.Watch()
	defer release()
	from := time.Now()
	t := time.NewTimer(deadline)
	defer t.Stop()
	met, late := false, false
	for !met && !late {
		if met = enough(f.Journal.View().Scenario(f.Scenario.Name)); met {
			break
		}
		select {
		case <-wake:
		case <-t.C:
			late = true
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return met, f.Watched(label, evidence.Watch{What: what, Span: evidence.Span{From: from, To: time.Now()}, Until: until, Met: met, Deadline: deadline}, ids)
}

// Watch waits for d and records it, so that what did not happen in this time is evidence.
func (f *Flow) Watch(ctx context.Context, label, what, id string, d time.Duration) error {
	from := time.Now()
	if err := clock.Sleep(ctx, d); err != nil {
		return err
	}
	return f.Watched(label, evidence.Watch{What: what, Span: evidence.Span{From: from, To: time.Now()}}, About(id))
}
