package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/account/accounttest"
	"reelcheck/reference/internal/whiptest"
)

const (
	// fileWithin is how long the file of a short recording may take after its end.
	fileWithin = 30 * time.Second
	// streamWithin is how long a stream may take from its first packet to the answers of the API.
	streamWithin = 10 * time.Second
)

// client uses the API as an application does.
type client struct {
	t   *testing.T
	url string
	app accounttest.App
}

// defaultClient returns a client for the application of the ready line.
func defaultClient(t *testing.T, p *process) client {
	t.Helper()
	key, err := os.ReadFile(p.ready.PrivateKeyFile)
	must(t, err)
	return newClient(t, p, p.ready.ApplicationID, p.ready.APIKey, p.ready.APISecret, string(key))
}

// isolatedClient returns a client for a new application with these settings, made through the control API.
func isolatedClient(t *testing.T, p *process, settings map[string]any) client {
	t.Helper()
	var made struct{ ApplicationID, PrivateKey, APIKey, APISecret string }
	exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications", p.ready.ControlToken, settings, http.StatusCreated, &made)
	return newClient(t, p, made.ApplicationID, made.APIKey, made.APISecret, made.PrivateKey)
}

func newClient(t *testing.T, p *process, id, apiKey, secret, privateKey string) client {
	t.Helper()
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(privateKey))
	must(t, err)
	number, err := strconv.ParseInt(apiKey, 10, 64)
	must(t, err)
	return client{t, p.ready.URL, accounttest.App{Application: account.Application{ID: id, APIKey: number, APISecret: secret}, Key: key}}
}

// at returns a client for the same application after a restart of the server.
func (c client) at(p *process) client {
	c.url = p.ready.URL
	return c
}

// archiveView is an archive as the API shows it.
type archiveView struct {
	ID, Status, Reason, URL, SHA256Sum, MultiArchiveTag, Password string
	Duration                                                      int64 // s
	Size                                                          int64
}

func (c client) call(method, path string, body any, into any) {
	c.t.Helper()
	exchange(c.t, method, c.url+path, c.app.Bearer(c.t, time.Now(), nil), body, http.StatusOK, into)
}

func (c client) project() string { return "/v2/project/" + c.app.ID }

func (c client) createSession() (id string) {
	c.t.Helper()
	var list []struct {
		SessionID string `json:"session_id"`
	}
	c.call(http.MethodPost, "/session/create", url.Values{}, &list)
	return list[0].SessionID
}

// onAir starts a server with a session of its default application. One client publishes there; its token has these claims.
func onAir(t *testing.T, claims map[string]any, args ...string) (p *process, c client, session string, publisher *whiptest.Publisher) {
	t.Helper()
	p = start(t, t.TempDir(), args...)
	c = defaultClient(t, p)
	session = c.createSession()
	return p, c, session, c.publishAs(session, claims)
}

// publish publishes a stream and returns when the session has it.
func (c client) publish(sessionID string) *whiptest.Publisher {
	c.t.Helper()
	return c.publishAs(sessionID, nil)
}

func (c client) publishAs(sessionID string, claims map[string]any) *whiptest.Publisher {
	c.t.Helper()
	return c.publishThis(sessionID, claims, whiptest.Options{Video: video, Tone: "tone-01"})
}

// publishThis publishes a stream and returns when the session has one stream more.
func (c client) publishThis(sessionID string, claims map[string]any, o whiptest.Options) *whiptest.Publisher {
	c.t.Helper()
	before := len(c.streams(sessionID))
	o.URL, o.SessionID, o.Token = c.url, sessionID, c.app.Client(c.t, time.Now(), sessionID, claims)
	p := whiptest.Publish(c.t, o)
	await(c.t, "stream in the session", streamWithin, func() bool { return len(c.streams(sessionID)) > before })
	return p
}

// streams returns the ids of the session's streams.
func (c client) streams(sessionID string) (ids []string) {
	c.t.Helper()
	var list struct{ Items []struct{ ID string } }
	c.call(http.MethodGet, c.project()+"/session/"+sessionID+"/stream", nil, &list)
	for _, st := range list.Items {
		ids = append(ids, st.ID)
	}
	return ids
}

func (c client) startArchive(sessionID string) (a archiveView) {
	c.t.Helper()
	c.call(http.MethodPost, c.project()+"/archive", map[string]string{"sessionId": sessionID}, &a)
	if a.Status != "started" {
		c.t.Fatalf("start: status %q, want started", a.Status)
	}
	return a
}

func (c client) stopArchive(id string) {
	c.t.Helper()
	var a archiveView
	c.call(http.MethodPost, c.project()+"/archive/"+id+"/stop", nil, &a)
	if a.Status != "stopped" {
		c.t.Errorf("stop: status %q, want stopped", a.Status)
	}
}

func (c client) archive(id string) (a archiveView) {
	c.t.Helper()
	c.call(http.MethodGet, c.project()+"/archive/"+id, nil, &a)
	return a
}

// awaitStatus waits until the archive has this status and returns it.
func (c client) awaitStatus(id, status string) (a archiveView) {
	c.t.Helper()
	await(c.t, "archive "+status, fileWithin, func() bool {
		a = c.archive(id)
		if a.Status == "failed" && status != "failed" {
			c.t.Fatalf("archive failed: %+v", a)
		}
		return a.Status == status
	})
	return a
}

// exchange sends body, url.Values as a form and anything else as JSON, and decodes the answer into into.
func exchange(t *testing.T, method, path, bearer string, body any, want int, into any) {
	t.Helper()
	var content io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case url.Values:
		content, kind = bytes.NewBufferString(b.Encode()), "application/x-www-form-urlencoded"
	default:
		content = bytes.NewBufferString(mustJSON(t, body))
	}
	ctx, cancel := context.WithTimeout(t.Context(), fileWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, path, content)
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", kind)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != want {
		t.Fatalf("%s %s: %s, want %d: %s", method, path, response.Status, want, answer)
	}
	if into != nil {
		must(t, json.Unmarshal(answer, into))
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}
