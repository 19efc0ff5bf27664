package scenario

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

const (
	// pollEvery is the pace of status reads; a webhook about the archive makes the next one at once.
	pollEvery = 200 * time.Millisecond
	// soon bounds waits for what a target does by itself in an instant: a pause, a resumption, an event.
	soon = 6 * time.Second
	// delivery bounds the wait from the stop of a short archive to its file.
	delivery = 30 * time.Second
	// settled is how long a change has certainly taken effect after; the ledger allows 2 s for a pause.
	settled = 2600 * time.Millisecond
	// quiet is how long webhooks are watched after the last one that was expected.
	quiet = 1500 * time.Millisecond
	// forever is more often than anything is tried.
	forever = 1_000_000
)

// When to look: the limits are in the ledger, here they only say to what moments the clock goes.
const (
	firstMinute  = time.Minute
	lastMinute   = time.Minute
	idleHour     = time.Hour
	recordedTime = 4 * time.Hour
	// margin is how long before or after a limit one looks.
	margin = 10 * time.Second
)

// status is what an archive read says.
type status struct {
	ID     string  `json:"id"`
	Status string  `json:"status"`
	Reason string  `json:"reason"`
	URL    *string `json:"url"`
}

// await reads an archive until its status is one of want, or the deadline passes. The last read and a watch
// are evidence either way; ok says whether it came.
func (f *flow) await(ctx context.Context, label, id string, deadline time.Duration, want ...string) (s status, ok bool, err error) {
	wake, release := f.Journal.Watch()
	defer release()
	from := time.Now()
	seen := len(f.Journal.View().Records)
	for {
		a, err := f.as.Get(ctx, label, id)
		if err != nil {
			return s, false, err
		}
		s = status{}
		_ = json.Unmarshal(a.Body, &s) // whatever it is, it is recorded
		ok = a.Status == http.StatusOK && slices.Contains(want, s.Status)
		if left := deadline - time.Since(from); ok || left <= 0 || a.Status == 0 {
			break
		} else if seen, err = f.pause(ctx, wake, id, seen, min(pollEvery, left)); err != nil {
			return s, false, err
		}
	}
	err = f.watched(label, evidence.Watch{What: "archive status", Span: evidence.Span{From: from, To: time.Now()},
		Until: "status " + strings.Join(want, " or "), Met: ok, Deadline: deadline}, about(id))
	return s, ok, err
}

// pause waits for a webhook about the archive, at most d. seen is how many records had been looked at.
func (f *flow) pause(ctx context.Context, wake <-chan struct{}, id string, seen int, d time.Duration) (int, error) {
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

// must is await for a status without which the flow cannot go on.
func (f *flow) must(ctx context.Context, label, id string, deadline time.Duration, want ...string) (status, error) {
	s, ok, err := f.await(ctx, label, id, deadline, want...)
	if err == nil && !ok {
		err = blocked(label, "status is %q after %v, want %s", s.Status, deadline, strings.Join(want, " or "))
	}
	return s, err
}

// about names an archive as what a record is about; "" names none.
func about(id string) map[string]string {
	if id == "" {
		return nil
	}
	return map[string]string{evidence.Archive: id}
}

// watched writes down for how long something was watched, and whether it came.
func (f *flow) watched(label string, w evidence.Watch, ids map[string]string) error {
	w.From, w.To = w.From.UTC(), w.To.UTC()
	return f.append(evidence.Record{Label: label, IDs: ids, Watch: &w})
}

// awaitHooks waits until webhooks with all these statuses have come for an archive, in any order.
func (f *flow) awaitHooks(ctx context.Context, label, id string, deadline time.Duration, statuses ...string) (bool, error) {
	if f.Hooks == nil || !f.Target.File.Has(target.Callback) {
		return false, nil
	}
	return f.awaitRecords(ctx, label, "webhooks", about(id), deadline, "webhooks "+strings.Join(statuses, " or "), func(v evidence.View) bool {
		got := map[string]bool{}
		for _, r := range v.About(evidence.Archive, id).Webhooks().Records {
			var s status
			if r.Webhook.Body.Decode(&s) == nil {
				got[s.Status] = true
			}
		}
		return !slices.ContainsFunc(statuses, func(s string) bool { return !got[s] })
	})
}

// awaitEvent waits until each of the named clients has received an event about an archive.
func (f *flow) awaitEvent(ctx context.Context, label, id, event string, clients ...string) (bool, error) {
	if !f.Target.File.Has(target.Events) {
		return false, nil
	}
	return f.awaitRecords(ctx, label, "events", about(id), soon, event, func(v evidence.View) bool {
		got := map[string]bool{}
		for _, r := range v.About(evidence.Archive, id).Clients().Records {
			if r.Client.Type == event {
				got[r.Client.Name] = true
			}
		}
		return !slices.ContainsFunc(clients, func(c string) bool { return !got[c] })
	})
}

// awaitRecords waits until the scenario's evidence satisfies enough.
func (f *flow) awaitRecords(ctx context.Context, label, what string, ids map[string]string, deadline time.Duration, until string, enough func(evidence.View) bool) (bool, error) {
	wake, release := f.Journal.Watch()
	defer release()
	from := time.Now()
	t := time.NewTimer(deadline)
	defer t.Stop()
	met, late := false, false
	for !met && !late {
		if met = enough(f.Journal.View().Scenario(f.scenario.Name)); met {
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
	return met, f.watched(label, evidence.Watch{What: what, Span: evidence.Span{From: from, To: time.Now()}, Until: until, Met: met, Deadline: deadline}, ids)
}

// watch lets d pass and says so: what did not happen in it did not happen.
func (f *flow) watch(ctx context.Context, label, what, id string, d time.Duration) error {
	from := time.Now()
	if err := sleep(ctx, d); err != nil {
		return err
	}
	return f.watched(label, evidence.Watch{What: what, Span: evidence.Span{From: from, To: time.Now()}}, about(id))
}
