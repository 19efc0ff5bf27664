package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

// room is a Room and the Sink of its only stream. It checks what a Sink may rely on.
type room struct {
	mu        sync.Mutex
	refuse    error
	streams   []Stream
	samples   map[bool][]av.Sample // by video
	marks     map[bool]av.Instant
	ended     []string
	gone      []string
	broken    []string
	now       func() av.Instant
	worstMark time.Duration // how far behind real time a mark fell
	markedAt  map[bool]av.Instant
}

func newRoom() *room {
	base := time.Now()
	return &room{
		samples: map[bool][]av.Sample{}, marks: map[bool]av.Instant{}, markedAt: map[bool]av.Instant{},
		now: func() av.Instant { return av.InstantOf(base).Add(time.Since(base)) },
	}
}

func (r *room) Published(_ context.Context, s Stream) (Sink, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return nil, r.refuse
	}
	r.streams = append(r.streams, s)
	return r, nil
}

func (r *room) Append(s av.Sample) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	video := s.Codec.Video()
	if before := r.samples[video]; len(before) > 0 && s.Time < before[len(before)-1].Time {
		r.broken = append(r.broken, fmt.Sprintf("%s sample %d goes back in time", s.Codec, len(before)))
	}
	if s.Time < r.marks[video] {
		r.broken = append(r.broken, fmt.Sprintf("%s sample %v before the mark", s.Codec, r.marks[video].Sub(s.Time)))
	}
	r.samples[video] = append(r.samples[video], s)
	return nil
}

func (r *room) Advance(video bool, t av.Instant) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if before := r.marks[video]; before != 0 {
		r.worstMark = max(r.worstMark, now.Sub(before))
	}
	r.marks[video], r.markedAt[video] = t, now
	return nil
}

func (r *room) Ended(_ string, _ av.Instant, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, reason)
}

// read returns a copy of what came so far, and fails the test on a broken promise.
func (r *room) read(t *testing.T, video bool) []av.Sample {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.broken {
		t.Error(b)
	}
	return append([]av.Sample(nil), r.samples[video]...)
}

func (r *room) endings() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ended...)
}

// eventually waits for something that happens in real time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

// serve runs a Server behind HTTP, as the API mounts it.
func serve(t *testing.T, r *room, change func(*Config)) (*Server, *httptest.Server) {
	t.Helper()
	config := Config{Listen: "127.0.0.1:0", Now: r.now, Grace: 5 * time.Second, Gone: func(_ Publisher, reason string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone = append(r.gone, reason)
	}}
	if change != nil {
		change(&config)
	}
	s, err := New(config, r)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, err error) {
		var refused *Error
		if errors.As(err, &refused) {
			http.Error(w, refused.Message, refused.Status)
		} else if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
	who := Publisher{SessionID: "1_MX4", StreamID: "stream", PreferredVideo: av.H264}
	routes := http.NewServeMux()
	routes.HandleFunc("OPTIONS /", s.HandleOptions)
	routes.HandleFunc("POST /v2/session/{session}/whip", func(w http.ResponseWriter, q *http.Request) {
		answer(w, s.HandleOffer(w, q, who))
	})
	routes.HandleFunc("PATCH /v2/session/{session}/whip/{stream}", func(w http.ResponseWriter, q *http.Request) {
		answer(w, s.HandlePatch(w, q, q.PathValue("stream")))
	})
	routes.HandleFunc("DELETE /v2/session/{session}/whip/{stream}", func(w http.ResponseWriter, q *http.Request) {
		answer(w, s.HandleDelete(w, q, q.PathValue("stream")))
	})
	web := httptest.NewServer(routes)
	t.Cleanup(func() {
		web.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, web
}
