package picture

import (
	"errors"
	"os/exec"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"reelcheck/reference/internal/av"
)

var errCrash = errors.New("crashed")

// TestEveryPicture: what a decoder keeps comes out at the end, and nothing before the first key frame or after a loss is decoded.
func TestEveryPicture(t *testing.T) {
	for _, hold := range []int{0, 3} {
		x := newTest(t)
		x.hold = hold
		x.want(x.run(gops(20, 10)), upTo(0, 20))
		x.gave(0, upTo(0, 20), upTo(0, 20))
	}
	x := newTest(t)
	samples := gops(20, 10)
	samples[0], samples[14] = inter(), gap()
	x.want(x.run(samples), upTo(10, 14))
}

// TestUnseenSamples has twice as many samples as the output has frames: half of them are decoded for the sake of others only.
func TestUnseenSamples(t *testing.T) {
	x := newTest(t)
	x.step = frame / 2
	got := x.run(gops(20, 10))
	if len(got) != 10 || len(x.children) != 1 || len(x.children[0].written) != 20 {
		t.Errorf("pictures %v of %v", got, x.children[0].written)
	}
}

// TestAnotherSize: a child for another size takes over at a key frame; the one before hands out what it has.
func TestAnotherSize(t *testing.T) {
	x := newTest(t)
	x.hold = 2
	samples := gops(20, 10)
	samples[10] = key(48, 64)
	x.want(x.run(samples), upTo(0, 20))
	x.gave(0, upTo(0, 10), upTo(0, 10))
	x.gave(1, upTo(10, 20), upTo(10, 20))
	if a, b := x.children[0].shape, x.children[1].shape; a != (shape{av.VP8, 64, 48}) || b != (shape{av.VP8, 36, 48}) {
		t.Errorf("shapes %v, %v", a, b)
	}
}

// TestTooLarge: a key frame that is too large is left out with what follows it.
func TestTooLarge(t *testing.T) {
	x := newTest(t)
	samples := gops(30, 10)
	samples[10].Data = []byte{0x50, 1, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f}
	x.want(x.run(samples), slices.Concat(upTo(0, 10), upTo(20, 30)))
}

// TestCatchUp: a stream that gets a place while it runs shows at once what it would have shown, and is given all since the key frame for it.
func TestCatchUp(t *testing.T) {
	x := newTest(t)
	x.events = append(x.events, takes(0, false), takes(15*frame+time.Millisecond, true))
	got := x.run(gops(30, 10))
	if len(got) < 14 || !slices.Equal(got[len(got)-14:], upTo(16, 30)) || got[0] > 15 {
		t.Errorf("pictures %v", got)
	}
	since := start.Add(15*frame + time.Millisecond)
	if first := x.stream.shelf.pictures[0]; first.time != since {
		t.Errorf("the first picture is of %v, want %v", first.time.Sub(start), since.Sub(start))
	}
	x.gave(0, upTo(10, 30), got)
}

// TestCatchUpNotAtAnyPrice: when the key frame is too far back, the place is empty until the next one.
func TestCatchUpNotAtAnyPrice(t *testing.T) {
	x := newTest(t)
	x.stream.CatchUp = 3 * frame
	x.events = append(x.events, takes(0, false), takes(15*frame, true))
	x.want(x.run(gops(30, 10)), upTo(20, 30))
	x.gave(0, upTo(20, 30), upTo(20, 30))
}

// TestNothingStale: what is older than fresh is not shown in a new place, but decoded for what follows.
func TestNothingStale(t *testing.T) {
	x := newTest(t)
	x.step = 2 * fresh
	x.events = append(x.events, takes(0, false), takes(x.step+fresh+frame, true))
	x.want(x.run(gops(5, 5)), upTo(2, 5))
	x.gave(0, upTo(0, 5), upTo(2, 5))
}

// TestComesAndGoes: without a place nothing is decoded, and back in it the stream catches up with another child.
func TestComesAndGoes(t *testing.T) {
	x := newTest(t)
	x.events = append(x.events, takes(5*frame, false), takes(15*frame, true))
	got := x.run(gops(20, 20))
	if !slices.Equal(got[:5], upTo(0, 5)) || !slices.Equal(got[len(got)-5:], upTo(15, 20)) || len(x.children) != 2 {
		t.Errorf("pictures %v of %d children", got, len(x.children))
	}
	x.gave(0, upTo(0, 5), upTo(0, 5))
	x.gave(1, upTo(0, 20), got[5:])
}

// TestReplay: a child that dies is replaced by one that is given everything since the key frame. No picture is lost, none comes twice.
func TestReplay(t *testing.T) {
	for _, hold := range []int{0, 2} {
		for at := range 20 {
			x := newTest(t)
			x.hold = hold
			x.dies = func(child int, id byte) error {
				if child == 0 && id == byte(at) {
					return errCrash
				}
				return nil
			}
			x.want(x.run(gops(20, 10)), upTo(0, 20))
			if from := at / 10 * 10; len(x.children) != 2 || x.children[1].written[0].id > byte(from) {
				t.Errorf("death at %d: %d children, the second was given %v", at, len(x.children), x.children[1].written)
			}
		}
	}
}

// TestReplayKnowsLosses: another child is given no more than the first one was.
func TestReplayKnowsLosses(t *testing.T) {
	x := newTest(t)
	x.hold = 20
	samples := gops(20, 10)
	samples[5] = gap()
	x.dies = func(child int, id byte) error {
		if child == 0 && id == 12 {
			return errCrash
		}
		return nil
	}
	want := slices.Concat(upTo(0, 5), upTo(10, 20))
	x.want(x.run(samples), want)
	x.gave(1, want, want)
}

// TestNoPicture: a sample that gives no picture is waited for while others follow. When none follows, the end of its child tells; the next
// sample is decoded by another one, which is given all since the key frame.
func TestNoPicture(t *testing.T) {
	x := newTest(t)
	x.mute = 19
	x.want(x.run(gops(20, 10)), upTo(0, 19))
	synctest.Test(t, func(t *testing.T) {
		x := newTest(t)
		x.mute, x.rests = 9, map[int]time.Duration{10: 2 * settleAfter}
		x.want(x.run(gops(12, 20)), slices.Concat(upTo(0, 9), upTo(10, 12)))
		if len(x.children) != 2 {
			t.Fatalf("%d children", len(x.children))
		}
		x.gave(1, upTo(0, 12), upTo(10, 12))
	})
}

// TestLives: a sample that kills every child costs what follows until the next key frame. Who kills children from outside needs more
// patience.
func TestLives(t *testing.T) {
	killed := exec.Command("sh", "-c", "kill -9 $$").Run()
	for _, tt := range []struct {
		why      error
		children int
	}{{errCrash, lives / crash}, {killed, lives}} {
		x := newTest(t)
		x.dies = func(_ int, id byte) error {
			if id == 5 {
				return tt.why
			}
			return nil
		}
		x.want(x.run(gops(20, 10)), slices.Concat(upTo(0, 5), upTo(10, 20)))
		if len(x.children) != tt.children+1 {
			t.Errorf("%v: %d children, want %d and one more", tt.why, len(x.children), tt.children)
		}
	}
}

// TestLivesAreForOnePicture: a child that dies now and then, but gives pictures in between, goes on for ever.
func TestLivesAreForOnePicture(t *testing.T) {
	x := newTest(t)
	x.dies = func(child int, id byte) error {
		if int(id) == 2*child+1 {
			return errCrash
		}
		return nil
	}
	x.want(x.run(gops(40, 40)), upTo(0, 40))
	if len(x.children) != 21 {
		t.Errorf("%d children", len(x.children))
	}
}
