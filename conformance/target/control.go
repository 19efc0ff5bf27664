package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/text"
)

// S3Config is an S3 upload target, in the form of the control API and of sources.md#upload-target.
type S3Config struct {
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
	Bucket    string `json:"bucket"`
	Endpoint  string `json:"endpoint,omitempty"`
	Region    string `json:"region,omitempty"`
	SSE       string `json:"sse,omitempty"`
}

// AzureConfig is an upload target that is an Azure container.
type AzureConfig struct {
	AccountName string `json:"accountName"`
	AccountKey  string `json:"accountKey"`
	Container   string `json:"container"`
	Domain      string `json:"domain,omitempty"`
}

// Storage is the upload target of an application. The sink that makes one redacts its secrets.
type Storage struct {
	Type     string `json:"type"`
	Config   any    `json:"config"` // S3Config or AzureConfig
	Fallback string `json:"fallback,omitempty"`
}

// AppRequest describes an isolated application.
type AppRequest struct {
	Name                string   `json:"name"`
	PreferredVideoCodec string   `json:"preferredVideoCodec,omitempty"`
	ArchiveCallbackURL  string   `json:"archiveCallbackUrl,omitempty"`
	SessionCallbackURL  string   `json:"sessionCallbackUrl,omitempty"`
	SignatureSecret     string   `json:"signatureSecret,omitempty"` // not redacted: checks verify signatures with it
	Email               string   `json:"email,omitempty"`
	Storage             *Storage `json:"storage,omitempty"`
	Fallback            string   `json:"fallback,omitempty"`
}

// NotAnsweredError says that a call of the control API failed.
type NotAnsweredError struct {
	Label  string
	Status int
	Text   string
}

func (e *NotAnsweredError) Error() string {
	return fmt.Sprintf("control API answered %d: %s", e.Status, e.Text)
}

// patience is the number of normal timeouts that a call of the control API may take. An application needs a new key, and
// advancing a clock waits for the jobs that fall due.
const (
	patience      = 2
	clockPatience = 6
)

func (c *Client) timeout() time.Duration {
	if c.Timeout == 0 {
		return 10 * time.Second
	}
	return c.Timeout
}

func (c *Client) control(ctx context.Context, label, method, path string, body any, want int) (Answer, error) {
	return c.controlOf(ctx, label, method, path, body, want, nil)
}

func (c *Client) controlOf(ctx context.Context, label, method, path string, body any, want int, ids map[string]string) (Answer, error) {
	call := Call{Label: label, Method: method, Path: "/control/v1/applications" + path, IDs: ids, As: evidence.AsControl}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		call.Body, call.Type = b, "application/json"
	}
	call.Timeout = patience * c.timeout()
	if strings.HasSuffix(path, "/clock") && method == http.MethodPost {
		call.Timeout = clockPatience * c.timeout()
	}
	a, err := c.Do(ctx, call)
	if err == nil && a.Status != want {
		line := text.FirstLine(string(a.Body))
		if a.Status == 0 {
			line = a.Exchange.Error
		}
		err = &NotAnsweredError{Label: label, Status: a.Status, Text: line}
	}
	return a, err
}

// CreateApplication makes an isolated application and redacts its secrets in the evidence.
func (c *Client) CreateApplication(ctx context.Context, label string, r AppRequest) (App, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return App{}, err
	}
	call := Call{Label: label, Method: http.MethodPost, Path: "/control/v1/applications", As: evidence.AsControl, Body: b, Type: "application/json", Timeout: patience * c.timeout()}
	app, a, err := c.createApplication(ctx, call)
	if err == nil && a.Status != http.StatusCreated {
		err = &NotAnsweredError{Label: label, Status: a.Status, Text: text.FirstLine(string(a.Body)) + a.Exchange.Error}
	}
	return app, err
}

// createApplication reads the secrets before the exchange is recorded, so that they can be redacted.
func (c *Client) createApplication(ctx context.Context, call Call) (App, Answer, error) {
	var got struct{ PrivateKey, APISecret string }
	tap := *c
	tap.Transport = bodyTap{c.Transport, func(body []byte) {
		if json.Unmarshal(body, &got) == nil {
			c.Journal.Redact("private key", got.PrivateKey)
			c.Journal.Redact("api secret", got.APISecret)
		}
	}}
	a, err := tap.Do(ctx, call)
	if err != nil || a.Status != http.StatusCreated {
		return App{}, a, err
	}
	app, err := decodeApp(a.Body)
	if err == nil && app.PrivateKey == nil {
		err = errors.New("no privateKey")
	}
	if err != nil {
		return app, a, &NotAnsweredError{Label: call.Label, Status: a.Status, Text: err.Error()}
	}
	return app, a, nil
}

