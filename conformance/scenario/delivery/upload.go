package delivery

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target/config"
)

// upload returns a scenario about an upload target that answers requests with 503.
func upload(name, title string, app scenario.App, need []config.Capability, run func(context.Context, *uploadFlow) error) scenario.Scenario {
	app.Mailed = true
	return scenario.Scenario{
		Name: name, Title: title, Needs: append([]config.Capability{config.Control, config.S3}, need...), Virtual: true, Refuses: true,
		Why: "a run would have to refuse uploads for hours or days and to see each attempt", Media: 2,
		Within: 90 * time.Second, App: app,
		Run: func(ctx context.Context, f *scenario.Flow) error { return run(ctx, &uploadFlow{Flow: f}) },
	}
}

var (
	GivenUp   = upload(scenarios.GivenUp, "an upload target that refuses for three days, without fallback", scenario.App{Fallback: "none"}, nil, runGivenUp)
	FallsBack = upload(scenarios.FallsBack, "an upload target that takes no more than the first part, and the built-in cloud takes over", scenario.App{},
		[]config.Capability{config.Cloud, config.Fallback}, runFallsBack)
	ZIPFallsBack = upload(scenarios.ZIPFallsBack, "an upload target that refuses an individual archive, and the built-in cloud takes over", scenario.App{},
		[]config.Capability{config.Cloud, config.Fallback, config.Individual}, runZIPFallsBack)
)

const (
	uploadPeriod = 72 * time.Hour // limits.yaml has it too; here it only says when to look
	atLeast      = 6 * time.Hour
	uploadGrace  = time.Hour // that the ledger allows at the end of the period
)

type uploadFlow struct {
	*scenario.Flow
	archive scenario.Started
	apart   scenario.Started // an individual archive; empty unless there is one
	began   time.Time        // policy time just before the start
}

// recording says what is recorded for a store that refuses it.
type recording struct {
	video   string // "" for sound alone
	options map[string]any
	long    time.Duration
	skip    time.Duration // by which the clock moves meanwhile
	apart   bool          // record an individual archive too
	refused int           // the answer to uploads of this archive alone; 0 to take them
}

// brief is a short recording of sound.
var brief = recording{long: 1500 * time.Millisecond}

// undeliverable records an archive that the store refuses.
func (u *uploadFlow) undeliverable(ctx context.Context, r recording) error {
	session, alice, err := u.Alone(ctx, r.video, "tone-29")
	if err != nil {
		return err
	}
	if u.began, err = u.Clock.Now(ctx, "clock.start"); err != nil {
		return err
	}
	options := map[string]any{"name": u.Scenario.Name}
	maps.Copy(options, r.options)
	if u.archive, err = u.Start(ctx, "start", session, options); err != nil {
		return err
	}
	if err := u.refuse(u.archive.ID, r.refused); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, r.long); err != nil {
		return err
	}
	if r.skip > 0 {
		if _, err := u.As.Advance(ctx, "clock.recording", r.skip); err != nil {
			return err
		}
	}
	if err := u.Stop(ctx, "stop", u.archive.ID); err != nil {
		return err
	}
	if r.apart && u.Target.File.Has(config.Individual) {
		if u.apart, err = u.Record(ctx, "individual.", session, map[string]any{"outputMode": "individual"}, time.Second); err != nil {
			return err
		}
	}
	if err := alice.Leave(ctx); err != nil {
		return err
	}
	u.Silent()
	return u.awaitRefusal(ctx)
}

// awaitRefusal waits until the archive is stopped and an upload was tried.
func (u *uploadFlow) awaitRefusal(ctx context.Context) error {
	if err := u.AwaitHooks(ctx, "hooks.stopped", u.archive.ID, scenario.Soon, "stopped"); err != nil {
		return err
	}
	if _, err := u.As.Get(ctx, "get.stopped", u.archive.ID); err != nil {
		return err
	}
	met, err := u.AwaitRecords(ctx, "upload.first", "uploads", scenario.About(u.archive.ID), scenario.Delivery, "a refused upload", func(v evidence.View) bool {
		return slices.ContainsFunc(v.Uploads().Records, func(r evidence.Record) bool { return r.Upload.Answer >= 500 })
	})
	if err == nil && !met {
		err = scenario.Blocked("upload.first", "no upload was tried within %v", scenario.Delivery)
	}
	return err
}

