package compose

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

const (
	red   = "color=c=red:s=320x240:r=30"
	lime  = "color=c=lime:s=320x240:r=30"
	moves = "testsrc2=s=320x240:r=30"
)

// colours are the plain colours in Y, U, V.
var colours = map[string][3]int{"black": {16, 128, 128}, "red": {82, 90, 240}, "lime": {145, 54, 34}, "blue": {41, 240, 110}}

// pixels decodes a file's frames.
func pixels(t *testing.T, file []byte) [][]byte {
	t.Helper()
	raw := ffmpegtest.Run(t, "-i", save(t, file), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "pipe:1")
	var frames [][]byte
	for n := 640 * 480 * 3 / 2; len(raw) >= n; raw = raw[n:] {
		frames = append(frames, raw[:n])
	}
	return frames
}

// colourAt returns the name of the colour of a pixel.
func colourAt(frame []byte, x, y int) string {
	c := 640*480 + y/2*320 + x/2
	got := [3]int{int(frame[y*640+x]), int(frame[c]), int(frame[c+320*240])}
	for name, want := range colours {
		near := true
		for i := range got {
			near = near && got[i]-want[i] < 12 && want[i]-got[i] < 12
		}
		if near {
			return name
		}
	}
	return fmt.Sprint(got)
}

func heard(t *testing.T, file []byte) []float32 {
	t.Helper()
	raw := ffmpegtest.Run(t, "-i", save(t, file), "-f", "f32le", "-ac", "1", "pipe:1")
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

// level returns the strength of a frequency in dB of full scale (Goertzel).
func level(samples []float32, hz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*hz/48000)
	var a, b float64
	for _, x := range samples {
		a, b = float64(x)+w*a-b, a
	}
	return 10 * math.Log10((a*a+b*b-w*a*b)*4/float64(len(samples)*len(samples))+1e-12)
}

func TestStreamsComeAndGo(t *testing.T) {
	t.Parallel()
	s := newSession(t, 4*time.Second,
		publisher{id: "one", video: vp8(t, red, 4), sound: tone(t, 440, 4)},
		publisher{id: "two", from: time.Second, until: 3 * time.Second, video: h264(t, lime, 4), sound: tone(t, 880, 4)},
	)
	s.write()
	b, r := s.compose(small)
	if r.Duration != 4*time.Second {
		t.Errorf("duration %v", r.Duration)
	}
	frames := pixels(t, b)
	if len(frames) != 100 {
		t.Fatalf("%d frames", len(frames))
	}
	for _, tt := range []struct {
		frame, x, y int
		want        string
	}{
		{2, 10, 240, "red"}, {20, 630, 10, "red"}, {24, 500, 240, "red"}, // alone: the whole picture
		{26, 160, 10, "black"}, {26, 160, 240, "red"}, {27, 480, 240, "lime"}, // bars above and below
		{70, 10, 130, "red"}, {70, 480, 350, "lime"}, {70, 480, 470, "black"},
		{76, 500, 240, "red"}, {99, 630, 10, "red"}, // alone again
	} {
		if got := colourAt(frames[tt.frame], tt.x, tt.y); got != tt.want {
			t.Errorf("frame %d at %d,%d: %s, want %s", tt.frame, tt.x, tt.y, got, tt.want)
		}
	}
	pcm := heard(t, b)
	for _, tt := range []struct {
		from, to time.Duration
		hz       float64
		loud     bool
	}{
		{100, 900, 440, true}, {100, 900, 880, false}, {1100, 2900, 440, true}, {1100, 2900, 880, true}, {3100, 3900, 440, true}, {3100, 3900, 880, false},
	} {
		if db := level(pcm[tt.from*48:tt.to*48], tt.hz); (db > -30) != tt.loud || (db < -50) == tt.loud {
			t.Errorf("%v Hz from %d to %d ms: %.1f dB", tt.hz, tt.from, tt.to, db)
		}
	}
}

