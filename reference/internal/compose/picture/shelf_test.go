package picture

import (
	"context"
	"testing"
	"testing/synctest"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg"
)

// memory counts what comes back.
type memory map[byte]int

func (m memory) Release(slot byte) { m[slot]++ }

func (m memory) picture(number int64) *Picture {
	return &Picture{Frame: ffmpeg.Frame{Number: number, Memory: m, Slot: byte(number)}}
}

// TestTakeWaits: the newest picture at an instant is certain when a later one has come, or all before it were given and have come.
func TestTakeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := &shelf{}, memory{}
		for n := int64(1); n <= 4; n++ {
			s.announce(coming{number: n, time: av.Instant(10 * n)})
		}
		var taken *Picture
		done := false
		go func() {
			taken, _ = s.take(t.Context(), 25)
			done = true
		}()
		for n := int64(1); n <= 3; n++ {
			synctest.Wait()
			if done {
				t.Fatalf("taken before picture %d", n)
			}
			s.put(m.picture(n))
		}
		synctest.Wait()
		if !done || taken.Number != 2 || m[1] != 1 || m[2] != 0 {
			t.Fatalf("took %+v, released %v", taken, m)
		}
		s.reach(40)
		if p, err := s.take(t.Context(), 35); err != nil || p.Number != 3 || m[2] != 1 {
			t.Errorf("took %+v, %v; released %v", p, err, m)
		}
	})
}

// TestTakeNothing: no picture has come since, which is certain once everything up to then was given.
func TestTakeNothing(t *testing.T) {
	s := &shelf{}
	s.reach(101)
	if p, err := s.take(t.Context(), 100); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
	s.replay()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.take(ended, 100); err == nil {
		t.Error("certain while another child is given samples again")
	}
	s.replayed()
	s.end()
	if p, err := s.take(t.Context(), 1e9); p != nil || err != nil || !s.pass(0) {
		t.Errorf("at the end: %v, %v", p, err)
	}
}

// TestUnwantedPictures go back at once: those that were not announced, come a second time, or are of before what is wanted.
func TestUnwantedPictures(t *testing.T) {
	s, m := &shelf{}, memory{}
	s.wantFrom(2)
	if s.announce(coming{number: 1}) {
		t.Error("a picture of before is wanted")
	}
	if !s.announce(coming{number: 2, time: 2}) || !s.announce(coming{number: 4, time: 4}) {
		t.Error("pictures are not wanted")
	}
	for _, n := range []int64{1, 2, 2, 3, 4} {
		s.put(m.picture(n))
	}
	if len(s.pictures) != 2 || m[1] != 1 || m[2] != 1 || m[3] != 1 || m[4] != 0 {
		t.Errorf("%d pictures, released %v", len(s.pictures), m)
	}
	if waiting, next := s.status(); waiting || next != 5 {
		t.Errorf("waiting %v for %d", waiting, next)
	}
	if s.pass(2) || len(s.pictures) != 1 || m[2] != 2 {
		t.Errorf("%d pictures, released %v", len(s.pictures), m)
	}
}
