package policy

import (
	"testing"
	"time"
)

func TestPolicyTime(t *testing.T) {
	clocks := Walks{
		{App: "a", From: after(10 * time.Second), To: after(12 * time.Second), Skip: time.Hour},
		{App: "a", From: after(20 * time.Second), To: after(21 * time.Second), Skip: time.Minute},
		{App: "b", From: after(0), To: after(1), Skip: 24 * time.Hour},
	}
	for _, c := range []struct{ at, earliest, latest time.Duration }{
		{5 * time.Second, 0, 0},
		{11 * time.Second, 0, time.Hour},
		{15 * time.Second, time.Hour, time.Hour},
		{30 * time.Second, time.Hour + time.Minute, time.Hour + time.Minute},
	} {
		if got := clocks.Earliest("a", after(c.at)).Sub(after(c.at)); got != c.earliest {
			t.Errorf("earliest at %v: +%v, want +%v", c.at, got, c.earliest)
		}
		if got := clocks.Latest("a", after(c.at)).Sub(after(c.at)); got != c.latest {
			t.Errorf("latest at %v: +%v, want +%v", c.at, got, c.latest)
		}
	}
}

func TestRealMomentsOfPolicyTimes(t *testing.T) {
	begin := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	second := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
	clocks := Walks{
		{App: "a", From: second(10), To: second(11), Skip: time.Hour},
		{App: "b", From: second(12), To: second(13), Skip: time.Hour},
		{App: "a", From: second(20), To: second(21), Skip: time.Minute},
	}
	for _, tt := range []struct{ policy, real time.Time }{
		{second(5), second(5)},                                // before any walk
		{second(15).Add(time.Hour), second(15)},               // between the two
		{second(30).Add(time.Hour + time.Minute), second(30)}, // after both
		{second(10).Add(time.Minute), second(10)},             // skipped by the first
	} {
		if got := clocks.Real("a", tt.policy); !got.Equal(tt.real) {
			t.Errorf("%v: got %v, want %v", tt.policy, got, tt.real)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }
