package slots

import (
	"context"
	"testing"
	"time"
)

func TestSlotsAreTakenUpToTheLimit(t *testing.T) {
	s := New(10)
	for _, c := range []struct {
		give, take int
		want       bool
	}{{0, 6, true}, {0, 5, false}, {0, 4, true}, {0, 0, true}, {0, 1, false}, {4, 4, true}, {10, 16, true}, {0, 0, true}, {0, 1, false}, {16, 1, true}} {
		s.Give(c.give)
		if got := s.take(c.take); got != c.want {
			t.Errorf("after %d were given back, take(%d): %v with %d of %d taken", c.give, c.take, got, s.taken, s.limit)
		}
	}
}

func TestSlotsFollowTheMachine(t *testing.T) {
	s := New(10)
	for _, c := range []struct {
		latest time.Duration
		times  int
		want   int
	}{{busy, 3, 10}, {calm, 3, 10}, {busy + 1, 1, 8}, {busy + 1, 9, 5}, {calm - 1, 2, 7}, {calm - 1, 20, 16}} {
		for range c.times {
			s.adapt(c.latest)
		}
		if s.limit != c.want {
			t.Errorf("%d seconds with a wake that was %v late: %d slots, want %d", c.times, c.latest, s.limit, c.want)
		}
	}
}

func TestTakeWaits(t *testing.T) {
	for name, change := range map[string]func(*Slots){"given back": func(s *Slots) { s.Give(5) }, "a calm second": func(s *Slots) { s.adapt(0) }} {
		t.Run(name, func(t *testing.T) {
			s := New(5)
			if err := s.Take(t.Context(), 5); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(10*time.Millisecond, func() { change(s) })
			if err := s.Take(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
			if err := s.Take(ctx, 5); err == nil {
				t.Error("Take returns nil although its context has ended and the slots are taken")
			}
		})
	}
}

// TestTakeAfterTheEnd checks that nobody has slots that were wanted too late, so that the end of a run does not wait for them.
func TestTakeAfterTheEnd(t *testing.T) {
	s := New(5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Take(ctx, 5); err == nil {
		t.Error("Take returns nil although its context has ended")
	}
	if s.taken != 0 {
		t.Errorf("%d slots are taken", s.taken)
	}
}
