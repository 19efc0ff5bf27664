package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
)

// encode encodes frames and returns the access units and the AAC frames.
func (c Config) encode(t *testing.T, o Output, frames int, fill func(n int, r *Slot)) (units, sounds [][]byte) {
	t.Helper()
	g, ctx := errgroup.WithContext(t.Context())
	e, err := c.Encode(ctx, g, o)
	if err != nil {
		t.Fatal(err)
	}
	g.Go(func() error {
		for n := range frames {
			r, err := e.Slot(ctx)
			if err != nil {
				return err
			}
			fill(n, r)
			if err := e.Put(ctx, r); err != nil {
				return err
			}
		}
		return e.Close()
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := range e.Frames {
			sounds = append(sounds, b)
		}
	}()
	for b := range e.Units {
		units = append(units, b)
	}
	<-done
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return units, sounds
}

// encodeAlike encodes the same with all drivers and compares the results.
func encodeAlike(t *testing.T, o Output, frames int, fill func(n int, r *Slot)) (units, sounds [][]byte) {
	t.Helper()
	units, sounds = drivers["ffmpeg"].encode(t, o, frames, fill)
	for driver, c := range drivers {
		u, s := c.encode(t, o, frames, fill)
		if !slices.EqualFunc(u, units, bytes.Equal) || !slices.EqualFunc(s, sounds, bytes.Equal) {
			t.Errorf("%s gives %d pictures and %d frames of AAC, ffmpeg %d and %d, or they differ", driver, len(u), len(s), len(units), len(sounds))
		}
	}
	return units, sounds
}

// TestEncodersAgree checks that all drivers give the same bytes for pictures of all sizes and sound of all lengths.
func TestEncodersAgree(t *testing.T) {
	noise := noise()
	var pictures [][]byte
	for range 40 {
		p := make([]byte, 642*362*3/2)
		noise(0, p[:len(p)/4*4])
		pictures = append(pictures, p)
	}
	for name, tt := range map[string]struct {
		output Output
		frames int
	}{
		"pictures and sound": {Output{&Video{Width: 320, Height: 240, QP: 19}, true}, 40},
		"constant bit rate":  {Output{&Video{Width: 322, Height: 242, Bitrate: 500_000}, true}, 40},
		"larger":             {Output{&Video{Width: 642, Height: 362, QP: 30}, false}, 20},
		"smallest":           {Output{&Video{Width: 16, Height: 16, QP: 19}, false}, 3},
		"sound":              {Output{nil, true}, 40},
		"one frame":          {Output{&Video{Width: 64, Height: 48, QP: 19}, true}, 1},
		"no frame":           {Output{&Video{Width: 64, Height: 48, QP: 19}, true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			units, sounds := encodeAlike(t, tt.output, tt.frames, func(n int, r *Slot) {
				copy(r.Picture, pictures[n])
				for i := range r.Sound {
					r.Sound[i] = float32(pictures[n][i])/128 - 1
				}
			})
			if tt.output.Video != nil && len(units) != tt.frames {
				t.Errorf("%d units of %d frames", len(units), tt.frames)
			}
			if want := tt.frames * av.BlockSamples / av.AACFrame; tt.output.Sound && len(sounds) < want {
				t.Errorf("%d frames of AAC, want %d", len(sounds), want)
			}
		})
	}
}

// TestEncodingEndsWithItsContext cancels the context in every wait.
func TestEncodingEndsWithItsContext(t *testing.T) {
	for driver, c := range drivers {
		t.Run(driver, func(t *testing.T) {
			parent, cancel := context.WithCancel(t.Context())
			g, ctx := errgroup.WithContext(parent)
			e, err := c.Encode(ctx, g, Output{Video: &Video{Width: 64, Height: 48, QP: 19}, Sound: true})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				r, err := e.Slot(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := e.Put(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			cancel()
			if err := g.Wait(); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// TestSharedFramesAreGivenBack checks that memory is unmapped when nothing refers to an encoding any more.
func TestSharedFramesAreGivenBack(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is shared on Linux alone")
	}
	seen := 0
	drivers["libav"].encode(t, Output{Video: &Video{Width: 64, Height: 48, QP: 19}}, 3, func(int, *Slot) { seen = mapped(t, "frames") })
	if seen == 0 {
		t.Error("no memory was shared")
	}
	for range 100 {
		if runtime.GC(); mapped(t, "frames") == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d encoders' memory is still there", mapped(t, "frames"))
}
