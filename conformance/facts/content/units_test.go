package content

import (
	"slices"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/coded"
	"reelcheck/conformance/media/matroska"
	"reelcheck/fixtures"
)

func loop(t *testing.T, fixture string) *coded.Loop {
	t.Helper()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := coded.LoopOf(m, fixture)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// recording is a file of the units of p from a first one to before a last one, in milliseconds as in a file.
func recording(l *coded.Loop, p *evidence.Published, from, to int64) (units []int64, frames []matroska.Frame) {
	for n := from; n < to; n++ {
		if p.Sent(n) {
			at := p.Captured(n).Sub(p.Captured(from)).Round(time.Millisecond)
			units, frames = append(units, n), append(frames, matroska.Frame{At: at, Sum: l.Sum(n)})
		}
	}
	return units, frames
}

func TestUnitsAreFoundByTheirBytes(t *testing.T) {
	epoch := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, fixture := range []string{"vp8-01", "h264-01", "vp9", "small-03", "tone-01", "tone-11", "tone-36", "tone-46"} {
		l := loop(t, fixture)
		p := &evidence.Published{Epoch: epoch, Rate: float64(len(l.Sums)) / 10, LoopUnits: len(l.Sums)}
		gap := evidence.Units{From: 150, To: 180}
		p.Unsent, p.Units = []evidence.Units{gap}, 3*len(l.Sums)
		for _, from := range []int64{0, 7, 149, 290, 700} {
			to := min(from+700, p.Due())
			want, frames := recording(l, p, from, to)
			for _, off := range []time.Duration{0, 300 * time.Millisecond, -300 * time.Millisecond} {
				got := Units(l, frames, p, p.Captured(from).Add(off))
				if i := differ(got, want); i >= 0 && l.Codec != coded.Opus {
					t.Errorf("%s from %d, begin off by %v: frame %d is unit %d, want %d", fixture, from, off, i, got[i], want[i])
				} else if i >= 0 && off == 0 {
					t.Errorf("%s from %d: frame %d is unit %d, want %d", fixture, from, i, got[i], want[i])
				}
			}
			if lost := Missing(want, p); len(lost) != 0 {
				t.Errorf("%s: %v missing of a whole recording", fixture, lost)
			}
		}
	}
}

func differ(a, b []int64) int {
	for i := range b {
		if i >= len(a) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func TestLostAndForeignFramesShow(t *testing.T) {
	l := loop(t, "vp8-02")
	p := &evidence.Published{Epoch: time.Unix(1700000000, 0), Rate: 30, LoopUnits: 300, Units: 300}
	want, frames := recording(l, p, 30, 120)
	frames = slices.Delete(frames, 10, 13)
	frames[20].Sum = "0000000000000000"
	got := Units(l, frames, p, p.Captured(30))
	want = slices.Delete(want, 10, 13)
	want[20] = Alien
	if i := differ(got, want); i >= 0 {
		t.Errorf("frame %d is unit %d, want %d", i, got[i], want[i])
	}
	if lost := Missing(got, p); !slices.Equal(lost, []int64{40, 41, 42, 53}) {
		t.Errorf("missing %v, want 40, 41, 42 and 53", lost)
	}
	if got := Units(l, []matroska.Frame{{Sum: "ffffffffffffffff"}}, p, p.Epoch); got[0] != Alien || Missing(got, p) != nil {
		t.Errorf("a foreign frame is unit %d", got[0])
	}
	if got := Units(l, nil, p, p.Epoch); len(got) != 0 {
		t.Errorf("no frames are %v", got)
	}
}

// Bytes decide, not times: a file whose times are all wrong is still told to hold what was sent.
func TestWrongTimesDoNotHidePictures(t *testing.T) {
	l := loop(t, "vp8-03")
	p := &evidence.Published{Epoch: time.Unix(1700000000, 0), Rate: 30, LoopUnits: 300, Units: 200}
	want, frames := recording(l, p, 0, 200)
	for i := range frames {
		frames[i].At = time.Duration(i*i) * time.Millisecond
	}
	for i, n := range Units(l, frames, p, p.Epoch) {
		if n%300 != want[i] {
			t.Fatalf("frame %d is unit %d, want %d", i, n, want[i])
		}
	}
}
