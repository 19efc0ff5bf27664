package render

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/layout"
)

// painted returns a picture of one gray.
func painted(w, h int, luma uint8) *image.Gray {
	p := image.NewGray(image.Rect(0, 0, w, h))
	for i := range p.Pix {
		p.Pix[i] = luma
	}
	return p
}

func encoded(t *testing.T, name string, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	err := error(nil)
	if filepath.Ext(name) == ".png" {
		err = png.Encode(&b, p)
	} else {
		err = jpeg.Encode(&b, p, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestStills has a PNG and a JPEG beside a camera. Each must be shown from its start to its stop offset, however long
// that is.
func TestStills(t *testing.T) {
	t.Parallel()
	camera := media{File: entry("camera", "camera.webm", 0, 6000), video: "vp8-01", audio: "tone-01", seconds: 6}
	files := map[string][]byte{
		"camera.webm": camera.bytes(t),
		"a.png":       encoded(t, "a.png", painted(801, 601, 200)), "b.jpg": encoded(t, "b.jpg", painted(2048, 1536, 120)),
	}
	files["m.json"] = manifestOf(t, camera.File, entry("slides", "a.png", 1000, 4000), entry("slides", "b.jpg", 4000, 5000))
	name := zipOf(t, files)
	out := filepath.Join(t.TempDir(), "out.mp4")
	var log strings.Builder
	o := Options{Compose: plain, Stills: true, Log: slog.New(slog.NewTextHandler(&log, nil))}
	if _, err := Run(t.Context(), name, out, o); err != nil {
		t.Fatal(err)
	}
	list := pictures(t, out)
	for at, want := range map[time.Duration]uint8{1100: 200, 2000: 200, 3900: 200, 4100: 120, 4900: 120} {
		at *= time.Millisecond
		shows(t, list, at, left, 1, 0)
		p := list[at/(40*time.Millisecond)]
		luma := p.Pix[240*p.Stride+480]
		if luma < want-2 || luma > want+2 {
			t.Errorf("at %v: luma %d, want %d", at, luma, want)
		}
	}
	shows(t, list, 900*time.Millisecond, whole, 1, 0)
	shows(t, list, 5200*time.Millisecond, whole, 1, 0)
	if log.Len() > 0 {
		t.Errorf("warned: %s", log.String())
	}

	o.Stills, o.Overwrite = false, true
	if _, err := Run(t.Context(), name, out, o); err != nil {
		t.Fatal(err)
	}
	shows(t, pictures(t, out), 2*time.Second, whole, 1, 0)
	if said := log.String(); !strings.Contains(said, "it is a picture") || !strings.Contains(said, "b.jpg") {
		t.Errorf("log %q", said)
	}
}

// TestHostileStills checks that the error names the file.
func TestHostileStills(t *testing.T) {
	t.Parallel()
	large := encoded(t, "x.png", painted(16, 16, 0))
	binary.BigEndian.PutUint32(large[16:], 1<<20) // its width
	over := bytes.Clone(large)
	binary.BigEndian.PutUint64(over[16:], 4097<<32|4096)
	binary.BigEndian.PutUint32(over[29:], crc32.ChecksumIEEE(over[12:29]))
	for want, b := range map[string][]byte{
		"x.png: picture of 4097x4096 has more than 16777216 pixels": over,
		"x.png: png: invalid format: invalid checksum":              large,
		"x.png: png: invalid format: not enough pixel data":         encoded(t, "x.png", painted(640, 480, 7))[:100],
		"x.png: unexpected EOF":                                     append([]byte("\xff\xd8\xff\xe0\x00\x04ab"), make([]byte, 100)...),
	} {
		name := zipOf(t, map[string][]byte{"x.png": b, "m.json": manifestOf(t, entry("s", "x.png", 0, 1000))})
		_, err := Run(t.Context(), name, filepath.Join(t.TempDir(), "out.mp4"), Options{Compose: plain, Stills: true, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestSoundOfEveryStream has one stream that comes late and in two files, another that leaves, and a third without
// sound. The files must be as long as the film, and their sum must be its sound.
func TestSoundOfEveryStream(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("../one", "one.webm", 1000, 3000), video: "vp8-01", audio: "tone-01", seconds: 2},
		media{File: entry("../one", "one2.webm", 3500, 5000), video: "vp8-01", audio: "tone-01", seconds: 1.5},
		media{File: entry("two", "two.webm", 0, 2500), audio: "tone-03", seconds: 2.5},
		media{File: entry("three", "three.webm", 0, 5000), video: "vp8-03", seconds: 5})
	dir := t.TempDir()
	out := filepath.Join(dir, "out.mp4")
	o := Options{Compose: plain, Sounds: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	r, err := Run(t.Context(), name, out, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Sounds) != 2 || r.Sounds[0] != filepath.Join(dir, "out-1-two.wav") || r.Sounds[1] != filepath.Join(dir, "out-2-___one.wav") {
		t.Fatalf("%q", r.Sounds)
	}
	two, one, film := sound(t, r.Sounds[0]), sound(t, r.Sounds[1]), sound(t, out)
	if want := int(r.Duration.Seconds() * 48000); len(one) != want || len(two) != want {
		t.Errorf("%d and %d samples, want %d", len(one), len(two), want)
	}
	for i, tt := range []struct {
		samples []float32
		at      float64
		heard   bool
	}{{one, 0.9, false}, {one, 1.2, true}, {one, 2.8, true}, {one, 3.25, false}, {one, 3.8, true}, {two, 0.2, true}, {two, 2.3, true}, {two, 2.8, false}, {two, 4.5, false}} {
		if level := loudness(tt.samples, tt.at); level > 0.001 != tt.heard {
			t.Errorf("%d: at %v s: level %f", i, tt.at, level)
		}
	}
	// The codec of the film is lossy, so the difference is not zero.
	left, all := 0.0, 0.0
	for i := range min(len(one), len(film)) {
		all += float64(film[i] * film[i])
		d := float64(film[i] - one[i] - two[i])
		left += d * d
	}
	if left > all/100 {
		t.Errorf("of the film's sound %.1f%% is not that of its streams", 100*left/all)
	}

	o.Sounds = true
	if _, err := Run(t.Context(), name, filepath.Join(dir, "out.mp4"), o); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("a second time: %v", err)
	}
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), name, out, o); err == nil || !strings.Contains(err.Error(), "out-1-two.wav") {
		t.Errorf("sounds a second time: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 2 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func sound(t *testing.T, name string) []float32 {
	t.Helper()
	raw := ffmpegtest.Run(t, "-i", name, "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1")
	out := make([]float32, len(raw)/4)
	if _, err := binary.Decode(raw, binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// loudness returns the loudness of the twentieth of a second that begins at a time in seconds.
func loudness(samples []float32, at float64) float64 {
	sum := 0.0
	window := samples[int(at*48000):][:2400]
	for _, x := range window {
		sum += float64(x * x)
	}
	return math.Sqrt(sum / float64(len(window)))
}

// TestClasses makes a stream large by its class, and places one by a style sheet.
func TestClasses(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("one", "one.webm", 0, 2000), video: "vp8-01", audio: "tone-01", seconds: 2},
		media{File: entry("two", "two.webm", 0, 2000), video: "vp8-02", seconds: 2})
	for spec, want := range map[layout.Spec]map[string]layout.Rect{
		{Type: layout.VerticalPresentation}: {"focus": {}},
		{Type: layout.Custom, Stylesheet: `stream { position: absolute; left: 0; top: 0; width: 50%; height: 50% }
			stream.big { left: 50%; top: 50% }`}: {"big": {X: 320, Y: 240, W: 320, H: 240}},
	} {
		arranged, err := layout.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		for class, place := range want {
			if place.W == 0 {
				for _, tile := range arranged.Arrange([]layout.Stream{{ID: "one"}, {ID: "two", Classes: []string{class}}}, 640, 480) {
					if tile.Stream == "two" {
						place = tile.Whole(640, 480)
					}
				}
			}
			o := Options{Compose: plain, Classes: map[string][]string{"two": {class}}, Log: slog.New(slog.DiscardHandler)}
			o.Compose.Layout = arranged
			out := filepath.Join(t.TempDir(), "out.mp4")
			if _, err := Run(t.Context(), name, out, o); err != nil {
				t.Fatal(err)
			}
			shows(t, pictures(t, out), time.Second, place, 2, 0)
		}
	}
	o := Options{Compose: plain, Classes: map[string][]string{"nobody": {"focus"}}, Log: slog.New(slog.DiscardHandler)}
	if _, err := Run(t.Context(), name, filepath.Join(t.TempDir(), "out.mp4"), o); err == nil || !strings.Contains(err.Error(), `class: stream "nobody" is not in the archive`) {
		t.Errorf("a stream that is not there: %v", err)
	}
}
