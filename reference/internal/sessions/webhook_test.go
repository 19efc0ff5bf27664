package sessions_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/store"
)

func TestWebhookIsRetriedInOrder(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	hooks.answer = func(_ callback.Archive, n int) int {
		if n <= 2 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	s := start(t, t.TempDir())
	s.announce(t, hooks)
	began := s.Now("app")
	s.advance(t, time.Minute)
	hooks.want(t, archive.Started, archive.Started, archive.Started, archive.Stopped, archive.Available)
	if calls := hooks.at; calls[2].Sub(calls[0]) > 30*time.Second {
		t.Errorf("the walk took real time: %v", calls)
	}
	if moved := s.Now("app").Sub(began); moved < time.Minute {
		t.Errorf("the clock moved by %v", moved)
	}
}

// TestWebhookSuccess checks that any 2xx status counts as success (ARC-CB-29).
func TestWebhookSuccess(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusCreated, http.StatusAccepted, http.StatusNoContent} {
		hooks := receive(t)
		hooks.answer = func(callback.Archive, int) int { return status }
		s := start(t, t.TempDir())
		s.announce(t, hooks)
		s.advance(t, time.Minute)
		hooks.want(t, archive.Started, archive.Stopped, archive.Available)
	}
}

// TestRefusedWebhook checks that a refused webhook is retried, that after three attempts it no longer delays the others, and that those keep
// their order.
func TestRefusedWebhook(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	hooks.answer = func(c callback.Archive, n int) int {
		if c.Status == archive.Started && n < 8 {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	s := start(t, t.TempDir())
	s.announce(t, hooks)
	s.advance(t, 14*time.Second)
	hooks.want(t, archive.Started, archive.Started)
	s.advance(t, 2*time.Second)
	order := []archive.Status{archive.Started, archive.Started, archive.Started, archive.Stopped, archive.Available}
	hooks.want(t, order...)
	s.advance(t, time.Hour)
	hooks.want(t, append(order, archive.Started, archive.Started, archive.Started)...)
}

func TestWebhookIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	hooks.answer = func(callback.Archive, int) int { return http.StatusInternalServerError }
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "alice")
	s.begin(t)
	began := time.Now()
	s.advance(t, 23*time.Hour+30*time.Minute)
	tries := map[archive.Status]int{}
	for _, status := range hooks.statuses() {
		tries[status]++
	}
	var rows int
	must(t, s.store.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job WHERE kind = 'webhook'").Scan(&rows))
	if rows > 320 { // one for each attempt on one of the three webhooks, not three
		t.Errorf("%d jobs", rows)
	}
	t.Logf("%v tries took %v", tries, time.Since(began))
	if tries[archive.Started] < 90 || tries[archive.Stopped] < 60 || tries[archive.Available] < 60 {
		t.Errorf("%v tries before the day was over", tries)
	}
	outcomes := func() (got []string) {
		log, err := s.store.Deliveries(t.Context(), "app", 10)
		must(t, err)
		for _, d := range slices.Backward(log) {
			got = append(got, d.Outcome)
		}
		return got
	}
	if got := outcomes(); !slices.Equal(got, []string{"", "", ""}) {
		t.Errorf("outcomes %q before the day was over", got)
	}
	s.advance(t, 5*time.Hour)
	if got := outcomes(); !slices.Equal(got, []string{store.Dropped, store.Dropped, store.Dropped}) {
		t.Errorf("outcomes %q", got)
	}
}
