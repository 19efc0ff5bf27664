package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/ingest/rtp/rtptest"
)

// session is a Sessions for one stream.
type session struct {
	*rtptest.Sink
	now func() av.Instant

	mu      sync.Mutex // guards the fields below
	refuse  error
	streams []Publication
	ended   []string
	gone    []string
}

func newSession() *session {
	base := time.Now()
	now := func() av.Instant { return av.InstantOf(base).Add(time.Since(base)) }
	return &session{Sink: rtptest.NewSink(now), now: now}
}

func (r *session) Published(_ context.Context, s Publication) (rtp.Sink, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return nil, r.refuse
	}
	r.streams = append(r.streams, s)
	return r, nil
}

func (r *session) Ended(_ string, _ av.Instant, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, reason)
}

func (r *session) endings() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ended...)
}

// eventually waits until ok returns true, in real time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

// takeOffer answers a WHIP offer, as the gateway does.
func takeOffer(s *Server, w http.ResponseWriter, q *http.Request, who Publisher) error {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return err
	}
	answer, err := s.Offer(q.Context(), who, string(body))
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v2/session/"+who.SessionID+"/whip/"+who.Stream.ID)
	w.Header().Set("ETag", answer.ETag)
	w.Header().Set("Content-Type", sdpType)
	w.WriteHeader(http.StatusCreated)
	_, err = io.WriteString(w, answer.SDP)
	return err
}

// takeFragment answers a WHIP PATCH, as the gateway does.
func takeFragment(s *Server, w http.ResponseWriter, q *http.Request) error {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return err
	}
	answer, err := s.Patch(q.Context(), q.PathValue("stream"), q.Header.Get("If-Match"), string(body))
	switch {
	case err != nil:
		return err
	case answer.SDP == "":
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("ETag", answer.ETag)
	_, err = io.WriteString(w, answer.SDP)
	return err
}

const (
	sdpType      = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"
)

var statuses = map[archive.Kind]int{archive.Invalid: http.StatusBadRequest, archive.NotFound: http.StatusNotFound, archive.Conflict: http.StatusConflict,
	archive.PreconditionFailed: http.StatusPreconditionFailed, archive.PreconditionRequired: http.StatusPreconditionRequired,
	archive.Unprocessable: http.StatusUnprocessableEntity, archive.Unavailable: http.StatusServiceUnavailable}

// serve runs a Server behind HTTP, as the gateway does.
func serve(t *testing.T, r *session, change func(*Config)) (*Server, *httptest.Server) {
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
		var refused *archive.Error
		if errors.As(err, &refused) {
			http.Error(w, refused.Message, statuses[refused.Kind])
		} else if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
	who := Publisher{SessionID: "1_MX4", Stream: archive.Stream{ID: "stream"}, PreferredVideo: av.H264}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /v2/session/{session}/whip", func(w http.ResponseWriter, q *http.Request) {
		answer(w, takeOffer(s, w, q, who))
	})
	routes.HandleFunc("PATCH /v2/session/{session}/whip/{stream}", func(w http.ResponseWriter, q *http.Request) {
		answer(w, takeFragment(s, w, q))
	})
	routes.HandleFunc("DELETE /v2/session/{session}/whip/{stream}", func(w http.ResponseWriter, q *http.Request) {
		answer(w, s.Delete(q.Context(), q.PathValue("stream")))
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
