package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/timeline"
)

func TestLossFreezesUntilTheNextKeyFrame(t *testing.T) {
	t.Parallel()
	clean := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, moves, 2)})
	lossy := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, moves, 2), gap: [2]int{10, 12}})
	clean.write()
	lossy.write()
	a, _ := clean.compose(small)
	b, _ := lossy.compose(small)
	want, got := pixels(t, a), pixels(t, b)
	for n, fresh := range map[int]bool{6: true, 10: false, 24: false, 26: true, 40: true} {
		if alike(want[n], got[n]) != fresh {
			t.Errorf("frame %d is fresh: %v, want %v", n, !fresh, fresh)
		}
	}
	if !alike(got[8], got[23]) {
		t.Error("the picture did not freeze")
	}
}

// alike reports whether pictures are equal within the error of coding.
func alike(x, y []byte) bool {
	sum := 0
	for i := 0; i < 640*480; i += 7 {
		d := int(x[i]) - int(y[i])
		sum += d * d
	}
	return sum/(640*480/7) < 30
}

// TestTooLargePicturesAreNotShown publishes a key frame that claims 268 million pixels. The previous picture must stay
// until the next key frame of an acceptable size.
func TestTooLargePicturesAreNotShown(t *testing.T) {
	t.Parallel()
	clean := vp8(t, moves, 3)
	forged := clean
	forged.frames = slices.Clone(clean.frames)
	forged.frames[30] = bytes.Clone(clean.frames[30])
	copy(forged.frames[30][6:], []byte{0xff, 0x3f, 0xff, 0x3f})
	shown := func(c clip) [][]byte {
		s := newSession(t, 3*time.Second, publisher{id: "one", video: c})
		s.write()
		file, _ := s.compose(small)
		return pixels(t, file)
	}
	want, got := shown(clean), shown(forged)
	if !alike(want[20], got[20]) || !alike(want[60], got[60]) {
		t.Error("pictures that are not too large are missing")
	}
	if alike(want[40], got[40]) || !alike(got[24], got[40]) {
		t.Error("what follows the key frame is shown")
	}
}

func TestCancelled(t *testing.T) {
	s := newSession(t, time.Hour, publisher{id: "one", video: vp8(t, moves, 1)})
	ctx, cancel := context.WithCancel(t.Context())
	o := small
	o.Progress = func(at av.Instant) {
		if at.Sub(start) > 500*time.Millisecond {
			cancel()
		}
	}
	s.pace = func(at time.Duration) {
		if at > time.Second { // stop sending, without a stop event
			<-ctx.Done()
			s.length = 0
		}
	}
	var wg sync.WaitGroup
	wg.Go(s.write)
	_, err := Run(ctx, s.journal, "a", o, filepath.Join(t.TempDir(), "a"), quietLog())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wg.Wait()
	if n := children(t); n > 0 {
		t.Errorf("%d children are left", n)
	}
}

// children returns the number of this process's children, zombies included.
func children(t *testing.T) int { return len(childIDs(t)) }

func childIDs(t *testing.T) (ids []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Skip("no /proc to count children in")
	}
	for _, name := range lists {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(b)) {
			if id, err := strconv.Atoi(field); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// program writes a script that stands in for a program. It runs the real one unless the condition holds.
func program(t *testing.T, real, condition, instead string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), filepath.Base(real))
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in\n%s) %s;;\nesac\nexec %s \"$@\"\n", condition, instead, real)
	if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// ready is shell code with which a stand-in for a decoder reports that it works.
var ready = fmt.Sprintf("printf '%s'; ", strings.Repeat(`\377`, decoding.NoticeSize))

// encoderReady is shell code with which a stand-in for an encoder reports that it works.
const encoderReady = `printf '\001\000\000\000\000'; `

// failing runs the test with stand-ins for all programs that decode. They do something instead when asked to decode to
// the given size, or to any.
func failing(t *testing.T, size [2]int, instead string, test func(t *testing.T, c ffmpeg.Config)) {
	piped, shared := "*ivf*", `*\ *`
	if size != [2]int{} {
		piped, shared = fmt.Sprintf("*scale=%d:%d*", size[0], size[1]), fmt.Sprintf(`%d\ %d`, size[0], size[1])
	}
	t.Run("ffmpeg", func(t *testing.T) { test(t, ffmpeg.Config{Path: program(t, "ffmpeg", piped, instead)}) })
	t.Run(decoding.Program, func(t *testing.T) {
		test(t, ffmpeg.Config{Decoder: &ffmpeg.Program{Path: program(t, decoder.Path, shared, ready+instead), Log: quietLog()}})
	})
}

