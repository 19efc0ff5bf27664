// Package sink is where a target delivers to: a webhook receiver, and object stores of several makes. What
// arrives becomes evidence.
package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// HookPrefix begins the path of every webhook endpoint: /hook/{scenario}/{name}.
const HookPrefix = "/hook/"

// deliveryLimit bounds what is kept of one delivery.
const deliveryLimit = 1 << 20

// Delivery is one webhook request as a receiver keeps it.
type Delivery struct {
	N      int64       `json:"n"` // counts from 1
	Time   time.Time   `json:"time"`
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
	Answer int         `json:"answer"`
}

// Receiver takes webhooks and remembers them. It serves
//
//   - /hook/...                          a webhook; 200, or what a script says
//     PUT /script/hook/...                 {"status":500,"times":3}: answer the next ones so
//     GET /deliveries?after=N&wait=10s     what arrived after number N, waiting for the first
//
// so that a suite can use one that runs in a container. The zero Receiver is ready to use.
type Receiver struct {
	// On, if set, is called with each delivery, in order, before it is answered.
	On func(Delivery)
	// Now stamps deliveries; nil is the wall clock.
	Now func() time.Time

	mu         sync.Mutex
	deliveries []Delivery
	scripts    map[string]script
	wake       chan struct{} // closed and replaced at each delivery
}

type script struct {
	Status int `json:"status"`
	Times  int `json:"times"`
}

func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch path := req.URL.Path; {
	case strings.HasPrefix(path, HookPrefix):
		r.accept(w, req)
	case strings.HasPrefix(path, "/script"+HookPrefix) && req.Method == http.MethodPut:
		var s script
		if err := json.NewDecoder(io.LimitReader(req.Body, 1<<10)).Decode(&s); err != nil || s.Status < 100 || s.Status > 599 || s.Times < 0 {
			http.Error(w, "want a status and how many times", http.StatusBadRequest)
			return
		}
		r.Refuse(strings.TrimPrefix(path, "/script"), s.Status, s.Times)
		w.WriteHeader(http.StatusNoContent)
	case path == "/deliveries" && req.Method == http.MethodGet:
		r.list(w, req)
	default:
		http.NotFound(w, req)
	}
}

// Refuse makes the next times deliveries to path answer status.
func (r *Receiver) Refuse(path string, status, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scripts == nil {
		r.scripts = map[string]script{}
	}
	r.scripts[path] = script{Status: status, Times: times}
}

func (r *Receiver) accept(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, deliveryLimit))
	if err != nil {
		return // the sender gave up; nothing complete arrived
	}
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	r.mu.Lock()
	d := Delivery{N: int64(len(r.deliveries)) + 1, Time: now().UTC(), Method: req.Method, Path: req.URL.Path,
		Header: req.Header.Clone(), Body: body, Answer: http.StatusOK}
	if s := r.scripts[d.Path]; s.Times > 0 {
		d.Answer = s.Status
		r.scripts[d.Path] = script{Status: s.Status, Times: s.Times - 1}
	}
	r.deliveries = append(r.deliveries, d)
	if r.On != nil {
		r.On(d)
	}
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
	r.mu.Unlock()
	w.WriteHeader(d.Answer)
}

// After returns the deliveries after number n. If there are none it waits for one until ctx ends.
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
		return // the reader is gone
	}
}

// scenarioOf reads the scenario out of a hook path.
func scenarioOf(path string) (scenario, name string, err error) {
	scenario, name, ok := strings.Cut(strings.TrimPrefix(path, HookPrefix), "/")
	if !ok || scenario == "" {
		return "", "", fmt.Errorf("hook path %q: want %s{scenario}/{name}", path, HookPrefix)
	}
	return scenario, name, nil
}
