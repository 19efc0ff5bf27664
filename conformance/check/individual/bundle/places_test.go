package bundle

import (
	"testing"
	"time"
)

// Those that wait take places in the order in which they came, one for each stream that leaves.
func TestPlaces(t *testing.T) {
	never := time.Duration(-1)
	type stream struct {
		from, to float64
		sure     bool
		free     time.Duration // from when on it may have a place
	}
	for _, c := range []struct {
		what    string
		streams []stream
	}{
		{"room for all", []stream{{0, 9, true, never}, {1, 9, true, never}}},
		{"one waits for good", []stream{{0, 9, true, never}, {0, 9, true, never}, {1, 9, false, never}}},
		{"two wait for one place", []stream{{0, 9, true, never}, {0, 4, true, never}, {1, 9, false, 4 * time.Second}, {2, 9, false, never}}},
		{"two wait for two places", []stream{{0, 6, true, never}, {0, 4, true, never}, {1, 9, false, 4 * time.Second}, {2, 9, false, 6 * time.Second}}},
		{"the first to wait has gone", []stream{{0, 9, true, never}, {0, 4, true, never}, {1, 3, false, never}, {2, 9, false, 4 * time.Second}}},
		{"who took a place leaves", []stream{{0, 9, true, never}, {0, 4, true, never}, {1, 6, false, 4 * time.Second}, {2, 9, false, 6 * time.Second}}},
		{"a place that nobody may have taken", []stream{{0, 9, true, never}, {0, 4, true, never}, {1, 9, false, 4 * time.Second}, {5, 9, false, 5 * time.Second}}},
		{"a place is free again", []stream{{0, 9, true, never}, {0, 4, true, never}, {5, 9, true, never}}},
	} {
		p := places{limit: 2}
		for i, s := range c.streams {
			sure, free := p.take(span(s.from, s.to))
			got := never
			if !free.IsZero() {
				got = free.Sub(epoch)
			}
			if sure != s.sure || got != s.free {
				t.Errorf("%s: stream %d has a place: %v, may have one after %v, want %v and %v", c.what, i, sure, got, s.sure, s.free)
			}
		}
	}
}
