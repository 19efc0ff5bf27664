package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/programtest"
)

var drivers = map[string]Config{"ffmpeg": {}}

func TestMain(m *testing.M) {
	decoder, encoder, remove, err := programtest.Build()
	if err != nil {
		panic(err)
	}
	if runtime.GOOS == "linux" {
		drivers["libav"] = Config{
			Path: "/nonexistent", Decoder: &Program{Path: decoder, Log: slog.Default()}, Encoder: &Program{Path: encoder, Log: slog.Default()},
		}
	}
	code := m.Run()
	remove()
	os.Exit(code)
}

// material is coded video.
type material struct {
	codec   av.Codec
	samples [][]byte
}

// code encodes a second of moving pictures.
func code(t *testing.T, codec av.Codec, size, format string, options ...string) material {
	t.Helper()
	return codeSource(t, codec, "testsrc2=r=30:d=1:s="+size, append([]string{"-pix_fmt", format}, options...)...)
}

func codeSource(t *testing.T, codec av.Codec, source string, options ...string) material {
	t.Helper()
	args := slices.Concat([]string{"-f", "lavfi", "-i", source}, options)
	container := "ivf"
	if codec == av.H264 {
		container = "h264"
	}
	out := ffmpegtest.Run(t, append(args, "-f", container, "pipe:1")...)
	m := material{codec: codec}
	if codec == av.H264 {
		for units := bitstream.NewAccessUnits(bytes.NewReader(out)); ; {
			unit, err := units.Next()
			if errors.Is(err, io.EOF) {
				return m
			}
			m.samples = append(m.samples, unit)
		}
	}
	frames, err := decoding.NewFrames(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, data, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return m
		}
		m.samples = append(m.samples, bytes.Clone(data))
	}
}

func vp8(t *testing.T, size string) material {
	return code(t, av.VP8, size, "yuv420p", "-c:v", "libvpx", "-g", "15", "-deadline", "realtime", "-cpu-used", "8")
}

func vp9(t *testing.T, size, format string, options ...string) material {
	return code(t, av.VP9, size, format, append(options, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0")...)
}

func h264(t *testing.T, size, format string) material {
	return code(t, av.H264, size, format, "-c:v", "libx264", "-tune", "zerolatency", "-g", "15", "-x264-params", "aud=1:threads=1")
}

// packed returns the visible bytes of a picture, without the padding of its lines.
func packed(f Frame, width, height int) (all []byte) {
	for i, plane := range f.Planes {
		w, h := width, height
		if i > 0 {
			w, h = w/2, h/2
		}
		for y := range h {
			all = append(all, plane[y*f.Strides[i]:][:w]...)
		}
	}
	return all
}

// decode decodes samples 1 to n, every third of them hidden, and returns the pictures by sample number.
func (c Config) decode(t *testing.T, m material, width, height int) map[int64][]byte {
	t.Helper()
	d, err := c.Decode(t.Context(), m.codec, width, height)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i, s := range m.samples {
			_ = d.Write(int64(i+1), i%3 != 1, s)
		}
		_ = d.CloseInput()
	}()
	pictures := map[int64][]byte{}
	for {
		f, err := d.Read(t.Context())
		if err != nil {
			break
		}
		pictures[f.Number] = packed(f, width, height)
		f.Release()
	}
	if err := d.Wait(); err != nil {
		t.Fatal(err)
	}
	return pictures
}

// TestDecodersAgree checks that all decoders return the same pictures, whatever comes.
func TestDecodersAgree(t *testing.T) {
	small, large := vp8(t, "320x240"), vp8(t, "640x480")
	damaged := vp8(t, "427x241")
	for i := 3; i < len(damaged.samples); i += 7 {
		if b := damaged.samples[i]; len(b) > 40 {
			b[len(b)/2] ^= 0xff
			damaged.samples[i] = b[:len(b)*3/4]
		}
	}
	damaged.samples[5] = nil
	for name, m := range map[string]material{
		"vp8": small, "vp8 of odd size": vp8(t, "427x241"), "vp8 that grows": {av.VP8, slices.Concat(small.samples, large.samples)}, "damaged vp8": damaged,
		"vp9": vp9(t, "320x240", "yuv420p"), "vp9 of full range and colours": vp9(t, "322x242", "yuv444p", "-color_range", "pc", "-profile:v", "1"),
		"h264": h264(t, "322x242", "yuv420p"), "h264 of full range": h264(t, "320x240", "yuvj420p"), "h264 of full colours": h264(t, "160x120", "yuv444p"),
	} {
		for _, size := range [][2]int{{320, 240}, {162, 122}, {80, 60}, {642, 482}} {
			t.Run(fmt.Sprintf("%s to %dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				want := drivers["ffmpeg"].decode(t, m, size[0], size[1])
				if all := len(m.samples) * 2 / 3; len(want) > all+1 || len(want) < all-len(m.samples)/3 {
					t.Fatalf("%d pictures of %d samples", len(want), len(m.samples))
				}
				for driver, c := range drivers {
					if got := c.decode(t, m, size[0], size[1]); !maps.EqualFunc(got, want, bytes.Equal) {
						t.Errorf("%s has %d pictures, ffmpeg %d, or they differ", driver, len(got), len(want))
					}
				}
			})
		}
	}
}

// TestLargePicturesAreRefused makes decoders refer to 16 pictures of 67 million pixels, 100 MB each, which very little
// video can produce.
func TestLargePicturesAreRefused(t *testing.T) {
	large := codeSource(t, av.H264, "color=s=8192x8192:r=8:d=1", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
		"-x264-params", "aud=1:threads=1:keyint=1000:ref=16:dpb=16")
	small := h264(t, "320x240", "yuv420p")
	for driver, c := range drivers {
		t.Run(driver, func(t *testing.T) {
			d, err := c.Decode(t.Context(), av.H264, 320, 240)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for i, s := range slices.Concat(small.samples, large.samples, small.samples) {
					_ = d.Write(int64(i), true, s)
				}
				_ = d.CloseInput()
			}()
			pictures := 0
			for {
				f, err := d.Read(t.Context())
				if err != nil {
					break
				}
				pictures++
				f.Release()
			}
			_ = d.Wait()
			if used := d.process.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; used > 600<<10 { // Maxrss of a child includes the test's own
				t.Errorf("the decoder took %d MB", used>>10)
			}
			if want := 2 * len(small.samples); pictures < want-1 || pictures > want {
				t.Errorf("%d pictures, want those %d that are not too large", pictures, want)
			}
		})
	}
}

