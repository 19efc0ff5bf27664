package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelcheck/reference/internal/whiptest"
)

// applicant is an application that repeats its script through all lives of the server. It owns its fields. The address of its client changes
// with every life.
type applicant struct {
	name   string
	day    *observer
	tb     testing.TB
	client client
	bucket *moodyBucket // nil = the built-in cloud
	tags   []string     // tags of the archives that run at the same time
	always bool         // archives are automatic
	manual bool         // streams are selected
	video  bool         // they have video
	rng    *rand.Rand

	individual []string // tags of the archives that are individual

	cycle, at int // position in the script
	session   string

	// Fields for one life.
	ctx       context.Context
	process   *process
	socket    *websocket.Conn
	publisher *whiptest.Publisher
	reading   sync.WaitGroup // reads of the socket
}

// errLost says that there was no answer, so that the request may or may not have taken effect.
var errLost = errors.New("no answer")

// script returns the steps of one cycle. Each step first looks at the state of the server, so that it can be repeated.
func (a *applicant) script() []func() error {
	switch {
	case a.always:
		return a.alwaysScript()
	case a.manual:
		return a.manualScript()
	}
	after := func(d time.Duration) func() error { return func() error { return a.advance(d) } }
	store := func(down bool) func() error {
		return func() error {
			if a.bucket != nil {
				a.bucket.down.Store(down)
			}
			return nil
		}
	}
	outage, long := a.cycle%3 != 2, a.cycle%3 == 0 // a long outage lasts until the limit for uploads
	return []func() error{
		a.record, a.pause, a.record, after(3 * time.Second), a.stop,
		store(outage), a.leave,
		a.wait, after(2 * time.Minute), // nobody has published
		a.record, after(20 * time.Minute), a.stop, after(time.Hour),
		store(long), a.leave,
		after(7 * time.Hour), store(long && a.name == "strict"),
		a.remove, after(80 * time.Hour), store(false), a.renew,
	}
}

// begin prepares the applicant for a new life.
func (a *applicant) begin(ctx context.Context, p *process) {
	if a.publisher != nil {
		a.publisher.Abandon()
	}
	a.ctx, a.process, a.socket, a.publisher, a.client = ctx, p, nil, nil, a.client.at(p)
}