var anySize [2]int

// decodes reports whether a command line is that of a decoding program.
func decodes(line []byte) bool {
	return bytes.Contains(line, []byte("ivf")) || bytes.Contains(line, []byte(decoding.Program))
}

func TestEncoderDies(t *testing.T) {
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, moves, 3), sound: tone(t, 440, 3)})
	s.write()
	o := Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true}
	instead := func(script string) ffmpeg.Config {
		return ffmpeg.Config{Path: program(t, "ffmpeg", "*libx264*", script)}
	}
	ours := func(script string) ffmpeg.Config {
		return ffmpeg.Config{Encoder: &ffmpeg.Program{Path: program(t, encoder.Path, "*libx264*", encoderReady+script), Log: quietLog()}}
	}
	for name, c := range map[string]ffmpeg.Config{
		"ffmpeg at once":     instead("echo no codec here >&2; exit 3"),
		"ffmpeg half way":    instead("head -c 20000000 >/dev/null; exit 0"),
		"no such file":       {Path: "/nonexistent/ffmpeg"},
		"program at once":    ours("echo no codec here >&2; exit 4"),
		"program half way":   ours("head -c 4 >/dev/null; exit 0"),
		"program that lies":  ours(`printf '\002\001\000\000\000\011'; exec sleep 600`),
		"program in riddles": ours(`printf '\011\001\000\000\000\011'; exec sleep 600`),
	} {
		t.Run(name, func(t *testing.T) {
			o.FFmpeg = c
			_, err := Run(t.Context(), s.journal, "a", o, filepath.Join(t.TempDir(), "a"), quietLog())
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(name, "at once") && !strings.Contains(err.Error(), "no codec here") {
				t.Errorf("%v does not say why", err)
			}
			if n := children(t); n > 0 {
				t.Errorf("%d children are left", n)
			}
		})
	}
	if b, _ := s.compose(small); len(b) == 0 {
		t.Error("composing again after failures gave nothing")
	}
}

// TestEncodersAgree composes the same recording with all programs. The files must be equal.
func TestEncodersAgree(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, moves, 3), sound: tone(t, 440, 3)})
	s.write()
	for name, tt := range map[string]Options{
		"both": {HasAudio: true, HasVideo: true}, "pictures": {HasVideo: true}, "sound": {HasAudio: true},
		"transport": {HasAudio: true, HasVideo: true, Transport: true},
	} {
		tt.Width, tt.Height = 322, 242
		want, _ := s.compose(tt)
		tt.FFmpeg = ffmpeg.Config{Path: "/nonexistent/ffmpeg", Decoder: decoder, Encoder: encoder}
		if got, _ := s.compose(tt); len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, with the ffmpeg program %d", name, len(got), len(want))
		}
	}
}

// TestEncodesWithoutLibraries checks that the ffmpeg program encodes when the libraries are missing, and that they are
// tried only once.
func TestEncodesWithoutLibraries(t *testing.T) {
	t.Parallel()
	s := newSession(t, time.Second, publisher{id: "one", video: vp8(t, moves, 1), sound: tone(t, 440, 1)})
	s.write()
	want, _ := s.compose(small)
	starts := filepath.Join(t.TempDir(), "starts")
	o := small
	o.FFmpeg.Encoder = &ffmpeg.Program{Path: program(t, encoder.Path, "*", fmt.Sprintf("echo >>%s; exit %d", starts, decoding.Unusable)), Log: quietLog()}
	for range 2 {
		if got, _ := s.compose(o); len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, with the program %d", len(got), len(want))
		}
	}
	if list, err := os.ReadFile(starts); err != nil || len(list) != 1 {
		t.Errorf("started %d times (%v)", len(list), err)
	}
}

