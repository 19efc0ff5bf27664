package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/whiptest"
)

const (
	// video is the published fixture. Its pictures show their frame numbers.
	video     = "vp8-01"
	videoRate = 30
)

// film is what a file shows.
type film struct {
	codecs   []string
	duration time.Duration
	// shown has the frame numbers of the pictures, in order and without pictures that show none. The numbers go on when the fixture begins
	// again.
	shown []int
}

// watch decodes an MP4 with FFmpeg.
func watch(t *testing.T, mp4 []byte) film {
	t.Helper()
	path := save(t, mp4)
	out := ffmpegtest.Probe(t, "-show_streams", "-show_format", "-of", "json", path)
	var probe struct {
		Streams []struct {
			CodecName string `json:"codec_name"`
		}
		Format struct{ Duration string }
	}
	must(t, json.Unmarshal(out, &probe))
	seconds, err := strconv.ParseFloat(probe.Format.Duration, 64)
	must(t, err)
	f := film{duration: time.Duration(seconds * float64(time.Second)), shown: frameNumbers(t, path)}
	for _, s := range probe.Streams {
		f.codecs = append(f.codecs, s.CodecName)
	}
	slices.Sort(f.codecs)
	return f
}

func save(t *testing.T, mp4 []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "archive.mp4")
	must(t, os.WriteFile(path, mp4, 0o600))
	return path
}

// decode returns the concatenated pictures of a file after a filter.
func decode(t *testing.T, path, filter, format string) []byte {
	t.Helper()
	return ffmpegtest.Run(t, "-threads", "1", "-i", path, "-an", "-vf", filter, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", format, "-")
}

func frameNumbers(t *testing.T, path string) (shown []int) {
	t.Helper()
	manifest, err := fixtures.Load()
	must(t, err)
	v, err := manifest.Video(video)
	must(t, err)
	at := v.Parts[0].Mark // the only stream fills the picture, which has the fixture's size
	crop := fmt.Sprintf("crop=%d:%d:%d:%d", at.Width, at.Height, at.X, at.Y)
	for picture := range slices.Chunk(decode(t, path, crop, "gray"), at.Width*at.Height) {
		r, ok := mark.Decode(mark.Plane{Pix: picture, Stride: at.Width, W: at.Width, H: at.Height},
			mark.Box{W: float64(at.Width), H: float64(at.Height)})
		if !ok || r.Stream != v.Stream {
			continue
		}
		n := r.Frame
		if len(shown) > 0 {
			for last := shown[len(shown)-1]; n < last-v.Count/2; {
				n += v.Count
			}
		}
		shown = append(shown, n)
	}
	return shown
}

// Tolerances.
const (
	// crashLoss is how much media a crash may lose.
	crashLoss = 2 * time.Second
	// edge is how much media may be under way between publisher and journal when a recording begins or ends.
	edge = 500 * time.Millisecond
	// keyEvery is the time between key frames. Pictures begin with the first one.
	keyEvery = time.Second
)

// moment is when a test acted, in published frames: not before early and not after late.
type moment struct{ early, late int }

// act calls do while p publishes, and returns when that was.
func act(p *whiptest.Publisher, do func()) (m moment) {
	m.early = p.Sent()
	do()
	m.late = p.Sent()
	return m
}

// span is when an archive recorded.
type span struct{ from, to moment }

func frames(n int) time.Duration { return time.Duration(n) * time.Second / videoRate }

// expect checks the film of a recording of s. The last part, of length lost, may be missing.
func (f film) expect(t *testing.T, s span, lost time.Duration) {
	t.Helper()
	if !slices.Equal(f.codecs, []string{"aac", "h264"}) {
		t.Errorf("codecs %v, want h264 and aac", f.codecs)
	}
	shortest, longest := frames(s.to.early-s.from.late)-lost-edge, frames(s.to.late-s.from.early)+edge
	if f.duration < shortest || f.duration > longest {
		t.Errorf("file of %v, want %v to %v", f.duration, shortest, longest)
	}
	if len(f.shown) == 0 {
		t.Fatal("the file shows nothing that was published")
	}
	first, last := f.shown[0], f.shown[len(f.shown)-1]
	if frames(first-s.from.late) > keyEvery+edge || frames(s.from.early-first) > edge {
		t.Errorf("the first frame shown is %d, recording began at %v", first, s.from)
	}
	if frames(s.to.early-last) > lost+edge || frames(last-s.to.late) > edge {
		t.Errorf("the last frame shown is %d, recording ended at %v; %v may be lost", last, s.to, lost)
	}
	for i, n := range f.shown[1:] {
		if gap := n - f.shown[i]; gap < 0 || frames(gap) > edge {
			t.Errorf("frame %d follows frame %d", n, f.shown[i])
		}
	}
	t.Logf("recorded %v to %v, file of %v shows %d to %d in %d pictures", s.from, s.to, f.duration, first, last, len(f.shown))
}
