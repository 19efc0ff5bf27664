package delivery

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Recovers has an upload target that refuses one archive, so that an application which others use at the same time will do.
var Recovers = scenario.Scenario{
	Name: scenarios.Recovers, Title: "an upload target that refuses an archive again and again, and then takes it",
	Needs: []config.Capability{config.S3}, Refuses: true, Media: 2, Wait: recovery, Within: 90 * time.Second,
	App: scenario.App{Encrypted: true, Mailed: true}, Run: func(ctx context.Context, f *scenario.Flow) error { return runRecovers(ctx, &uploadFlow{Flow: f}) },
}

const (
	// outage is how long a store refuses at least. A client that repeats a request by itself, within one attempt, has then given up.
	outage = 30 * time.Second
	// recovery is the shortest wait in which a target may try again after an outage.
	recovery = 2 * time.Minute
)

func runRecovers(ctx context.Context, u *uploadFlow) error {
	refused := brief
	refused.refused = http.StatusServiceUnavailable
	if err := u.undeliverable(ctx, refused); err != nil {
		return err
	}
	refuse, accept := u.refuseForHours, u.accept
	if !u.Clock.Steered() {
		u.Idle()
		end := time.Now().Add(min(u.Clock.Longest, atLeast-clock.Margin))
		refuse = func(ctx context.Context) error {
			return u.awaitUpload(ctx, "upload.refused", end, refusedAfter(outage))
		}
		accept = func(ctx context.Context) error { return u.awaitUpload(ctx, "upload.taken", end, taken) }
	}
	return scenario.InTurn(ctx, refuse, u.open, accept, func(ctx context.Context) error { return u.Deliver(ctx, u.archive.ID) })
}

// refuseForHours lets hours pass in which the store refuses, for a while as if the credentials were wrong, which their owner puts right.
// Attempts count apart when the clock moves between them. It must not move during the first, which may be of several requests, nor beyond
// the time of refusal.
func (u *uploadFlow) refuseForHours(ctx context.Context) error {
	if err := clock.Sleep(ctx, scenario.Quiet); err != nil {
		return err
	}
	for _, after := range []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour} {
		status := http.StatusServiceUnavailable
		if after == 10*time.Minute {
			status = http.StatusForbidden
		}
		if err := u.refuse(u.archive.ID, status); err != nil {
			return err
		}
		if _, err := u.As.AdvanceTo(ctx, "clock.step."+after.String(), u.began.Add(after)); err != nil {
			return err
		}
	}
	return u.at(ctx, "refused", u.began.Add(atLeast/2))
}

func (u *uploadFlow) open(context.Context) error {
	if err := u.refuse(u.archive.ID, 0); err != nil {
		return err
	}
	return u.Append(evidence.Record{Label: "store.open", IDs: scenario.About(u.archive.ID),
		Step: &evidence.Step{Outcome: evidence.Note, Text: "the store takes requests again"}})
}

func (u *uploadFlow) accept(ctx context.Context) error {
	_, err := u.As.AdvanceTo(ctx, "clock.recovered", u.began.Add(atLeast-clock.Margin))
	return err
}

// awaitUpload waits for a request to the store. Where the run may not wait for as long as the target may take, it is an error that none comes.
func (u *uploadFlow) awaitUpload(ctx context.Context, label string, end time.Time, enough func([]evidence.Record) bool) error {
	met, err := u.AwaitRecords(ctx, label, "uploads", scenario.About(u.archive.ID), time.Until(end), "an attempt", func(v evidence.View) bool {
		return enough(v.Uploads().Records)
	})
	if err == nil && !met && u.Clock.Longest < atLeast {
		err = fmt.Errorf("%s: no attempt: %w", label, &clock.TooLongError{Wait: atLeast, Longest: u.Clock.Longest})
	}
	return err
}

// refusedAfter reports whether a request was refused at least d after the first one.
func refusedAfter(d time.Duration) func([]evidence.Record) bool {
	return func(uploads []evidence.Record) bool {
		return slices.ContainsFunc(uploads, func(r evidence.Record) bool { return r.Upload.Answer >= 500 && r.Time.Sub(uploads[0].Time) >= d })
	}
}

func taken(uploads []evidence.Record) bool {
	return slices.ContainsFunc(uploads, func(r evidence.Record) bool { return r.Upload.Answer < 300 && r.Upload.Method == http.MethodPut })
}
