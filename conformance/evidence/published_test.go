package evidence

import (
	"testing"
	"time"
)

func TestUnitsOfAPublication(t *testing.T) {
	epoch := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	p := Published{Epoch: epoch, Rate: 30, Units: 50, Unsent: []Units{{From: 10, To: 30}, {From: 70, To: 71}}}
	if got := p.Due(); got != 71 {
		t.Errorf("%d units were due, want 71", got)
	}
	for n, want := range map[int64]bool{-1: false, 0: true, 9: true, 10: false, 29: false, 30: true, 69: true, 70: false, 71: false} {
		if p.Sent(n) != want {
			t.Errorf("unit %d sent: %v, want %v", n, !want, want)
		}
	}
	for n, want := range map[int64]time.Duration{0: 0, 1: 33333333, 30: time.Second, 31: 1033333333, 108000: time.Hour} {
		if got := p.Captured(n).Sub(epoch); got != want {
			t.Errorf("unit %d was captured after %v, want %v", n, got, want)
		}
	}
	p.Rate = 12.5
	if got := p.Captured(25).Sub(epoch); got != 2*time.Second {
		t.Errorf("unit 25 of 12.5 a second was captured after %v", got)
	}
}

func TestTracksKeepTheLastWordOnEachFixture(t *testing.T) {
	epoch := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	word := func(seq int64, fixture string, at time.Duration, ended bool) Record {
		return Record{Seq: seq, Published: &Published{Fixture: fixture, SSRC: 7, Epoch: epoch.Add(at), Ended: ended}}
	}
	v := View{}.With([]Record{word(1, "vp8-01", 0, false), word(2, "vp8-01", 0, true), word(3, "aspect", time.Second, false), word(4, "aspect", time.Second, true)})
	got := v.Tracks().Records
	if len(got) != 2 || got[0].Seq != 2 || got[1].Seq != 4 {
		t.Errorf("%+v, want records 2 and 4", got)
	}
}