// refuse answers uploads to a bucket, or of an archive, with a status.
func (u *uploadFlow) refuse(name string, status int) error {
	if u.Store == nil {
		return nil
	}
	return u.Store.Refuse(name, status)
}

// at moves the clock to a moment and reads the archive.
func (u *uploadFlow) at(ctx context.Context, label string, at time.Time) error {
	if _, err := u.As.AdvanceTo(ctx, "clock."+label, at); err != nil {
		return err
	}
	if _, err := u.As.Get(ctx, "get."+label, u.archive.ID); err != nil || u.apart.ID == "" {
		return err
	}
	_, err := u.As.Get(ctx, "individual.get."+label, u.apart.ID)
	return err
}

// runGivenUp has a receiver that answers 202, and looks whether a callback comes again in these days. The first one about the end
// is not answered at all.
func runGivenUp(ctx context.Context, u *uploadFlow) error {
	if err := u.refuse(u.Place.Name, http.StatusServiceUnavailable); err != nil {
		return err
	}
	if u.Hooks != nil {
		if err := u.Hooks.Refuse(ctx, u.Scenario.Name, "default", http.StatusAccepted, scenario.Forever); err != nil {
			return err
		}
	}
	lasting := brief
	lasting.skip, lasting.apart = 2*uploadGrace, true
	if err := u.undeliverable(ctx, lasting); err != nil {
		return err
	}
	id := u.archive.ID
	for h := 12; h < 72; h += 12 { // in steps, because one large step may take longer than a call may
		if err := u.at(ctx, fmt.Sprintf("%dh", h), u.began.Add(time.Duration(h)*time.Hour)); err != nil {
			return err
		}
	}
	if err := u.at(ctx, "late", u.began.Add(uploadPeriod-time.Hour)); err != nil {
		return err
	}
	if err := u.giveUp(ctx); err != nil {
		return err
	}
	if err := u.awaitMail(ctx); err != nil {
		return err
	}
	if err := u.at(ctx, "long-after", u.began.Add(uploadPeriod+12*time.Hour)); err != nil {
		return err
	}
	if err := u.Watch(ctx, "quiet", "webhooks", id, scenario.Quiet); err != nil {
		return err
	}
	if u.apart.ID != "" {
		if err := u.Watch(ctx, "individual.quiet", "webhooks", u.apart.ID, scenario.Quiet); err != nil {
			return err
		}
	}
	if _, err := u.As.List(ctx, "list.after", url.Values{"sessionId": {u.archive.Session}}, false); err != nil {
		return err
	}
	_, err := u.Objects(ctx, "object", id)
	return err
}

// giveUp goes over the end of the period, and leaves the first callback after it without an answer.
func (u *uploadFlow) giveUp(ctx context.Context) error {
	id := u.archive.ID
	if err := u.at(ctx, "before", u.began.Add(uploadPeriod-clock.Margin)); err != nil {
		return err
	}
	if u.Hooks != nil {
		if err := u.Hooks.Refuse(ctx, u.Scenario.Name, "default", sink.NoAnswer, 1); err != nil {
			return err
		}
	}
	if err := u.at(ctx, "after", u.began.Add(uploadPeriod+2*clock.Margin)); err != nil {
		return err
	}
	if _, _, err := u.Await(ctx, "wait.failed", id, scenario.Soon, "failed", "uploaded", "available"); err != nil {
		return err
	}
	if err := u.at(ctx, "over", u.began.Add(uploadPeriod+uploadGrace+2*clock.Margin)); err != nil {
		return err
	}
	if _, err := u.Must(ctx, "wait.over", id, scenario.Soon, "failed", "uploaded", "available"); err != nil {
		return err
	}
	return u.AwaitHooks(ctx, "hooks.failed", id, scenario.Soon, "failed")
}

// runFallsBack has an archive of several parts, and follows it to the end of its life in the built-in cloud.
func runFallsBack(ctx context.Context, u *uploadFlow) error {
	large := brief
	if u.Target.File.Has(config.VP8) && u.Target.File.Has(config.QP) {
		large = recording{video: "grain", options: noisy(u.Flow), long: largeEnough}
	}
	if u.Store != nil {
		if err := u.Store.RefuseObjects(u.Place.Name, http.StatusServiceUnavailable); err != nil {
			return err
		}
	}
	if err := u.undeliverable(ctx, large); err != nil {
		return err
	}
	if err := u.takenOver(ctx); err != nil {
		return err
	}
	if err := awaitNoParts(ctx, u.Flow, u.archive.ID); err != nil {
		return err
	}
	return u.expire(ctx)
}

