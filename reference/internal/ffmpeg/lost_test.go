package ffmpeg

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg/decoding"
)

// script writes a shell script and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), decoding.Program)
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestDecodesWithoutLibraries checks that the ffmpeg program decodes when the libraries are missing, and that the log
// says why.
func TestDecodesWithoutLibraries(t *testing.T) {
	m := vp8(t, "320x240")
	var log strings.Builder
	starts := filepath.Join(t.TempDir(), "starts")
	c := Config{Decoder: &Program{
		Path: script(t, fmt.Sprintf("echo >>%s; echo no libavcodec >&2; exit 3", starts)), Log: slog.New(slog.NewTextHandler(&log, nil)),
	}}
	for range 2 {
		if n := len(c.decode(t, m, 160, 120)); n != 20 {
			t.Errorf("%d pictures", n)
		}
	}
	if list, err := os.ReadFile(starts); err != nil || len(list) != 1 || strings.Count(log.String(), "no libavcodec") != 1 {
		t.Errorf("started %d times (%v), says %q", len(list), err, log.String())
	}
}

// TestDecodesWhenTheProgramIsGone removes the program after it has worked once.
func TestDecodesWhenTheProgramIsGone(t *testing.T) {
	m := vp8(t, "320x240")
	name := filepath.Join(t.TempDir(), decoding.Program)
	if err := os.Symlink(drivers["libav"].Decoder.Path, name); err != nil {
		t.Fatal(err)
	}
	c := Config{Decoder: &Program{Path: name, Log: slog.Default()}}
	want := c.decode(t, m, 160, 120)
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if got := c.decode(t, m, 160, 120); len(want) != 20 || !maps.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%d pictures, before %d", len(got), len(want))
	}
}

// TestDecoderThatLies uses a program that announces pictures in slots that it does not have.
func TestDecoderThatLies(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is shared on Linux alone")
	}
	for name, slots := range map[string]string{"twice": `\001`, "beyond": `\377`} {
		ready, notice := strings.Repeat(`\377`, decoding.NoticeSize), `\037\000\000\000\000\000\000\000` // tick 31: sample 1
		lies := fmt.Sprintf(`printf '%[1]s%[2]s\001%[2]s%[3]s'; exec sleep 60`, ready, notice, slots)
		c := Config{Decoder: &Program{Path: script(t, lies), Log: slog.Default()}}
		d, err := c.Decode(t.Context(), av.VP8, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := d.Read(t.Context()); err != nil || f.Number != 1 {
			t.Errorf("%s: %d, %v", name, f.Number, err)
		}
		if _, err := d.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "slot") {
			t.Errorf("%s: %v", name, err)
		}
		d.Kill()
		_ = d.Wait() // it was killed
	}
}

// mapped returns the number of this process's memory mappings with a name.
func mapped(t *testing.T, name string) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(maps, []byte("/memfd:"+name))
}

// TestSharedMemoryIsGivenBack checks that memory is unmapped when nothing refers to its pictures any more.
func TestSharedMemoryIsGivenBack(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is shared on Linux alone")
	}
	mapped := func() int { return mapped(t, "pictures") }
	m := vp8(t, "320x240")
	d, err := drivers["libav"].Decode(t.Context(), m.codec, 64, 48)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Write(1, true, m.samples[0])
	last, err := d.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.CloseInput(), d.Wait()); err != nil {
		t.Fatal(err)
	}
	d = nil
	runtime.GC()
	if n := mapped(); n == 0 || last.Planes[0][0] == 0 {
		t.Errorf("a picture that is still there has lost its memory (%d)", n)
	}
	runtime.KeepAlive(&last)
	last = Frame{}
	for range 100 {
		if runtime.GC(); mapped() == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d decoders' memory is still there", mapped())
}