// TestFullRangeBecomesLimited checks what white and black become.
func TestFullRangeBecomesLimited(t *testing.T) {
	m := h264(t, "320x240", "yuvj420p")
	for driver, c := range drivers {
		for _, size := range [][2]int{{320, 240}, {160, 120}} {
			picture := c.decode(t, m, size[0], size[1])[1]
			luma := slices.Sorted(slices.Values(picture[:size[0]*size[1]]))
			if low, high := luma[len(luma)/100], luma[len(luma)*99/100]; low < 14 || high > 237 {
				t.Errorf("%s at %v: luma from %d to %d", driver, size, low, high)
			}
		}
	}
}

// TestDecoderWaitsForRoom checks that unreleased pictures are not overwritten, and that a decoder that waits is not
// killed as hung.
func TestDecoderWaitsForRoom(t *testing.T) {
	m := vp8(t, "320x240")
	for driver, c := range drivers {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			c.Patience = time.Second
			d, err := c.Decode(t.Context(), m.codec, 320, 240)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for i, s := range m.samples {
					_ = d.Write(int64(i+1), true, s)
				}
				_ = d.CloseInput()
			}()
			frames := make(chan Frame, len(m.samples))
			go func() {
				defer close(frames)
				for {
					f, err := d.Read(t.Context())
					if err != nil {
						return
					}
					frames <- f
				}
			}()
			var held []Frame
			var seen [][]byte
			for range decoding.Slots {
				held = append(held, <-frames)
				seen = append(seen, packed(held[len(held)-1], 320, 240))
			}
			time.Sleep(3 * c.Patience)
			if n := len(frames); n > 0 {
				t.Errorf("%d pictures more than there is room for", n)
			}
			for i, f := range held {
				if !bytes.Equal(packed(f, 320, 240), seen[i]) {
					t.Errorf("picture %d was written over", f.Number)
				}
				f.Release()
			}
			n := len(held)
			for f := range frames {
				n++
				f.Release()
			}
			if err := d.Wait(); err != nil || n != len(m.samples) {
				t.Errorf("%d pictures of %d samples: %v", n, len(m.samples), err)
			}
		})
	}
}

func TestDecoderEndsWithItsContext(t *testing.T) {
	m := vp8(t, "320x240")
	for driver, c := range drivers {
		t.Run(driver, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			d, err := c.Decode(ctx, m.codec, 320, 240)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range m.samples {
				_ = d.Write(int64(i+1), true, s)
			}
			for {
				f, err := d.Read(ctx)
				if err != nil {
					break
				}
				if f.Number == decoding.Slots { // no more will come
					cancel()
				}
			}
			if err := d.Wait(); err == nil {
				t.Error("the end of one that was killed is no error")
			}
		})
	}
}

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