// live continues the script until the server is killed.
func (a *applicant) live(ctx context.Context, p *process) {
	a.begin(ctx, p)
	err := a.expectNoneLive()
	for err == nil {
		script := a.script()
		if err = script[a.at](); err == nil {
			a.at++
		}
		if a.at == len(script) {
			a.cycle, a.at = a.cycle+1, 0
		}
	}
	if !errors.Is(err, errLost) && ctx.Err() == nil {
		a.tb.Errorf("%s, step %d: %v", a.name, a.at, err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(exitWithin):
		a.tb.Errorf("%s, step %d: %v from a server that lives", a.name, a.at, err)
	}
	if a.socket != nil {
		_ = a.socket.CloseNow()
	}
	a.reading.Wait()
}

// expectNoneLive checks that no archive is live: the clients ended with the killed server.
func (a *applicant) expectNoneLive() error {
	all, err := a.list("")
	for _, x := range all {
		if x.live() {
			return fmt.Errorf("archive %s is %s after a restart", x.ID, x.Status)
		}
	}
	return err
}

// finish leaves and advances the clock far enough for everything to end.
func (a *applicant) finish() error {
	if err := a.expectNoneLive(); err != nil {
		return err
	}
	if err := a.advance(80 * time.Hour); err != nil {
		return err
	}
	var owed struct{ Items []any }
	if err := a.control(http.MethodGet, "deadlines", nil, &owed); err != nil {
		return err
	}
	if len(owed.Items) > 0 {
		return fmt.Errorf("still to come: %v", owed.Items)
	}
	return nil
}

// list returns the archives of a session; "" means of all sessions.
func (a *applicant) list(session string) ([]archiveView, error) {
	var page struct{ Items []archiveView }
	query := url.Values{"count": {"1000"}}
	if session != "" {
		query.Set("sessionId", session)
	}
	err := a.rest(http.MethodGet, "/archive?"+query.Encode(), nil, http.StatusOK, &page)
	for _, x := range page.Items {
		a.day.saw(x.ID, x.Status)
	}
	return page.Items, err
}

// now returns the live archives of the session.
func (a *applicant) now() ([]archiveView, error) {
	if a.session == "" {
		return nil, nil
	}
	all, err := a.list(a.session)
	return slices.DeleteFunc(all, func(x archiveView) bool { return !x.live() }), err
}

func (x archiveView) live() bool { return x.Status == "started" || x.Status == "paused" }

// attend makes sure that the session exists and has a client.
func (a *applicant) attend() error {
	if a.session == "" {
		var made []struct {
			SessionID string `json:"session_id"`
		}
		form := url.Values{}
		if a.always {
			form.Set("archiveMode", "always")
		}
		if err := a.exchange(http.MethodPost, "/session/create", a.bearer(), form, http.StatusOK, &made); err != nil {
			return err
		}
		a.session = made[0].SessionID
	}
	if a.socket != nil {
		return nil
	}
	token := a.client.app.Client(a.tb, time.Now(), a.session, nil)
	protocols := []string{"reelcheck.events", "token." + base64.RawURLEncoding.EncodeToString([]byte(token))}
	socket, _, err := websocket.Dial(a.ctx, a.client.url+"/v2/session/"+a.session+"/events", &websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		return errors.Join(errLost, err)
	}
	if _, _, err := socket.Read(a.ctx); err != nil {
		return errors.Join(errLost, err)
	}
	a.socket = socket
	a.reading.Go(func() {
		for err := error(nil); err == nil; {
			_, _, err = socket.Read(a.ctx)
		}
	})
	return nil
}

// wait makes sure that there are archives that wait for a publisher.
func (a *applicant) wait() error {
	if err := a.attend(); err != nil {
		return err
	}
	live, err := a.now()
	for _, tag := range a.tags {
		if slices.ContainsFunc(live, func(x archiveView) bool { return x.MultiArchiveTag == tag }) {
			continue
		}
		var made archiveView
		if err == nil {
			body := map[string]any{"sessionId": a.session, "hasVideo": a.video, "multiArchiveTag": tag}
			if a.manual {
				body["streamMode"] = "manual"
			}
			if slices.Contains(a.individual, tag) {
				body["outputMode"] = "individual"
			}
			err = a.rest(http.MethodPost, "/archive", body, http.StatusOK, &made)
		}
		if err == nil {
			a.day.saw(made.ID, made.Status)
		}
	}
	return err
}

// record makes sure that there are archives that record.
func (a *applicant) record() error {
	if err := a.wait(); err != nil {
		return err
	}
	if a.publisher == nil {
		if err := a.publish(); err != nil {
			return err
		}
	}
	if a.manual {
		if err := a.choose(); err != nil {
			return err
		}
	}
	if err := a.reach("started"); err != nil {
		return err
	}
	return a.sleep(time.Duration(a.rng.IntN(300)) * time.Millisecond)
}

func (a *applicant) publish() error {
	ctx, published := a.ctx, make(chan *whiptest.Publisher, 1)
	o := whiptest.Options{URL: a.client.url, SessionID: a.session, Token: a.client.app.Client(a.tb, time.Now(), a.session, nil), Tone: "tone-01"}
	if a.video {
		o.Video = video
	}
	err := a.fragile(func(tb testing.TB) {
		p := whiptest.Publish(tb, o)
		if published <- p; ctx.Err() != nil {
			p.Abandon()
		}
	})
	if err == nil {
		a.publisher = <-published
	}
	return err
}

// pause makes the publisher leave.
func (a *applicant) pause() error {
	if a.publisher == nil {
		return nil // it ended with the server
	}
	p := a.publisher
	a.publisher = nil
	if err := a.fragile(func(testing.TB) { p.Stop() }); err != nil {
		return err
	}
	return a.reach("paused")
}

// reach waits until all live archives have the status. One may have begun before its publisher published, and pauses when the publisher leaves.
func (a *applicant) reach(status string) error {
	for end := time.Now().Add(streamWithin); ; {
		live, err := a.now()
		if err != nil || !slices.ContainsFunc(live, func(x archiveView) bool { return x.Status != status }) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("archives %+v are not all %s within %v", live, status, streamWithin)
		}
		if err := a.sleep(20 * time.Millisecond); err != nil {
			return err
		}
	}
}

// stop stops all live archives.
func (a *applicant) stop() error {
	live, err := a.now()
	for _, x := range live {
		if err == nil {
			err = a.rest(http.MethodPost, "/archive/"+x.ID+"/stop", nil, http.StatusOK, nil)
		}
		if err == nil {
			a.day.saw(x.ID, "stopped")
		}
	}
	return err
}

// leave disconnects every client.
func (a *applicant) leave() error {
	if err := a.pause(); err != nil {
		return err
	}
	if a.socket != nil {
		_ = a.socket.Close(websocket.StatusNormalClosure, "")
		a.socket = nil
	}
	return nil
}

// remove deletes the newest archive that may be deleted.
func (a *applicant) remove() error {
	all, err := a.list("")
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Status == "available" || x.Status == "uploaded" {
			return a.rest(http.MethodDelete, "/archive/"+x.ID, nil, http.StatusNoContent, nil)
		}
	}
	return nil
}

func (a *applicant) renew() error {
	if a.cycle%2 == 0 {
		a.session = ""
	}
	return nil
}

// advance moves the clock and checks that nothing due was left behind.
func (a *applicant) advance(d time.Duration) error {
	var clock struct{ Now int64 }
	if err := a.control(http.MethodPost, "clock", map[string]int64{"advance": d.Milliseconds()}, &clock); err != nil {
		return err
	}
	var owed struct{ Items []struct{ At int64 } }
	if err := a.control(http.MethodGet, "deadlines", nil, &owed); err != nil {
		return err
	}
	for _, item := range owed.Items {
		if item.At < clock.Now {
			return fmt.Errorf("stuck: due at %d, and now it is %d: %+v", item.At, clock.Now, owed.Items)
		}
	}
	return nil
}
