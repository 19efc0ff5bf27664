package jobs

import (
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/spec"
)

func TestWebhookSchedule(t *testing.T) {
	want := []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 900, 900}
	for attempts, seconds := range want {
		if got := backoff(attempts); got != seconds*time.Second {
			t.Errorf("after %d failures: %v, want %v", attempts, got, seconds*time.Second)
		}
	}
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]time.Duration{
		"callback.retry.first": retryFirst, "callback.retry.longest": retryMost, "callback.retry.period": retryFor,
	} {
		if limit, ok := ledger.Limit(name); !ok || limit.Duration() != got {
			t.Errorf("%s: %v here, %v in the ledger", name, got, limit.Duration())
		}
	}
}

func TestUploadSchedule(t *testing.T) {
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		lasted   time.Duration
		fallback bool
		limit    time.Duration // counted from the start
	}{
		{"no fallback", time.Minute, false, 72 * time.Hour},
		{"fallback", time.Minute, true, 6*time.Hour + time.Minute},
		{"fallback of a long recording", 12 * time.Hour, true, 18 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := archive.Archive{CreatedAt: created, StoppedAt: created.Add(test.lasted)}
			now, tries := a.StoppedAt, 1
			for {
				next, more := nextUpload(a, test.fallback, now, 0)
				if !more {
					break
				}
				if wait := next.Sub(now); wait <= 0 || wait > uploadRetryMost {
					t.Fatalf("waits %v", wait)
				}
				now, tries = next, tries+1
			}
			if got := now.Sub(created); got != test.limit || tries < 10 {
				t.Errorf("gives up after %v and %d tries, want %v", got, tries, test.limit)
			}
		})
	}
}

// TestUploadsSpread checks that uploads that failed together are retried at different times, each after at least three quarters of its wait.
func TestUploadsSpread(t *testing.T) {
	stopped := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := archive.Archive{CreatedAt: stopped, StoppedAt: stopped}
	now := stopped.Add(30 * time.Minute)
	for chance, want := range map[float64]time.Duration{0: 30 * time.Minute, 0.5: 26*time.Minute + 15*time.Second, 1: 22*time.Minute + 30*time.Second} {
		if next, more := nextUpload(a, true, now, chance); !more || next.Sub(now) != want {
			t.Errorf("chance %v waits %v, want %v", chance, next.Sub(now), want)
		}
	}
	limit := stopped.Add(archive.FallbackAfter)
	if next, more := nextUpload(a, true, limit.Add(-time.Second), 1); !more || next.After(limit) {
		t.Errorf("the last attempt is at %v, want no later than %v", next, limit)
	}
}
