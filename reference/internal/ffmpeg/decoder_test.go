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
	"runtime"
	"slices"
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
