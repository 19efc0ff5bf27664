package scenario

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// upload is a scenario about an upload target that answers every request with 503.
func upload(name, title string, app appKind, need []target.Capability, run func(context.Context, *uploadFlow) error) Scenario {
	app.mailed = true
	return Scenario{
		Name: name, Title: title, Needs: append([]target.Capability{target.Control, target.S3}, need...), Virtual: true, Media: 1,
		Within: 90 * time.Second, app: app,
		run: func(ctx context.Context, f *flow) error {
			u := &uploadFlow{flow: f}
			if err := u.undeliverable(ctx); err != nil {
				return err
			}
			return run(ctx, u)
		},
	}
}

var (
	recovers  = upload(name.Recovers, "an upload target that refuses for hours and then takes the archive", appKind{encrypted: true}, nil, runRecovers)
	givenUp   = upload(name.GivenUp, "an upload target that refuses for three days, without fallback", appKind{fallback: "none"}, nil, runGivenUp)
	fallsBack = upload(name.FallsBack, "an upload target that refuses, and the built-in cloud takes over", appKind{},
		[]target.Capability{target.Cloud, target.Fallback}, runFallsBack)
)

const (
	uploadPeriod = 72 * time.Hour // limits.yaml knows it too; here it only says when to look
	atLeast      = 6 * time.Hour
)

type uploadFlow struct {
	*flow
	archive started
	began   time.Time // policy time just before the start
}

// undeliverable records a short archive that the store refuses.
func (u *uploadFlow) undeliverable(ctx context.Context) error {
	if err := u.refuse(http.StatusServiceUnavailable); err != nil {
		return err
	}
	session, alice, err := u.alone(ctx, "", "tone-29")
	if err != nil {
		return err
	}
	if u.began, _, err = u.as.Policy(ctx, "clock.start"); err != nil {
		return err
	}
	if u.archive, err = u.record(ctx, "", session, map[string]any{"name": u.scenario.Name}, 1500*time.Millisecond); err != nil {
		return err
	}
	if err := alice.leave(); err != nil {
		return err
	}
	if _, err := u.awaitHooks(ctx, "hooks.stopped", u.archive.ID, soon, "stopped"); err != nil {
		return err
	}
	if _, err := u.as.Get(ctx, "get.stopped", u.archive.ID); err != nil {
		return err
	}
	met, err := u.awaitRecords(ctx, "upload.first", "uploads", about(u.archive.ID), delivery, "an upload", func(v evidence.View) bool { return len(v.Uploads().Records) > 0 })
	if err == nil && !met {
		err = blocked("upload.first", "no upload was tried within %v", delivery)
	}
	return err
}

func (u *uploadFlow) refuse(status int) error {
	if u.Store == nil {
		return nil
	}
	return u.Store.Refuse(u.place.bucket, status)
}

// at goes to a moment and reads.
func (u *uploadFlow) at(ctx context.Context, label string, at time.Time) error {
	if _, err := u.as.AdvanceTo(ctx, "clock."+label, at); err != nil {
		return err
	}
	_, err := u.as.Get(ctx, "get."+label, u.archive.ID)
	return err
}

func runRecovers(ctx context.Context, u *uploadFlow) error {
	if err := steps(ctx, u.flow, "clock.step", 5, nil); err != nil { // one attempt each
		return err
	}
	if err := u.at(ctx, "refused", u.began.Add(atLeast/2)); err != nil {
		return err
	}
	if err := u.refuse(0); err != nil {
		return err
	}
	if err := u.append(evidence.Record{Label: "store.open", IDs: about(u.archive.ID),
		Step: &evidence.Step{Outcome: evidence.Note, Text: "the store takes requests again"}}); err != nil {
		return err
	}
	if _, err := u.as.AdvanceTo(ctx, "clock.recovered", u.began.Add(atLeast-margin)); err != nil {
		return err
	}
	return u.deliver(ctx, u.archive.ID)
}

func runGivenUp(ctx context.Context, u *uploadFlow) error {
	id := u.archive.ID
	for h := 12; h < 72; h += 12 { // in steps, lest one of them takes longer than a call may
		if err := u.at(ctx, fmt.Sprintf("%dh", h), u.began.Add(time.Duration(h)*time.Hour)); err != nil {
			return err
		}
	}
	if err := u.at(ctx, "late", u.began.Add(uploadPeriod-time.Hour)); err != nil {
		return err
	}
	if err := u.at(ctx, "before", u.began.Add(uploadPeriod-margin)); err != nil {
		return err
	}
	if err := u.at(ctx, "after", u.began.Add(uploadPeriod+2*margin)); err != nil {
		return err
	}
	if _, err := u.must(ctx, "wait.failed", id, soon, "failed", "uploaded", "available"); err != nil {
		return err
	}
	if _, err := u.awaitHooks(ctx, "hooks.failed", id, soon, "failed"); err != nil {
		return err
	}
	if err := u.awaitMail(ctx); err != nil {
		return err
	}
	if err := u.at(ctx, "long-after", u.began.Add(uploadPeriod+12*time.Hour)); err != nil {
		return err
	}
	if _, err := u.as.List(ctx, "list.after", url.Values{"sessionId": {u.archive.Session}}, false); err != nil {
		return err
	}
	_, err := u.objects(ctx, "object", id)
	return err
}

// runFallsBack goes to the end of the six hours, and then on until the built-in cloud has the archive.
func runFallsBack(ctx context.Context, u *uploadFlow) error {
	id := u.archive.ID
	if err := u.at(ctx, "before", u.began.Add(atLeast-margin)); err != nil {
		return err
	}
	n := 0
	err := steps(ctx, u.flow, "clock.on", 100, func() (bool, error) {
		n++
		a, err := u.as.Get(ctx, fmt.Sprintf("get.on.%d", n), id)
		return a.String("status") != "stopped", err
	})
	if err != nil {
		return err
	}
	if _, err := u.must(ctx, "wait.available", id, soon, "available", "failed", "uploaded"); err != nil {
		return err
	}
	if _, err := u.awaitHooks(ctx, "hooks.available", id, soon, "available"); err != nil {
		return err
	}
	a, err := u.as.Get(ctx, "get.available", id)
	if err != nil {
		return err
	}
	if link := a.String("url"); link != "" {
		if _, err := download(ctx, u.flow, "download", id, link, true); err != nil {
			return err
		}
	}
	return u.awaitMail(ctx)
}

// awaitMail waits for mail to the account of the flow's application.
func (u *uploadFlow) awaitMail(ctx context.Context) error {
	if u.Mail == nil || !u.Target.File.Has(target.Email) {
		return nil
	}
	_, err := u.awaitRecords(ctx, "mail", "mail", u.archiveIDs(u.archive.ID), soon, "mail", func(v evidence.View) bool { return len(v.Mails().Records) > 0 })
	return err
}
