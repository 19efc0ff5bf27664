package compose

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/ffmpeg/encoding"
)

// patience is long enough for children on a busy machine not to look dead.
const patience = 5 * time.Second

// freeze stops this process's children of a kind for good and returns their number.
func freeze(t *testing.T, kind func(commandLine []byte) bool) (n int) {
	for _, pid := range childIDs(t) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && kind(line) && syscall.Kill(pid, syscall.SIGSTOP) == nil {
			n++
		}
	}
	return n
}

// TestDecodersHang freezes all decoders twice. They must be replaced, and the file must be the same.
func TestDecodersHang(t *testing.T) {
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, moves, 3), sound: tone(t, 440, 3)},
		publisher{id: "two", video: h264(t, moves, 3), from: 500 * time.Millisecond},
		publisher{id: "three", video: vp9(t, moves, 3), until: 2 * time.Second})
	s.write()
	want, _ := s.compose(small)
	frozen, last := 0, start
	o := small
	o.FFmpeg.Patience = patience
	o.Progress = func(at av.Instant) {
		if at.Sub(last) > time.Second && at.Sub(start) < 2500*time.Millisecond {
			last, frozen = at, frozen+freeze(t, decodes)
		}
	}
	got, _ := s.compose(o)
	if frozen < 3 || len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("after %d decoders hung %d bytes, without %d", frozen, len(got), len(want))
	}
}

// TestDecoderSpins uses a decoder that computes for ever and returns nothing.
func TestDecoderSpins(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, moves, 2)})
	s.write()
	want, _ := s.compose(small)
	marker := filepath.Join(t.TempDir(), "spun")
	failing(t, anySize, fmt.Sprintf("if mkdir %s 2>/dev/null; then while :; do :; done; fi", marker), func(t *testing.T, c ffmpeg.Config) {
		o := small
		o.FFmpeg, o.FFmpeg.Patience = c, patience/3
		got, _ := s.compose(o)
		if err := os.Remove(marker); err != nil || len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("with a decoder that spun %d bytes, without %d (%v)", len(got), len(want), err)
		}
	})
}

// TestDecoderLies uses a decoder that announces a picture it did not write and then waits. It must be replaced, even if
// all decoders do so.
func TestDecoderLies(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, moves, 2)}, publisher{id: "two", video: h264(t, lime, 2)})
	s.write()
	want, _ := s.compose(small)
	notice := `\037\000\000\000\000\000\000\000\377` // of sample 1, in slot 255
	lie := fmt.Sprintf("printf '%s'; exec sleep 600", notice)
	marker := filepath.Join(t.TempDir(), "lied")
	for name, tt := range map[string]struct {
		instead string
		same    bool
	}{
		"once": {fmt.Sprintf("if mkdir %s 2>/dev/null; then %s; fi", marker, lie), true}, "always": {lie, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := small
			o.FFmpeg.Decoder = &ffmpeg.Program{Path: program(t, decoder.Path, `320\ 240`, ready+tt.instead), Log: quietLog()}
			if got, _ := s.compose(o); len(got) == 0 || bytes.Equal(got, want) != tt.same {
				t.Errorf("%d bytes, without lies %d", len(got), len(want))
			}
		})
	}
}

// TestEncodersHang freezes encoders half way. The composition must fail as when an encoder dies, and must succeed when
// made again.
func TestEncodersHang(t *testing.T) {
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, moves, 3), sound: tone(t, 440, 3)})
	s.write()
	want, _ := s.compose(small)
	for _, tt := range []struct {
		name, kind, says string
		c                ffmpeg.Config
	}{
		{"ffmpeg of pictures", "libx264", "video encoder", ffmpeg.Config{}}, {"ffmpeg of sound", "aac_low", "audio encoder", ffmpeg.Config{}},
		{"program", encoding.Program, "encoder", small.FFmpeg},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, frozen := small, 0
			o.FFmpeg = tt.c
			o.FFmpeg.Patience = patience
			o.Progress = func(at av.Instant) {
				if frozen == 0 && at.Sub(start) > time.Second {
					frozen = freeze(t, func(line []byte) bool { return bytes.Contains(line, []byte(tt.kind)) })
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := Run(ctx, s.journal, "a", o, filepath.Join(t.TempDir(), "a"), quietLog())
			if frozen != 1 || err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "hung") {
				t.Errorf("after %d encoders hung: %v", frozen, err)
			}
			if n := children(t); n > 0 {
				t.Errorf("%d children are left", n)
			}
		})
	}
	if got, _ := s.compose(small); len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("composed again %d bytes, before %d", len(got), len(want))
	}
}
