// Package sink holds what a target delivers to: a webhook receiver, a mailbox, and several kinds of object stores. What
// arrives becomes evidence.
package sink

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
)

// HookPrefix begins the path of every webhook endpoint of a scenario: /hook/{scenario}/{name}.
const HookPrefix = "/hook/"

// Limits of what is kept, far above what a run causes. What is beyond them is answered with 503 and is no delivery.
const (
	deliveryLimit = 1 << 20   // bytes of one delivery; the rest of it is not read
	maxDeliveries = 50_000    // of a receiver
	maxKept       = 256 << 20 // bytes of all deliveries, where they are kept in memory
)

// NoAnswer is the status of a request that is left without an answer: the receiver waits until the sender gives up, or until it
// closes the connection itself.
const NoAnswer = 0

// silentFor is the time after which the receiver closes a connection without an answer.
const silentFor = 15 * time.Second

// Delivery is one received webhook request.
type Delivery struct {
	N      int64       `json:"n"` // counts from 1
	Time   time.Time   `json:"time"`
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
	Answer int         `json:"answer"` // a status, or [NoAnswer]
}

// Receiver accepts webhooks and remembers them. A suite can also use a receiver that runs in a container. It serves
//
//	/hook/...                          a webhook; the answer is 200, or what a script says
//	POST /...                          a webhook too, whatever the path
//	PUT /script/hook/...               {"status":500,"times":3}: the answer to the next ones to /hook/...
//	PUT /script?session=ID             the same, for the next ones about archives of a session
//	GET /deliveries?after=N&wait=10s   what arrived after number N; waits for the first one
//
// The zero Receiver is ready to use.
type Receiver struct {
	// On, if set, is called with each delivery, in order, before it is answered. The receiver then keeps none itself.
	On func(Delivery)
	// Now stamps deliveries; nil is the wall clock.
	Now func() time.Time

	mu         sync.Mutex
	n          int64             // number of deliveries
	kept       int64             // bytes in deliveries
	deliveries []Delivery        // those that After returns; none with On
	scripts    map[string]script // by path or session id
	wake       chan struct{}     // closed and replaced at each delivery
}

type script struct {
	Status int `json:"status"`
	Times  int `json:"times"`
}

func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch path := req.URL.Path; {
	case strings.HasPrefix(path, HookPrefix) || req.Method == http.MethodPost:
		r.accept(w, req)
	case (path == "/script" || strings.HasPrefix(path, "/script"+HookPrefix)) && req.Method == http.MethodPut:
		var s script
		if err := json.NewDecoder(io.LimitReader(req.Body, 1<<10)).Decode(&s); err != nil || s.Status != NoAnswer && (s.Status < 100 || s.Status > 599) || s.Times < 0 {
			http.Error(w, "want a status, or 0 for none, and how many times", http.StatusBadRequest)
			return
		}
		r.Refuse(cmp.Or(req.URL.Query().Get("session"), strings.TrimPrefix(path, "/script")), s.Status, s.Times)
		w.WriteHeader(http.StatusNoContent)
	case path == "/deliveries" && req.Method == http.MethodGet:
		r.list(w, req)
	default:
		http.NotFound(w, req)
	}
}

// Refuse answers the next deliveries to a path, or about archives of a session, with status, which may be [NoAnswer], as many times as given.
func (r *Receiver) Refuse(about string, status, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scripts == nil {
		r.scripts = map[string]script{}
	}
	r.scripts[about] = script{Status: status, Times: times}
}

func (r *Receiver) accept(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, deliveryLimit))
	if err != nil {
		return // the sender gave up before its request was complete
	}
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	r.mu.Lock()
	if r.full(len(body)) {
		r.mu.Unlock()
		http.Error(w, "the receiver is full", http.StatusServiceUnavailable)
		return
	}
	r.n++
	d := Delivery{N: r.n, Time: now().UTC(), Method: req.Method, Path: req.URL.Path,
		Header: req.Header.Clone(), Body: body, Answer: http.StatusOK}
	keys := []string{d.Path}
	if ids := hookIDs(body); ids[evidence.Archive] != "" { // the events of a session come to the same address
		keys = append(keys, ids[evidence.Session])
	}
	for _, about := range keys {
		if s := r.scripts[about]; s.Times > 0 {
			d.Answer = s.Status
			r.scripts[about] = script{Status: s.Status, Times: s.Times - 1}
			break
		}
	}
	if r.On != nil {
		r.On(d)
	} else {
		r.deliveries, r.kept = append(r.deliveries, d), r.kept+int64(len(body))
	}
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
	r.mu.Unlock()
	if d.Answer == NoAnswer {
		t := time.NewTimer(silentFor)
		defer t.Stop()
		select {
		case <-t.C:
		case <-req.Context().Done():
		}
		panic(http.ErrAbortHandler) // closes the connection
	}
	w.WriteHeader(d.Answer)
}

// full reports whether there is no room for a delivery of so many bytes.
func (r *Receiver) full(bytes int) bool {
	return r.n >= maxDeliveries || r.On == nil && r.kept+int64(bytes) > maxKept
}

// Full reports whether deliveries were or would be refused.
func (r *Receiver) Full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full(0)
}

// After returns the deliveries after number n. If there are none, it waits for one until ctx ends.
func (r *Receiver) After(ctx context.Context, n int64) []Delivery {
	for {
		r.mu.Lock()
		if n < int64(len(r.deliveries)) {
			out := r.deliveries[max(n, 0):len(r.deliveries):len(r.deliveries)]
			r.mu.Unlock()
			return out
		}
		if r.wake == nil {
			r.wake = make(chan struct{})
		}
		wake := r.wake
		r.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *Receiver) list(w http.ResponseWriter, req *http.Request) {
	after, err := strconv.ParseInt(req.URL.Query().Get("after"), 10, 64)
	wait, werr := time.ParseDuration(req.URL.Query().Get("wait"))
	if err != nil || werr != nil || wait > time.Minute {
		http.Error(w, "want after=N and wait= up to 1m", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(req.Context(), wait)
	defer cancel()
	out := r.After(ctx, after)
	if out == nil {
		out = []Delivery{}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		return // the reader has gone
	}
}

// scenarioOf returns the scenario and the name in a hook path.
func scenarioOf(path string) (scenario, name string, err error) {
	scenario, name, ok := strings.Cut(strings.TrimPrefix(path, HookPrefix), "/")
	if !ok || scenario == "" {
		return "", "", fmt.Errorf("hook path %q: want %s{scenario}/{name}", path, HookPrefix)
	}
	return scenario, name, nil
}
