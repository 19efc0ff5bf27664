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

	"golang.org/x/net/netutil"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// maxConnections is how many connections of the target a sink accepts at a time.
const maxConnections = 256

// server returns a server for requests of the target, which may be slow and long.
func server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
}

// Webhooks is the receiver of a run. Every delivery becomes a Webhook record of the scenario in its path.
type Webhooks struct {
	// URL is the base URL of the receiver as the target reaches it.
	URL string

	journal *evidence.Journal
	remote  string // base URL of a remote receiver; empty for the one in this process
	local   *Receiver
	stop    func() error
	wg      sync.WaitGroup
	mu      sync.Mutex
	err     error             // the first error in writing a record
	owners  map[string]string // scenario by session id
	issued  map[string]bool   // paths that Endpoint returned
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
		return fmt.Errorf("sinks.webhook.listen: %w", err)
	}
	w.URL = "http://" + ln.Addr().String()
	w.local = &Receiver{On: w.keep}
	srv := server(w.local)
	w.wg.Go(func() {
		if err := srv.Serve(netutil.LimitListener(ln, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
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

// follow copies the deliveries of a remote receiver into the journal.
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

// answerLimit is the longest list of deliveries in bytes.
const answerLimit = 512 << 20

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
	if err := json.NewDecoder(bounded.Reader(resp.Body, answerLimit)).Decode(&out); err != nil {
		return nil, fmt.Errorf("webhook receiver: %w", err)
	}
	return out, nil
}

// keep records one delivery.
func (w *Webhooks) keep(d Delivery) {
	ids := hookIDs(d.Body)
	scenario, label := w.belongs(d.Path, ids[evidence.Session])
	body, err := w.journal.Body(d.Body)
	if err == nil {
		_, err = w.journal.Append(evidence.Record{
			Time: d.Time, Scenario: scenario, Label: label, IDs: ids,
			Webhook: &evidence.Webhook{Method: d.Method, Path: d.Path, Header: d.Header, Body: body, Answer: d.Answer},
		})
	}
	if err != nil {
		w.fail(err)
	}
}

// belongs returns the scenario and the label of a delivery. A delivery to the endpoint of a scenario belongs to that scenario.
// All others come from prepared applications and belong to the scenario that created their session. The scenario is "" if
// none created it.
func (w *Webhooks) belongs(path, session string) (scenario, label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if scenario, name, err := scenarioOf(path); err == nil && w.issued[path] {
		return scenario, "webhook." + name
	}
	return w.owners[session], "webhook"
}

// hookIDs returns the ids that a body is about, as far as the body has the expected form.
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

// Err returns the first error of the receiver itself. After one, silence proves nothing.
func (w *Webhooks) Err() error {
	if w.local != nil && w.local.Full() {
		return fmt.Errorf("webhook sink: the target sent %d callbacks, more are not taken", maxDeliveries)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Endpoint returns the URL for one application's callbacks. The deliveries belong to the scenario and get the label
// webhook.{name}.
func (w *Webhooks) Endpoint(scenario, name string) string {
	path := hookPath(scenario, name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.issued == nil {
		w.issued = map[string]bool{}
	}
	w.issued[path] = true
	return w.URL + path
}

func hookPath(scenario, name string) string {
	return HookPrefix + url.PathEscape(scenario) + "/" + url.PathEscape(name)
}

// Refuse answers the next deliveries to an endpoint with status, which may be [NoAnswer], as many times as given.
func (w *Webhooks) Refuse(ctx context.Context, scenario, name string, status, times int) error {
	path := hookPath(scenario, name)
	return w.refuse(ctx, path, path, status, times)
}

// RefuseAbout is Refuse for the deliveries about archives of a session, at any address.
func (w *Webhooks) RefuseAbout(ctx context.Context, session string, status, times int) error {
	return w.refuse(ctx, session, "?session="+url.QueryEscape(session), status, times)
}

// refuse tells the receiver, under the name that a remote one knows it by.
func (w *Webhooks) refuse(ctx context.Context, about, remotely string, status, times int) error {
	if w.local != nil {
		w.local.Refuse(about, status, times)
		return nil
	}
	b, err := json.Marshal(script{Status: status, Times: times})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, w.remote+"/script"+remotely, bytes.NewReader(b))
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

// Close stops the receiver and returns its first error.
func (w *Webhooks) Close() error {
	err := w.stop()
	w.wg.Wait()
	return errors.Join(w.Err(), err)
}

// Own assigns a session to a scenario. Deliveries about it at the address of a prepared application, which may have any path,
// become evidence of that scenario.
func (w *Webhooks) Own(session, scenario string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners == nil {
		w.owners = map[string]string{}
	}
	w.owners[session] = scenario
}