// TestLiveAndLaterAreTheSame composes a journal while it is written slowly, with pauses in which the composition catches
// up, and again when it is complete. Both files must be equal. The journal has layout changes, losses, garbage and
// clients of both codecs.
func TestLiveAndLaterAreTheSame(t *testing.T) {
	t.Parallel()
	s := newSession(t, 4*time.Second,
		publisher{id: "one", video: vp8(t, moves, 4), sound: tone(t, 440, 4), gap: [2]int{40, 44}},
		publisher{id: "two", from: 500 * time.Millisecond, until: 2700 * time.Millisecond, video: h264(t, moves, 4), sound: tone(t, 880, 4), bad: 20},
		publisher{id: "three", from: 1300 * time.Millisecond, video: vp8(t, red, 2), sound: tone(t, 660, 1), bad: 59},
	)
	s.archive = []timeline.Event{
		arranged(1600*time.Millisecond, layout.Spec{Type: layout.PIP}), classified("two", 1900*time.Millisecond, "full"),
		arranged(3100*time.Millisecond, layout.Spec{Type: layout.Custom, Stylesheet: "stream{float:left;width:30%;height:90%;margin-left:-5%;object-fit:cover}"}),
	}
	var mu sync.Mutex
	composed := start
	o := small
	o.Progress = func(t av.Instant) { mu.Lock(); composed = max(composed, t); mu.Unlock() }
	s.pace = func(at time.Duration) {
		deadline := time.Now().Add(time.Second)
		for at%(200*time.Millisecond) == 0 && time.Now().Before(deadline) { // let the composition come close
			mu.Lock()
			behind := start.Add(at).Sub(composed)
			mu.Unlock()
			if behind < 120*time.Millisecond {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	var live []byte
	var wg sync.WaitGroup
	wg.Go(func() { live, _ = s.compose(o) })
	s.write()
	wg.Wait()
	later, _ := s.compose(small)
	if len(live) == 0 || !bytes.Equal(live, later) {
		t.Errorf("live %d bytes and later %d bytes differ", len(live), len(later))
	}
}

func TestEverySliceHasTheQuantizationParameter(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, moves, 2)})
	s.write()
	for _, qp := range []int{0, 33} {
		o := small
		o.QP = qp
		b, _ := s.compose(o)
		for i, got := range quantizers(t, b) {
			want := qp
			if qp == 0 {
				want = 19
			}
			if got != want {
				t.Fatalf("slice %d of QP %d: %d", i, qp, got)
			}
		}
	}
}

// quantizers returns the quantization parameter of every slice.
func quantizers(t *testing.T, file []byte) (list []int) {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	stbl := f.Moov.Traks[0].Mdia.Minf.Stbl
	config := stbl.Stsd.AvcX.AvcC
	sps, err := avc.ParseSPSNALUnit(config.SPSnalus[0], true)
	if err != nil || sps.Profile != 66 {
		t.Fatalf("profile %d: %v", sps.Profile, err)
	}
	pps, err := avc.ParsePPSNALUnit(config.PPSnalus[0], map[uint32]*avc.SPS{sps.ParameterID: sps})
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for i, at := range stbl.Stco.ChunkOffset {
		pos := uint64(at)
		for range stbl.Stsc.GetChunk(uint32(i + 1)).NrSamples {
			size := uint64(stbl.Stsz.SampleSize[n-1])
			nalus, err := avc.GetNalusFromSample(file[pos : pos+size])
			if err != nil {
				t.Fatal(err)
			}
			for _, nal := range nalus {
				if !avc.IsVideoNaluType(avc.GetNaluType(nal[0])) {
					continue
				}
				h, err := avc.ParseSliceHeader(nal, map[uint32]*avc.SPS{sps.ParameterID: sps}, map[uint32]*avc.PPS{pps.PicParameterSetID: pps})
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, 26+pps.PicInitQpMinus26+int(h.SliceQPDelta))
			}
			pos, n = pos+size, n+1
		}
	}
	if len(list) < 50 {
		t.Fatalf("%d slices", len(list))
	}
	return list
}

