package merge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/fixtures/mark"
)

const (
	filmWidth, filmHeight = 320, 160
	numberX, numberY      = 16, 8
	filmFPS               = 25
	filmRate              = 48000
)

// film is the common source of the recordings in the tests. Every picture shows its number; the sound is a soundtrack.
type film struct {
	picture func(number int, luma []byte) // draws onto black, beside the number
	sound   func() []float32
	plain   bool // without numbers
	blank   int  // number of black pictures at the beginning of a recording
}

// filmLength is the length of the soundtracks, in pictures.
const filmLength = 1100

// soundtrack computes a soundtrack once. Under the race detector that takes longer than everything else in the tests.
func soundtrack(at func(i int) float32) func() []float32 {
	return sync.OnceValue(func() []float32 {
		track := make([]float32, filmLength*filmRate/filmFPS)
		for i := range track {
			track[i] = at(i)
		}
		return track
	})
}

var (
	// speech never repeats; again repeats every second and a half.
	speech = sync.OnceValue(spoken)
	again  = soundtrack(func(i int) float32 { return speech()[i%(filmRate*3/2)] })
	tone   = soundtrack(func(i int) float32 { return float32(0.3 * math.Sin(2*math.Pi*443.7*float64(i)/filmRate)) })
	silent = soundtrack(func(int) float32 { return 0 })
)

// spoken returns three voices that say syllables of random pitch and loudness, with pauses.
func spoken() []float32 {
	track := make([]float32, filmLength*filmRate/filmFPS)
	for voice := range 3 {
		length := filmRate / (7 + voice)
		for first := 0; first < len(track); first += length {
			syllable := float64(first / length)
			_, h := math.Modf(math.Abs(math.Sin(syllable*12.9898+float64(voice)*78.233)) * 43758.5453)
			if h < 0.35 {
				continue
			}
			envelope, pitch := math.Pi/float64(length), 2*math.Pi*(120+150*h*float64(voice+1))/filmRate
			for i := range min(length, len(track)-first) {
				track[first+i] += float32(0.15 * h * math.Sin(envelope*float64(i)) * math.Sin(pitch*float64(first+i)))
			}
		}
	}
	return track
}

// ball draws a moving ball, so that pictures differ by more than their number.
func ball(number int, luma []byte) {
	cx, cy := 160+int(120*math.Sin(float64(number)*0.031)), 110+int(30*math.Sin(float64(number)*0.117))
	for y := cy - 15; y < cy+15; y++ {
		for x := cx - 15; x < cx+15; x++ {
			luma[y*filmWidth+x] = 180
		}
	}
}

func still(_ int, luma []byte) {
	for i := range luma[:filmWidth*40] {
		luma[i] = 120
	}
}

// raw writes the gray pictures and the sound of [from, to) to files.
func (f film) raw(t testing.TB, from, to int) (video, audio string) {
	t.Helper()
	dir := t.TempDir()
	video, audio = filepath.Join(dir, "pictures"), filepath.Join(dir, "sound")
	pictures, err := os.Create(video)
	if err != nil {
		t.Fatal(err)
	}
	black := bytes.Repeat([]byte{16}, filmWidth*filmHeight)
	luma := slices.Clone(black)
	for n := from; n < to; n++ {
		copy(luma, black)
		if n-from >= f.blank {
			f.picture(n, luma)
			f.number(t, n, luma)
		}
		if _, err := pictures.Write(luma); err != nil {
			t.Fatal(err)
		}
	}
	pcm, err := binary.Append(nil, binary.LittleEndian, f.sound()[from*filmRate/filmFPS:to*filmRate/filmFPS])
	if err := errors.Join(err, pictures.Close(), os.WriteFile(audio, pcm, 0o600)); err != nil {
		t.Fatal(err)
	}
	return video, audio
}

func (f film) number(t testing.TB, n int, luma []byte) {
	t.Helper()
	if f.plain {
		return
	}
	cells, err := mark.Encode(n>>9, n&511)
	if err != nil {
		t.Fatal(err)
	}
	mark.Draw(mark.Plane{Pix: luma, Stride: filmWidth, W: filmWidth, H: filmHeight}, numberX, numberY, 1, cells)
}

// recording says how ffmpeg records.
type recording struct {
	video, audio []string // codec arguments; nil means none
	rest         []string
}

var (
	// composed is like an archive, plain is what ffmpeg makes by default: B-frames, High profile, moov at the end.
	composed = recording{
		video: strings.Fields("-c:v libx264 -preset ultrafast -profile:v baseline -bf 0 -g 250 -sc_threshold 0 -qp 19 -video_track_timescale 90000"),
		audio: strings.Fields("-c:a aac -b:a 128k -ac 1"), rest: strings.Fields("-movflags +faststart"),
	}
	plain = recording{video: strings.Fields("-c:v libx264 -preset veryfast"), audio: strings.Fields("-c:a aac")}
)

