package main

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/whiptest"
)

// overlap is how long two consecutive automatic archives record at the same time.
const overlap = 2 * time.Second

// TestAutomaticRecording records a session automatically for more than four hours and moves it to another server. There must be three archives,
// and the first two must overlap.
func TestAutomaticRecording(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{"name": "automatic"})
	var sessions []struct {
		SessionID string `json:"session_id"`
	}
	c.call(http.MethodPost, "/session/create", url.Values{"archiveMode": {"always"}, "archiveName": {"show"}}, &sessions)
	session := sessions[0].SessionID
	publisher := c.publish(session)
	publisher.AwaitSent(seconds(1))
	if got := c.advance(p, 5*time.Hour); !slices.Equal(got, []string{"overlap"}) {
		t.Errorf("the walk to the overlap fired %q", got)
	}
	c.advance(p, time.Minute) // returns when the overlap is over
	exchange(t, http.MethodPost, c.url+c.project()+"/session/"+session+"/migrate", c.app.Bearer(t, time.Now(), nil), nil, http.StatusAccepted, nil)
	publisher.AwaitSent(publisher.Sent() + seconds(2)) // with a key frame each second, one is surely recorded
	publisher.Stop()
	var list struct{ Items []archiveView }
	await(t, "three archives, the last one paused", fileWithin, func() bool {
		c.call(http.MethodGet, c.project()+"/archive?sessionId="+session, nil, &list)
		return len(list.Items) == 3 && list.Items[0].Status == "paused"
	})
	c.advance(p, time.Minute)

	slices.Reverse(list.Items)
	var films []film
	for i, want := range []string{"maximum duration exceeded", "session ended", "session ended"} {
		a := c.awaitStatus(list.Items[i].ID, "available")
		if a.Reason != want || i == 0 && a.Duration != 4*60*60 {
			t.Errorf("archive %d: %+v", i, a)
		}
		films = append(films, watch(t, download(t, a.URL)))
		if len(films[i].shown) == 0 {
			t.Fatalf("archive %d shows nothing", i)
		}
	}
	manifest, err := fixtures.Load()
	must(t, err)
	loop, err := manifest.Video(video)
	must(t, err)
	last, first := films[0].shown[len(films[0].shown)-1], films[1].shown[0]
	both := frames((last - first + loop.Count) % loop.Count)
	if both > overlap+edge || both < overlap-keyEvery-edge {
		t.Errorf("the first file shows frames up to %d, the second from %d on: %v in both, want %v", last, first, both, overlap)
	}
	t.Logf("%v in both", both)
	p.terminate()
}

// advance moves the application's clock and returns the kinds of what happened.
func (c client) advance(p *process, d time.Duration) (kinds []string) {
	c.t.Helper()
	var walked struct{ Fired []struct{ Kind string } }
	exchange(c.t, http.MethodPost, c.url+"/control/v1/applications/"+c.app.ID+"/clock", p.ready.ControlToken,
		map[string]int64{"advance": d.Milliseconds()}, http.StatusOK, &walked)
	for _, f := range walked.Fired {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// TestBriefSound records publishers who leave before their first sender report, while their media is held for it. It must be in the film, whether
// their stream ends first or their connection.
func TestBriefSound(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	for name, leave := range map[string]func(c client, session, connection string, publisher *whiptest.Publisher){
		"stream": func(_ client, _, _ string, publisher *whiptest.Publisher) { publisher.Abandon() },
		"connection": func(c client, session, connection string, _ *whiptest.Publisher) {
			exchange(t, http.MethodDelete, c.url+c.project()+"/session/"+session+"/connection/"+connection, c.app.Bearer(t, time.Now(), nil), nil, http.StatusNoContent, nil)
		},
	} {
		c := isolatedClient(t, p, map[string]any{"name": name})
		var sessions []struct {
			SessionID string `json:"session_id"`
		}
		c.call(http.MethodPost, "/session/create", url.Values{"archiveMode": {"always"}}, &sessions)
		session := sessions[0].SessionID
		token, connection := c.attend(session)
		publisher := whiptest.Publish(t, whiptest.Options{Tone: "tone-01", URL: c.url, SessionID: session, Token: token, Client: connection})
		publisher.AwaitSent(35) // packets of 20 ms; the first report comes after 1 s
		leave(c, session, connection, publisher)
		var list struct{ Items []archiveView }
		await(t, "archive without a stream paused", fileWithin, func() bool { // its idle limit counts from here
			c.call(http.MethodGet, c.project()+"/archive?sessionId="+session, nil, &list)
			return len(list.Items) == 1 && list.Items[0].Status == "paused"
		})
		c.advance(p, time.Hour+time.Minute)
		a := c.awaitStatus(list.Items[0].ID, "available")
		loud := 0
		for _, level := range hear(t, save(t, download(t, a.URL))) {
			if level > 3 {
				loud++
			}
		}
		if heard := time.Duration(loud) * window; heard < 500*time.Millisecond {
			t.Errorf("ended by its %s: sound for %v, want 0.7 s", name, heard)
		}
	}
	p.terminate()
}