func TestConstantBitrate(t *testing.T) {
	t.Parallel()
	s := newSession(t, 4*time.Second, publisher{id: "one", video: vp8(t, moves, 4)})
	s.write()
	o := small
	o.Bitrate, o.HasAudio = 500_000, false
	b, r := s.compose(o)
	if rate := float64(len(b)) * 8 / r.Duration.Seconds(); math.Abs(rate-500_000) > 25_000 {
		t.Errorf("%.0f bit/s", rate)
	}
}

func TestSingleTrack(t *testing.T) {
	t.Parallel()
	s := newSession(t, time.Second, publisher{id: "one", video: vp8(t, red, 1), sound: tone(t, 440, 1)})
	s.write()
	for _, o := range []Options{{Width: 640, Height: 480, HasAudio: true}, {Width: 640, Height: 480, HasVideo: true}} {
		b, r := s.compose(o)
		f, err := mp4.DecodeFile(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		handler := f.Moov.Traks[0].Mdia.Hdlr.HandlerType
		if len(f.Moov.Traks) != 1 || (handler == "soun") != o.HasAudio || r.Duration != time.Second {
			t.Errorf("audio %v: %d tracks, first %s, %v", o.HasAudio, len(f.Moov.Traks), handler, r.Duration)
		}
	}
}

func TestNothingPublished(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second)
	s.write()
	if b, r := s.compose(small); len(b) != 0 || r.Size != 0 {
		t.Errorf("%d bytes, result %+v", len(b), r)
	}
}

// TestPausesAreSkipped records 3 s of media, with a pause of 1.5 s after 1.2 s. The colour changes during the pause.
func TestPausesAreSkipped(t *testing.T) {
	t.Parallel()
	s := newSession(t, 4500*time.Millisecond,
		publisher{id: "one", until: 1500 * time.Millisecond, video: vp8(t, red, 5), sound: tone(t, 440, 5)},
		publisher{id: "two", from: 2 * time.Second, video: vp8(t, lime, 5), sound: tone(t, 880, 5)})
	s.archive = []timeline.Event{
		{Kind: timeline.Paused, Archive: "a", At: start.Add(1200 * time.Millisecond)},
		{Kind: timeline.Recording, Archive: "a", At: start.Add(2700 * time.Millisecond)},
		{Kind: timeline.Paused, Archive: "other", At: start.Add(3 * time.Second)},
	}
	s.write()
	b, r := s.compose(small)
	if r.Duration != 3*time.Second {
		t.Errorf("duration %v", r.Duration)
	}
	frames := pixels(t, b)
	if len(frames) != 75 {
		t.Fatalf("%d frames", len(frames))
	}
	for n, want := range map[int]string{5: "red", 29: "red", 30: "black", 45: "lime", 74: "lime"} {
		if got := colourAt(frames[n], 320, 240); got != want {
			t.Errorf("frame %d is %s, want %s", n, got, want)
		}
	}
	pcm := heard(t, b)
	if a, b := level(pcm[100*48:1150*48], 440), level(pcm[1300*48:2900*48], 440); a < -30 || b > -50 {
		t.Errorf("tone of before the pause: %.1f dB, after: %.1f dB", a, b)
	}
	if db := level(pcm[1300*48:2900*48], 880); db < -30 {
		t.Errorf("tone of after the pause: %.1f dB", db)
	}
}

// TestPictureAndSoundAreInStep journals a colour and a tone that begin together, at two seconds.
func TestPictureAndSoundAreInStep(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second,
		publisher{id: "clock", video: vp8(t, red, 3)},
		publisher{id: "flash", from: 2 * time.Second, video: vp8(t, lime, 1), sound: tone(t, 1000, 1)})
	s.write()
	b, _ := s.compose(small)
	picture := -1
	for i, f := range pixels(t, b) {
		if colourAt(f, 480, 240) == "lime" {
			picture = i * 40
			break
		}
	}
	audible := -1
	for i, x := range heard(t, b) {
		if x > 0.02 {
			audible = i / 48
			break
		}
	}
	// Opus delays the loud part of the tone by 6.5 ms.
	if picture != 2000 || audible < 1995 || audible > 2015 {
		t.Errorf("seen at %d ms, heard at %d ms, want 2000", picture, audible)
	}
}