// record returns an MP4 file of the pictures [from, to).
func (f film) record(t testing.TB, r recording, from, to int) string {
	t.Helper()
	video, audio := f.raw(t, from, to)
	var in, out []string
	if r.video != nil {
		in = append(in, "-f", "rawvideo", "-pix_fmt", "gray", "-s", fmt.Sprintf("%dx%d", filmWidth, filmHeight), "-r", strconv.Itoa(filmFPS), "-i", video)
		out = append(append(out, "-pix_fmt", "yuv420p"), r.video...)
	}
	if r.audio != nil {
		in = append(in, "-f", "f32le", "-ar", strconv.Itoa(filmRate), "-ac", "1", "-i", audio)
		out = append(out, r.audio...)
	}
	name := filepath.Join(t.TempDir(), fmt.Sprintf("%d-%d.mp4", from, to))
	run(t, append(append(append(in, out...), r.rest...), name)...)
	return name
}

func run(t testing.TB, args ...string) []byte {
	t.Helper()
	return ffmpegtest.Run(t, append([]string{"-threads", "1", "-filter_threads", "1"}, args...)...)
}

// numbers reads the number of every picture, -1 where there is none.
func numbers(t testing.TB, name string) []int {
	t.Helper()
	const width, height = mark.Width / 2, mark.Height / 2
	raw := run(t, "-noautorotate", "-i", name, "-map", "0:v:0", "-vf", fmt.Sprintf("crop=%d:%d:%d:%d,scale=%d:%d:flags=area,format=gray",
		mark.Width, mark.Height, numberX, numberY, width, height), "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	var list []int
	for ; len(raw) >= width*height; raw = raw[width*height:] {
		r, ok := mark.Decode(mark.Plane{Pix: raw[:width*height], Stride: width, W: width, H: height}, mark.Box{W: width, H: height})
		if ok {
			list = append(list, r.Stream<<9|r.Frame)
		} else {
			list = append(list, -1)
		}
	}
	return list
}

// samples returns the sound of a file, mono.
func samples(t testing.TB, name string) []float64 {
	t.Helper()
	raw := run(t, "-i", name, "-map", "0:a:0", "-ac", "1", "-f", "f32le", "pipe:1")
	decoded := make([]float32, len(raw)/4)
	if _, err := binary.Decode(raw, binary.LittleEndian, decoded); err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(decoded))
	for i, v := range decoded {
		out[i] = float64(v)
	}
	return out
}

// times returns the presentation times of the packets of a stream in seconds, sorted.
func times(t testing.TB, name, stream string) []float64 {
	t.Helper()
	out := ffmpegtest.Probe(t, "-select_streams", stream, "-show_entries", "frame=pts_time", "-of", "csv=p=0", name)
	var list []float64
	for _, line := range strings.Fields(string(out)) {
		v, err := strconv.ParseFloat(strings.TrimSuffix(line, ","), 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func merge(t testing.TB, inputs ...string) (string, Result) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4")
	r, err := Run(t.Context(), inputs, out, Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range r.Joints {
		t.Logf("%+v", j)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(out), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	return out, r
}

// once fails unless the pictures with the numbers from from to to are there, each once, in order, at regular times.
func once(t testing.TB, name string, from, to int) {
	t.Helper()
	list := numbers(t, name)
	for i, n := range list {
		if n != from+i {
			t.Fatalf("picture %d of %d shows %d, want %d (before: %v)", i, len(list), n, from+i, list[max(0, i-3):i])
		}
	}
	if len(list) != to-from {
		t.Fatalf("%d pictures, want %d", len(list), to-from)
	}
	at := times(t, name, "v:0")
	for i := 1; i < len(at); i++ {
		if d := at[i] - at[i-1]; math.Abs(d-1.0/filmFPS) > 0.0015 {
			t.Fatalf("picture %d comes %.4f s after the one before", i, d)
		}
	}
}

// heard compares the sound with that of the film, block by block. It returns the largest distance in time, and fails
// where a block is missing.
func heard(t testing.TB, name string, f film, from int) time.Duration {
	t.Helper()
	pcm := samples(t, name)
	const block, reach = filmRate / 25, filmRate / 40
	want := f.sound()[from*filmRate/filmFPS:]
	worst := 0
	for at := reach; at+block+reach < len(pcm); at += block {
		energy := 0.0
		for i := 0; i < block; i += 4 {
			energy += pcm[at+i] * pcm[at+i]
		}
		if energy/block*4 < 3e-4 {
			continue
		}
		best, lag := -1.0, 0
		for k := range 2 * reach / 16 { // the closest of several periods
			d := 8 * k
			if k%2 == 1 {
				d = -8 * (k + 1)
			}
			xy, yy := 0.0, 0.0
			for i := 0; i < block; i += 4 {
				y := float64(want[at+i+d])
				xy, yy = xy+pcm[at+i]*y, yy+y*y
			}
			if r := xy / math.Sqrt(energy*yy+1e-12); r > best+0.05 {
				best, lag = r, d
			}
			if best >= 0.95 { // no other is better by more
				break
			}
		}
		if best < 0.8 {
			t.Errorf("at %.2f s something else is heard: correlation %.2f", float64(at)/filmRate, best)
		}
		if lag > worst || -lag > worst {
			worst = max(lag, -lag)
			t.Logf("at %.2f s sound is %d samples off (%.2f)", float64(at)/filmRate, lag, best)
		}
	}
	return time.Duration(worst) * time.Second / filmRate
}