// DeleteApplication removes an application with everything it has.
func (c *Client) DeleteApplication(ctx context.Context, label, id string) error {
	_, err := c.control(ctx, label, http.MethodDelete, "/"+id, nil, http.StatusNoContent)
	return err
}

type wireClock struct {
	Now    int64      `json:"now"`
	Offset int64      `json:"offset"`
	Fired  []deadline `json:"fired"`
}

type deadline struct {
	Kind      string `json:"kind"`
	At        int64  `json:"at"`
	ArchiveID string `json:"archiveId"`
	SessionID string `json:"sessionId"`
}

func (d deadline) fired() evidence.Fired {
	return evidence.Fired{Kind: d.Kind, At: time.UnixMilli(d.At).UTC(), ArchiveID: d.ArchiveID, SessionID: d.SessionID}
}

// Policy returns the time of the application's clock.
func (c *Client) Policy(ctx context.Context, label string) (time.Time, time.Duration, error) {
	a, err := c.control(ctx, label, http.MethodGet, "/"+c.App.ID+"/clock", nil, http.StatusOK)
	if err != nil {
		return time.Time{}, 0, err
	}
	var w wireClock
	if err := a.Decode(&w); err != nil {
		return time.Time{}, 0, &NotAnsweredError{Label: label, Status: a.Status, Text: err.Error()}
	}
	return time.UnixMilli(w.Now).UTC(), time.Duration(w.Offset) * time.Millisecond, nil
}

// Advance moves the application's clock by d.
func (c *Client) Advance(ctx context.Context, label string, d time.Duration) (evidence.Clock, error) {
	return c.moveClock(ctx, label, map[string]any{"advance": d.Milliseconds()})
}

// AdvanceTo moves the application's clock to t.
func (c *Client) AdvanceTo(ctx context.Context, label string, t time.Time) (evidence.Clock, error) {
	return c.moveClock(ctx, label, map[string]any{"to": t.UnixMilli()})
}

// AdvanceToNext moves the application's clock to its next deadline.
func (c *Client) AdvanceToNext(ctx context.Context, label string) (evidence.Clock, error) {
	return c.moveClock(ctx, label, map[string]any{"toNext": true})
}

func (c *Client) moveClock(ctx context.Context, label string, how map[string]any) (evidence.Clock, error) {
	now, offset, err := c.Policy(ctx, label+".before")
	if err != nil {
		return evidence.Clock{}, err
	}
	a, err := c.control(ctx, label, http.MethodPost, "/"+c.App.ID+"/clock", how, http.StatusOK)
	if err != nil {
		return evidence.Clock{}, err
	}
	var w wireClock
	if err := a.Decode(&w); err != nil {
		return evidence.Clock{}, &NotAnsweredError{Label: label, Status: a.Status, Text: err.Error()}
	}
	move := evidence.Clock{Before: now, After: time.UnixMilli(w.Now).UTC(), Skip: time.Duration(w.Offset)*time.Millisecond - offset}
	for _, d := range w.Fired {
		move.Fired = append(move.Fired, d.fired())
	}
	_, err = c.Journal.Append(evidence.Record{Scenario: c.Scenario, Label: label, Clock: &move,
		IDs: map[string]string{evidence.Application: c.App.ID}})
	return move, err
}

// Deadlines returns what is due for the application, soonest first.
func (c *Client) Deadlines(ctx context.Context, label string) ([]evidence.Fired, error) {
	a, err := c.control(ctx, label, http.MethodGet, "/"+c.App.ID+"/deadlines", nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	var w struct{ Items []deadline }
	if err := a.Decode(&w); err != nil {
		return nil, &NotAnsweredError{Label: label, Status: a.Status, Text: err.Error()}
	}
	out := make([]evidence.Fired, 0, len(w.Items))
	for _, d := range w.Items {
		out = append(out, d.fired())
	}
	return out, nil
}

// Rotate makes the server of a session rotate after the time in.
func (c *Client) Rotate(ctx context.Context, label, session string, in time.Duration) (Answer, error) {
	path := "/" + c.App.ID + "/sessions/" + url.PathEscape(session) + "/rotate"
	return c.controlOf(ctx, label, http.MethodPost, path, map[string]any{"in": in.Milliseconds()}, http.StatusAccepted, map[string]string{evidence.Session: session})
}

// Arm makes a fault hit the application's own IO a number of times.
func (c *Client) Arm(ctx context.Context, label, kind string, times int) error {
	_, err := c.control(ctx, label, http.MethodPost, "/"+c.App.ID+"/faults", map[string]any{"kind": kind, "times": times}, http.StatusCreated)
	return err
}
