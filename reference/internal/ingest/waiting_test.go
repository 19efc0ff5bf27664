package ingest

import (
	"fmt"
	"net/http"
	"testing"

	"reelcheck/reference/internal/archive"
)

// TestOffersThatWait checks the limit of offers that wait for their connections. One that is connected, has failed or has ended makes room.
func TestOffersThatWait(t *testing.T) {
	r := newSession()
	s, err := New(Config{Listen: "127.0.0.1:0", Now: r.now}, r)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	offer := func(session string, n int) error {
		_, err := s.Offer(t.Context(), Publisher{SessionID: session, Stream: archive.Stream{ID: fmt.Sprint(session, n)}}, browserOffer)
		return err
	}
	for range 2 * maxWaitingInSession {
		if _, err := s.Offer(t.Context(), Publisher{SessionID: "a", Stream: archive.Stream{ID: "bad"}}, "hello"); !refusedWith(err, http.StatusBadRequest) {
			t.Fatal(err)
		}
	}
	for n := range maxWaitingInSession {
		must(t, offer("a", n))
	}
	if err := offer("a", maxWaitingInSession); !refusedWith(err, http.StatusServiceUnavailable) {
		t.Errorf("one more in the session: %v", err)
	}
	must(t, offer("b", 0))
	must(t, s.Delete(t.Context(), "a0"))
	must(t, offer("a", maxWaitingInSession))
	if err := offer("a", 0); !refusedWith(err, http.StatusServiceUnavailable) {
		t.Errorf("one more again: %v", err)
	}
	for n := range maxWaiting - maxWaitingInSession - 1 {
		must(t, offer(fmt.Sprint("c", n%10), n))
	}
	if err := offer("d", 0); !refusedWith(err, http.StatusServiceUnavailable) {
		t.Errorf("one more in all: %v", err)
	}
}

// TestConnectedDoesNotWait checks that publications with a connection no longer count as waiting.
func TestConnectedDoesNotWait(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, web := serve(t, r, nil)
	c := publish(t, web, "", false)
	c.waitConnected()
	eventually(t, "nobody waits", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.waiting) == 0 })
}
