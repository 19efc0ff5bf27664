package content

import (
	"testing"
	"time"

	"reelcheck/conformance/facts"
)

func TestFileTimeLeavesPausesOut(t *testing.T) {
	recorded := []facts.Span{recordedSpan(10*time.Second, 20*time.Second), recordedSpan(30*time.Second, 40*time.Second)}
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{5 * time.Second, 0}, {15 * time.Second, 5}, {25 * time.Second, 10}, {35 * time.Second, 15}, {60 * time.Second, 20}} {
		if got := FileTime(recorded, start.Add(c.at)); got != c.want {
			t.Errorf("at %v: %v s, want %v", c.at, got, c.want)
		}
	}
}

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func recordedSpan(from, to time.Duration) facts.Span {
	return facts.Span{From: start.Add(from), To: start.Add(to)}
}
