package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// alwaysScript is the day of an application with automatically archived sessions. Archives begin with the first client, move to another server
// with their session, and follow each other every four hours.
func (a *applicant) alwaysScript() []func() error {
	after := func(d time.Duration) func() error { return func() error { return a.advance(d) } }
	return []func() error{
		a.record, after(3 * time.Second), a.rotate, a.record, a.pause, a.record, after(20 * time.Minute),
		after(4 * time.Hour), // the walk ends where the next archive begins
		after(time.Hour),     // and continues when the overlap has ended
		a.leave, after(2 * time.Minute),
		a.attend, after(61 * time.Minute), // nobody publishes
		a.leave, a.remove, after(80 * time.Hour), a.renew,
	}
}

// manualScript is the day of an application that selects the streams of its archives.
func (a *applicant) manualScript() []func() error {
	after := func(d time.Duration) func() error { return func() error { return a.advance(d) } }
	return []func() error{
		a.record, a.deselect, a.record, after(3 * time.Second), a.stop, a.leave,
		a.wait, after(2 * time.Minute), // nobody publishes
		a.record, after(20 * time.Minute), a.rotate, a.wait, a.leave,
		after(7 * time.Hour), a.remove, after(80 * time.Hour), a.renew,
	}
}

// rotate makes the server move the session, if a client is connected.
func (a *applicant) rotate() error {
	if a.socket == nil {
		return nil // the clients ended with the killed server
	}
	return a.exchange(http.MethodPost, "/control/v1/applications/"+a.client.app.ID+"/sessions/"+a.session+"/rotate", a.process.ready.ControlToken,
		nil, http.StatusAccepted, nil)
}

// choose adds the streams of the session to the live archives.
func (a *applicant) choose() error {
	for end := time.Now().Add(streamWithin); ; {
		streams, err := a.streams()
		if err != nil {
			return err
		}
		if len(streams) > 0 {
			return a.include("addStream", streams)
		}
		if time.Now().After(end) {
			return fmt.Errorf("no stream in the session within %v", streamWithin)
		}
		if err := a.sleep(20 * time.Millisecond); err != nil {
			return err
		}
	}
}

// deselect removes the streams again.
func (a *applicant) deselect() error {
	if a.publisher == nil {
		return nil
	}
	streams, err := a.streams()
	if err == nil {
		err = a.include("removeStream", streams)
	}
	if err == nil {
		err = a.reach("paused")
	}
	return err
}

func (a *applicant) include(what string, streams []string) error {
	live, err := a.now()
	for _, x := range live {
		for _, id := range streams {
			if err == nil {
				err = a.rest(http.MethodPatch, "/archive/"+x.ID+"/streams", map[string]string{what: id}, http.StatusNoContent, nil)
			}
		}
	}
	return err
}

func (a *applicant) streams() (ids []string, err error) {
	var list struct{ Items []struct{ ID string } }
	err = a.rest(http.MethodGet, "/session/"+a.session+"/stream", nil, http.StatusOK, &list)
	for _, st := range list.Items {
		ids = append(ids, st.ID)
	}
	return ids, err
}

// presence is the state of a session according to the webhooks of session monitoring.
type presence struct {
	exists               bool
	connections, streams map[string]bool
}

// checkSession replays the announcements of a session. Nobody may come twice or leave without coming, and in the end nobody may be there.
func (w *observer) checkSession(id string, bodies []string) {
	now := presence{connections: map[string]bool{}, streams: map[string]bool{}}
	bodies = slices.Compact(slices.Clone(bodies)) // a repeated one comes before the next
	for i, body := range bodies {
		if !now.follows(w, body) || slices.Contains(bodies[:i], body) {
			w.missing++
			w.t.Errorf("session %s: %s does not follow from what came before:\n%s", id, body, strings.Join(bodies[:i], "\n"))
			return
		}
	}
	if now.exists {
		w.missing++
		w.t.Errorf("session %s: its end was not announced:\n%s", id, strings.Join(bodies, "\n"))
	}
}

func (p *presence) follows(w *observer, body string) bool {
	var e struct {
		Event              string
		Connection, Stream struct{ ID string }
	}
	w.must(json.Unmarshal([]byte(body), &e))
	change := func(set map[string]bool, id string, here bool) bool {
		was := set[id]
		set[id] = here
		return p.exists && id != "" && was != here
	}
	switch e.Event {
	case "sessionCreated":
		was := p.exists
		p.exists = true
		return !was
	case "connectionCreated", "connectionDestroyed":
		return change(p.connections, e.Connection.ID, e.Event == "connectionCreated")
	case "streamCreated", "streamDestroyed":
		return change(p.streams, e.Stream.ID, e.Event == "streamCreated")
	case "sessionDestroyed":
		was := p.exists
		p.exists = false
		return was && !holds(p.connections) && !holds(p.streams)
	default:
		return p.exists && e.Event == "sessionNotification"
	}
}

func holds(set map[string]bool) bool {
	for _, here := range set {
		if here {
			return true
		}
	}
	return false
}