// TestDecoderDies stops a decoder after some frames. Nothing may be lost, and the rest must go on.
func TestDecoderDies(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, lime, 3)}, publisher{id: "two", video: h264(t, "testsrc2=s=320x180:r=30", 3)})
	s.write()
	want, _ := s.compose(small)
	marker := filepath.Join(t.TempDir(), "died")
	once := fmt.Sprintf("if mkdir %s 2>/dev/null; then head -c 30000 >/dev/null; kill -9 $$; fi", marker)
	failing(t, [2]int{320, 180}, once, func(t *testing.T, c ffmpeg.Config) {
		o := small
		o.FFmpeg = c
		got, _ := s.compose(o)
		if err := os.Remove(marker); err != nil || len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("with a decoder that died %d bytes, without %d (%v)", len(got), len(want), err)
		}
	})
}

// TestDecoderAlwaysDies kills a decoder and all its replacements. Its stream must not be seen; the others must.
func TestDecoderAlwaysDies(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, lime, 3)}, publisher{id: "two", video: h264(t, "testsrc2=s=320x180:r=30", 3)})
	s.write()
	starts := filepath.Join(t.TempDir(), "starts")
	failing(t, [2]int{320, 180}, fmt.Sprintf("echo >>%s; head -c 5000 >/dev/null; exit 1", starts), func(t *testing.T, c ffmpeg.Config) {
		o := small
		o.FFmpeg = c
		b, _ := s.compose(o)
		frames := pixels(t, b)
		if len(frames) != 75 {
			t.Fatalf("%d frames", len(frames))
		}
		if a, b := colourAt(frames[70], 160, 240), colourAt(frames[70], 480, 240); a != "lime" || b != "black" {
			t.Errorf("in the end %s and %s", a, b)
		}
		list, err := os.ReadFile(starts)
		if n := bytes.Count(list, []byte("\n")); err != nil || n < 3 || n > 9 { // three for each of three key frames
			t.Errorf("%d decoders were started (%v)", n, err)
		}
		if err := os.Remove(starts); err != nil {
			t.Error(err)
		}
	})
}

// TestDecodersAreKilled kills every decoder again and again.
func TestDecodersAreKilled(t *testing.T) {
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, moves, 3)}, publisher{id: "two", video: h264(t, moves, 3), from: 500 * time.Millisecond})
	s.write()
	want, _ := s.compose(small)
	killed, last := 0, start
	o := small
	o.Progress = func(at av.Instant) {
		if at.Sub(last) < 300*time.Millisecond {
			return
		}
		last = at
		for _, pid := range childIDs(t) {
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if p, found := os.FindProcess(pid); err == nil && found == nil && decodes(line) && p.Kill() == nil {
				killed++
			}
		}
	}
	got, _ := s.compose(o)
	if killed < 10 || len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("after %d kills %d bytes, without %d", killed, len(got), len(want))
	}
}

// TestEncoderIsKilled composes again after the encoder was killed half way.
func TestEncoderIsKilled(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, moves, 3), sound: tone(t, 440, 3)})
	s.write()
	want, _ := s.compose(small)
	for name, c := range map[string]ffmpeg.Config{"ffmpeg": {}, "program": small.FFmpeg} {
		var kill func()
		o := small
		o.FFmpeg = c
		o.Encoding = func(k func()) func() { kill = k; return func() {} }
		o.Progress = func(at av.Instant) {
			if at.Sub(start) > 1500*time.Millisecond {
				kill()
			}
		}
		if _, err := Run(t.Context(), s.journal, "a", o, filepath.Join(t.TempDir(), "a"), quietLog()); err == nil {
			t.Fatal(name, "no error")
		}
	}
	if got, _ := s.compose(small); len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("composed again %d bytes, without the kill %d", len(got), len(want))
	}
}

// TestSlowDecoders uses decoders that need seconds to start, longer than the wait for a resting stream. The file must be
// the same.
func TestSlowDecoders(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second,
		publisher{id: "one", video: vp8(t, moves, 2), gap: [2]int{10, 40}},
		publisher{id: "two", video: h264(t, moves, 2), from: 500 * time.Millisecond, until: 1500 * time.Millisecond})
	s.archive = []timeline.Event{selected(800*time.Millisecond, "one"), selected(1100*time.Millisecond, "one", "two")}
	s.write()
	want, _ := s.compose(small)
	failing(t, anySize, "sleep 2.5", func(t *testing.T, c ffmpeg.Config) {
		o := small
		o.FFmpeg = c
		if got, _ := s.compose(o); len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("with slow decoders %d bytes, else %d", len(got), len(want))
		}
	})
}
