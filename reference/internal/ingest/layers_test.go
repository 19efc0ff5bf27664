package ingest

import (
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

// testLayers is three layers and a manual clock.
type testLayers struct {
	*layers
	now av.Instant
}

func newTestLayers() *testLayers {
	s := &testLayers{newLayers([]string{"lo", "mid", "hi"}), av.Instant(time.Hour)}
	for i, of := range s.all {
		s.name(uint32(i+1), of.rid, false)
	}
	return s
}

// pass sends packets of the layers, 20 ms apart.
func (s *testLayers) pass(d time.Duration, of ...int) {
	for end := s.now.Add(d); s.now < end; s.now = s.now.Add(20 * time.Millisecond) {
		for _, i := range of {
			s.see(s.all[i], false, 0, s.now)
		}
	}
}

func (s *testLayers) key(i, pixels int) { s.see(s.all[i], true, pixels, s.now) }

func (s *testLayers) is(t *testing.T, rid string, asked ...uint32) {
	t.Helper()
	got := ""
	if s.recorded != nil {
		got = s.recorded.rid
	}
	if ssrcs := s.missing(s.now); got != rid || !slices.Equal(ssrcs, asked) {
		t.Fatalf("%q is recorded, %d are asked for; want %q, %d", got, ssrcs, rid, asked)
	}
}

// TestLayers checks that the largest layer that arrives is recorded, from a key frame on.
func TestLayers(t *testing.T) {
	s := newTestLayers()
	s.is(t, "")
	s.pass(time.Second, 0, 1)
	s.is(t, "", 1, 2)
	s.is(t, "")
	s.key(0, 100)
	s.is(t, "lo")
	s.pass(layerAsk, 0, 1)
	s.is(t, "lo", 2)
	s.key(1, 400)
	s.is(t, "mid")
	s.key(0, 100)
	s.is(t, "mid")
	s.pass(layerAsk, 0, 1, 2)
	s.is(t, "mid", 3)
	s.key(2, 1600)
	s.is(t, "hi")
	s.pass(layerSilence-layerAsk, 0, 1)
	s.key(1, 400)
	s.is(t, "hi")
	s.pass(layerAsk, 0, 1)
	s.is(t, "hi", 2)
	s.key(1, 400)
	s.is(t, "mid")
	s.pass(layerAsk, 0, 1, 2)
	s.is(t, "mid", 3)
	s.key(2, 300) // the page made all layers smaller
	s.pass(layerAsk, 0, 1, 2)
	s.is(t, "mid")
	s.pass(time.Minute)
	s.is(t, "mid")
	s.pass(layerAsk, 1)
	s.is(t, "mid")
}

// TestLayersThatFlap checks that a publisher that enlarges its layers in turn changes the recorded layer only a few times a second.
func TestLayersThatFlap(t *testing.T) {
	s := newTestLayers()
	for n := range 10_000 {
		s.key(n%3, n+1)
		s.now = s.now.Add(time.Millisecond)
	}
	if want := len(s.all) + 1 + int(10*time.Second/layerSettle); s.changes > want {
		t.Errorf("%d changes, more than %d", s.changes, want)
	}
}

// TestNames checks that a layer follows its newest RTP stream, and that streams that repeat packets do not count.
func TestNames(t *testing.T) {
	s := newTestLayers()
	if of := s.name(9, "nobody", false); of != nil {
		t.Errorf("%+v", of)
	}
	if of := s.name(10, "hi", true); of.rid != "hi" || of.ssrc != 3 {
		t.Errorf("%+v", of)
	}
	if of := s.name(11, "hi", false); of.rid != "hi" || of.ssrc != 11 {
		t.Errorf("%+v", of)
	}
	if of := s.name(3, "", false); of.rid != "hi" || of.ssrc != 11 {
		t.Errorf("%+v", of)
	}
}