// runZIPFallsBack has an account of its own, so that its mail is about an individual archive.
func runZIPFallsBack(ctx context.Context, u *uploadFlow) error {
	if err := u.refuse(u.Place.Name, http.StatusServiceUnavailable); err != nil {
		return err
	}
	if err := u.unsetFallback(ctx); err != nil {
		return err
	}
	zip := brief
	zip.options = map[string]any{"outputMode": "individual"}
	if err := u.undeliverable(ctx, zip); err != nil {
		return err
	}
	return u.takenOver(ctx)
}

// unsetFallback switches the fallback off, and then leaves it out, which means the default again (ARC-STO-12). A target without encryption may
// lack the call.
func (u *uploadFlow) unsetFallback(ctx context.Context) error {
	if !u.Target.File.Has(config.Encryption) {
		return nil
	}
	for _, fallback := range []string{"none", ""} {
		s := *u.Place.Storage(u.Place.Name)
		s.Fallback = fallback
		label := "storage.fallback-" + cmp.Or(fallback, "unset")
		a, err := u.As.SetStorage(ctx, label, s, nil)
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK {
			return scenario.Blocked(label, "setting an upload target answered %s", a.Describe())
		}
	}
	return nil
}

// takenOver goes on until the built-in cloud has the archive and there is mail about it.
func (u *uploadFlow) takenOver(ctx context.Context) error {
	id := u.archive.ID
	if err := u.at(ctx, "before", u.began.Add(atLeast-clock.Margin)); err != nil {
		return err
	}
	n := 0
	err := u.Clock.Steps(ctx, "clock.on", 100, func() (bool, error) {
		n++
		a, err := u.As.Get(ctx, fmt.Sprintf("get.on.%d", n), id)
		return a.String("status") != "stopped", err
	})
	if err != nil {
		return err
	}
	if _, err := u.Must(ctx, "wait.available", id, scenario.Soon, "available", "failed", "uploaded"); err != nil {
		return err
	}
	if err := u.AwaitHooks(ctx, "hooks.available", id, scenario.Soon, "available"); err != nil {
		return err
	}
	a, err := u.As.Get(ctx, "get.available", id)
	if err != nil {
		return err
	}
	if link := a.String("url"); link != "" {
		if _, err := download(ctx, u.Flow, "download", id, link, true); err != nil {
			return err
		}
	}
	return u.awaitMail(ctx)
}

// expire follows the archive that fell back to the end of its 72 hours, which began with the archive (ARC-STO-21).
func (u *uploadFlow) expire(ctx context.Context) error {
	id := u.archive.ID
	if _, err := u.As.AdvanceTo(ctx, "clock.before-expiry", u.began.Add(cloudLife-clock.Margin)); err != nil {
		return err
	}
	a, err := u.As.Get(ctx, "get.before-expiry", id)
	link := a.String("url")
	if err != nil || link == "" {
		return err
	}
	if _, err := download(ctx, u.Flow, "download.before-expiry", id, link, false); err != nil {
		return err
	}
	if _, err := u.As.AdvanceTo(ctx, "clock.after-expiry", u.began.Add(cloudLife+cloudOver)); err != nil {
		return err
	}
	if _, _, err := u.Await(ctx, "wait.expired", id, scenario.Soon, "expired"); err != nil {
		return err
	}
	if err := u.AwaitHooks(ctx, "hooks.expired", id, scenario.Soon, "expired"); err != nil {
		return err
	}
	_, err = download(ctx, u.Flow, "download.expired", id, link, false)
	return err
}

// awaitMail waits for mail to the account of the flow's application.
func (u *uploadFlow) awaitMail(ctx context.Context) error {
	if u.Mail == nil || !u.Target.File.Has(config.Email) {
		return nil
	}
	_, err := u.AwaitRecords(ctx, "mail", "mail", u.ArchiveIDs(u.archive.ID), scenario.Soon, "mail", func(v evidence.View) bool { return len(v.Mails().Records) > 0 })
	return err
}
