package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// Webhooks is the receiver of a run: every delivery becomes a Webhook record of the scenario in its path.
type Webhooks struct {
	// URL is the receiver as the target reaches it.
	URL string

	journal *evidence.Journal
	remote  string // base of a receiver elsewhere; empty for the in-process one
	local   *Receiver
	stop    func() error
	wg      sync.WaitGroup
	mu      sync.Mutex
	err     error             // the first record that could not be written
	owners  map[string]string // scenario by session
}

// OpenWebhooks starts the receiver that c describes.
func OpenWebhooks(ctx context.Context, c config.WebhookSink, j *evidence.Journal) (*Webhooks, error) {
	w := &Webhooks{journal: j}
	var err error
	if c.Driver == "container" {
		err = w.openContainer(ctx, c)
	} else {
		err = w.openLocal(c)
	}
	if err != nil {
		return nil, fmt.Errorf("webhook sink: %w", err)
	}
	if c.URL != "" {
		w.URL = strings.TrimRight(c.URL, "/")
	}
	return w, nil
}

func (w *Webhooks) openLocal(c config.WebhookSink) error {
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	w.URL = "http://" + ln.Addr().String()
	w.local = &Receiver{On: w.keep}
	srv := &http.Server{Handler: w.local, ReadHeaderTimeout: 10 * time.Second}
	w.wg.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			w.fail(err)
		}
	})
	w.stop = srv.Close
	return nil
}

func (w *Webhooks) openContainer(ctx context.Context, c config.WebhookSink) error {
	box, addr, err := runContainer(ctx, containerSpec{image: c.Image, port: "8080/tcp", ready: "/deliveries?after=0&wait=0s"})
	if err != nil {
		return err
	}
	w.URL, w.remote = "http://"+addr, "http://"+addr
	follow, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.wg.Go(func() { w.follow(follow) })
	w.stop = func() error { cancel(); return box() }
	return nil
}

// follow copies what a remote receiver takes into the journal.
func (w *Webhooks) follow(ctx context.Context) {
	for n := int64(0); ctx.Err() == nil; {
		got, err := w.fetch(ctx, n)
		if err != nil && ctx.Err() == nil {
			w.fail(err)
			return
		}
		for _, d := range got {
			w.keep(d)
			n = d.N
		}
	}
}

func (w *Webhooks) fetch(ctx context.Context, after int64) ([]Delivery, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/deliveries?after=%d&wait=20s", w.remote, after), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var out []Delivery
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("webhook receiver: %w", err)
	}
	return out, nil
}

// keep writes one delivery down.
func (w *Webhooks) keep(d Delivery) {
	scenario, name, err := scenarioOf(d.Path)
	if err != nil {
		scenario = ""
	}
	ids := hookIDs(d.Body)
	if scenario == "prepared" {
		scenario = w.owner(ids[evidence.Session])
	}
	body, err := w.journal.Body(d.Body)
	if err == nil {
		_, err = w.journal.Append(evidence.Record{
			Time: d.Time, Scenario: scenario, Label: "webhook." + name, IDs: ids,
			Webhook: &evidence.Webhook{Method: d.Method, Path: d.Path, Header: d.Header, Body: body, Answer: d.Answer},
		})
	}
	if err != nil {
		w.fail(err)
	}
}

// hookIDs names what a body is about, as far as it is what we expect.
func hookIDs(body []byte) map[string]string {
	var b struct {
		Event         string `json:"event"`
		ID            string `json:"id"`
		SessionID     string `json:"sessionId"`
		ApplicationID any    `json:"applicationId"`
	}
	if json.Unmarshal(body, &b) != nil {
		return nil
	}
	ids := map[string]string{}
	if b.ID != "" {
		ids[evidence.Archive] = b.ID
	}
	if b.SessionID != "" {
		ids[evidence.Session] = b.SessionID
	}
	if app, ok := b.ApplicationID.(string); ok && app != "" {
		ids[evidence.Application] = app
	}
	return ids
}

func (w *Webhooks) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

// Err is the first failure of the receiver itself: from then on silence proves nothing.
func (w *Webhooks) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Endpoint is the URL of one application's callbacks; deliveries belong to the scenario and get the label
// webhook.{name}.
func (w *Webhooks) Endpoint(scenario, name string) string {
	return w.URL + hookPath(scenario, name)
}

func hookPath(scenario, name string) string {
	return HookPrefix + url.PathEscape(scenario) + "/" + url.PathEscape(name)
}

// Refuse makes the next times deliveries to an endpoint answer status.
func (w *Webhooks) Refuse(ctx context.Context, scenario, name string, status, times int) error {
	if w.local != nil {
		w.local.Refuse(hookPath(scenario, name), status, times)
		return nil
	}
	b, err := json.Marshal(script{Status: status, Times: times})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, w.remote+"/script"+hookPath(scenario, name), bytes.NewReader(b))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("webhook receiver: script answered %s", resp.Status)
	}
	return nil
}

// Close stops the receiver and returns the first failure it had.
func (w *Webhooks) Close() error {
	err := w.stop()
	w.wg.Wait()
	return errors.Join(w.Err(), err)
}

// Own says that a session belongs to a scenario: deliveries about it to the endpoint of an application that
// was prepared by hand, /hook/prepared/{role}, become evidence of that scenario.
func (w *Webhooks) Own(session, scenario string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners == nil {
		w.owners = map[string]string{}
	}
	w.owners[session] = scenario
}

func (w *Webhooks) owner(session string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.owners[session]
}
