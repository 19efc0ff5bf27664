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
		limit    time.Duration // after the start
	}{
		{"no fallback", time.Minute, false, 72 * time.Hour},
		{"fallback", time.Minute, true, 6*time.Hour + time.Minute},
		{"fallback of a long recording", 12 * time.Hour, true, 18 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := archive.Archive{CreatedAt: created, StoppedAt: created.Add(test.lasted)}
			now, tries := a.StoppedAt, 1
			for {
				next, more := nextUpload(a, test.fallback, now)
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
