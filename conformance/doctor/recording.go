package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// connecting limits the set-up of media.
const connecting = 6 * time.Second

// films are the fixtures to publish, by what the target can record.
var films = []struct {
	codec config.Capability
	film  string
}{{config.VP8, "vp8-05"}, {config.H264, "h264-05"}}

const sound = "tone-05"

// filmFor returns what to publish.
func filmFor(f config.File) (codec config.Capability, name string) {
	for _, c := range films {
		if f.Has(c.codec) {
			return c.codec, c.film
		}
	}
	return "", ""
}

func (e *examination) events(ctx context.Context) (string, error) {
	if !e.File.Has(config.Events) {
		return "", absent("the target file does not declare events")
	}
	if !slices.Contains(e.clients.Can(), config.CanConnect) {
		return "", absent("the clients receive no events")
	}
	token, err := e.clientToken()
	if err != nil {
		return "", err
	}
	if e.conn, err = e.clients.Connect(ctx, publisher.Entry{Client: e.as.Client, Label: "join", Name: scenario, Session: e.id, Token: token}); err != nil {
		return "", e.refused(err)
	}
	e.undo = append(e.undo, func(context.Context) { e.conn.Leave() })
	return "connected as " + e.conn.ID, nil
}

// clientToken returns the token of the client, which is made once.
func (e *examination) clientToken() (string, error) {
	if e.token != "" {
		return e.token, nil
	}
	kind := target.JWTToken
	if e.as.Identity == evidence.AsLegacy {
		kind = target.T1Token
	}
	var err error
	e.token, err = e.as.App.Mint(target.ClientToken{Kind: kind, SessionID: e.id, Data: "name=doctor"}, time.Now())
	e.journal.Redact("client token", e.token)
	return e.token, err
}

// refused adds to the error of a client what the target answered to it, and where, and what to do if that is not the place.
func (e *examination) refused(err error) error {
	records := e.journal.View().Records
	for i := len(records) - 1; i >= 0; i-- {
		if x := records[i].Exchange; x != nil && x.Identity == evidence.AsClient && x.Response != nil && x.Response.Status >= http.StatusBadRequest {
			err = fmt.Errorf("%w; %s %s was answered: %s", err, x.Request.Method, x.Request.URL, x.Response.Body.Text)
			if x.Response.Status == http.StatusNotFound || x.Response.Status == http.StatusMethodNotAllowed {
				err = fmt.Errorf("%w; %s", err, elsewhere)
			}
			return err
		}
	}
	return err
}

// elsewhere is the advice for clients that do not find what they ask for.
const elsewhere = "if clients of this target connect or publish elsewhere, say so under publisher.whip in the target file, or name another " +
	"publisher.driver; without events over a WebSocket leave out the capability events"

func (e *examination) publish(ctx context.Context) (string, error) {
	codec, film := filmFor(e.File)
	if codec == "" {
		return "", errors.New("capabilities: neither vp8 nor h264 is declared, so nothing can be published")
	}
	e.film = film
	token, err := e.clientToken()
	if err != nil {
		return "", err
	}
	o := publisher.Options{Client: e.as.Client, Label: "publish", Name: scenario, Session: e.id, Token: token, StreamName: scenario,
		Video: e.film, Audio: sound, Within: connecting}
	if e.conn != nil {
		o.ConnectionID = e.conn.ID
	}
	pub, err := e.clients.Publish(ctx, o)
	if err != nil {
		return "", e.refused(err)
	}
	e.undo = append(e.undo, func(context.Context) { _ = pub.Abandon() })
	e.ended = pub.Ended()
	return fmt.Sprintf("%s and %s, as stream %s", e.film, sound, pub.StreamID()), nil
}

// archive records what is published.
func (e *examination) archive(ctx context.Context) (string, error) {
	a, err := e.as.Start(ctx, "start", map[string]any{"sessionId": e.id, "name": "conform doctor"})
	if err != nil {
		return "", err
	}
	if id := a.String("id"); a.Status != http.StatusOK || id == "" || a.String("sessionId") != e.id || a.String("status") == "" {
		return "", fmt.Errorf("POST %s %s; want an archive of the session with an id and a status", path(a), said(a))
	}
	e.made = a.String("id")
	e.undo = append(e.undo, func(ctx context.Context) { _, _ = e.as.Delete(ctx, "cleanup", e.made) })
	t := time.NewTimer(e.Record)
	defer t.Stop()
	select {
	case <-t.C:
	case <-e.ended:
		return "", errors.New("the target ended the publication before the archive was stopped")
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if a, err = e.as.Stop(ctx, "stop", e.made, nil); err != nil {
		return "", err
	}
	if a.Status != http.StatusOK || a.String("id") != e.made {
		return "", fmt.Errorf("POST %s %s; want the archive", path(a), said(a))
	}
	return fmt.Sprintf("%s, %v of it, stopped", e.made, e.Record), nil
}
