package matroska

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
)

// file lets FFmpeg make a WebM or Matroska file with video and audio.
func file(t testing.TB, args ...string) []byte {
	t.Helper()
	all := append([]string{"-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=2",
		"-f", "lavfi", "-i", "sine=d=2:sample_rate=48000"}, args...)
	return ffmpegtest.Run(t, append(all, "pipe:1")...)
}

// blocks reads all blocks.
func blocks(b []byte) (list []Block, err error) {
	err = Read(bytes.NewReader(b), func(b Block) error {
		list = append(list, b)
		return nil
	})
	return list, err
}

func TestReadsEveryCodec(t *testing.T) {
	for _, tt := range []struct {
		codec av.Codec
		args  []string
	}{
		{av.VP8, []string{"-c:v", "libvpx", "-g", "10", "-c:a", "libopus", "-f", "webm"}},
		{av.VP9, []string{"-c:v", "libvpx-vp9", "-cpu-used", "8", "-g", "10", "-c:a", "libopus", "-f", "webm"}},
		{av.H264, []string{"-c:v", "libx264", "-bf", "0", "-g", "10", "-c:a", "libopus", "-f", "matroska"}},
	} {
		t.Run(string(tt.codec), func(t *testing.T) {
			list, err := blocks(file(t, tt.args...))
			if err != nil {
				t.Fatal(err)
			}
			video := slices.DeleteFunc(slices.Clone(list), func(b Block) bool { return b.Track.Codec != tt.codec })
			if len(video) != 50 || len(list)-len(video) < 100 {
				t.Fatalf("%d frames, %d packets", len(video), len(list)-len(video))
			}
			for i, b := range video {
				if late := b.Time - time.Duration(i)*40*time.Millisecond; late > 12*time.Millisecond || late < -time.Millisecond {
					t.Errorf("frame %d is at %v", i, b.Time)
				}
				if b.Key != (i%10 == 0) {
					t.Errorf("frame %d: key %v", i, b.Key)
				}
			}
			if tt.codec == av.H264 {
				var types []av.NALType
				for nal := range av.NALs(video[10].Data) {
					types = append(types, av.NALTypeOf(nal))
				}
				if !slices.Contains(types, av.NALSPS) || !slices.Contains(types, av.NALPPS) || !slices.Contains(types, av.NALIDR) {
					t.Errorf("key frame of NAL units %v", types)
				}
			}
		})
	}
}

// TestCutAnywhere cuts a file at any byte. Everything before the cut must be read.
func TestCutAnywhere(t *testing.T) {
	b := file(t, "-c:v", "libvpx", "-b:v", "50k", "-c:a", "libopus", "-b:a", "16k", "-f", "webm")
	whole, err := blocks(b)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for n := 0; n < len(b); n += 97 {
		list, err := blocks(b[:n])
		if len(list) < last || len(list) > len(whole) {
			t.Fatalf("%d of %d bytes: %d blocks after %d", n, len(b), len(list), last)
		}
		if last = len(list); last > 0 && err != nil && !errors.Is(err, ErrCut) {
			t.Fatalf("%d of %d bytes: %v", n, len(b), err)
		}
	}
	if last < len(whole)-2 {
		t.Errorf("%d of %d blocks before the last bytes", last, len(whole))
	}
	refuse := func(Block) error { return errors.ErrUnsupported }
	if err := Read(bytes.NewReader(b), refuse); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("stopped by its reader: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(f, "-t", "0.2", "-c:v", "libvpx", "-c:a", "libopus", "-f", "webm"))
	f.Add(file(f, "-t", "0.2", "-c:v", "libx264", "-bf", "0", "-c:a", "libopus", "-f", "matroska"))
	f.Add([]byte("\x1aE\xdf\xa3"))
	f.Add(Head{WebM: true, Video: av.VP8, Connection: "one"}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		told := Told{Tag: func(name, value string) {
			if len(name)+len(value) > maxTags {
				t.Fatalf("tag of %d bytes", len(name)+len(value))
			}
		}}
		_ = ReadTold(bytes.NewReader(b), told, func(b Block) error {
			if b.Time > Longest+time.Hour || b.Time < -Longest-time.Hour {
				t.Fatalf("block at %v", b.Time)
			}
			return nil
		})
	})
}
