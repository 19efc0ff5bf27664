package render

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/tools/individual"
)

// fixture copies a fixture to a file and returns its name.
func fixture(t testing.TB, name string) string {
	t.Helper()
	f, err := fixtures.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// media is one file of an archive made of fixtures.
type media struct {
	individual.File
	video, audio string   // fixture ids; "" means none
	seconds      float64  // length, from the beginning of the fixture
	cut          []string // more arguments
	coding       []string // how the pictures are coded; nil means as in the fixture
}

// bytes returns the file.
func (m media) bytes(t testing.TB) []byte {
	t.Helper()
	manifest, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	if m.video != "" {
		v, err := manifest.Video(m.video)
		if err != nil {
			t.Fatal(err)
		}
		name := fixture(t, v.File)
		if v.Codec == "H264" { // FFmpeg copies H.264 from IVF only as an elementary stream, without its timestamps
			frames, err := v.Frames()
			if err != nil {
				t.Fatal(err)
			}
			var b []byte
			for _, f := range frames {
				b = append(b, f.Data...)
			}
			name = filepath.Join(t.TempDir(), "video.h264")
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "-r", strconv.Itoa(v.FPS))
		}
		args = append(args, "-i", name)
	}
	if m.audio != "" {
		v, err := manifest.Tone(m.audio)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "-i", fixture(t, v.File))
	}
	out := filepath.Join(t.TempDir(), "out"+filepath.Ext(m.Filename))
	args = append(args, "-t", strconv.FormatFloat(m.seconds, 'f', -1, 64), "-c", "copy")
	if m.coding != nil {
		args = append(append(args, "-fps_mode", "passthrough"), m.coding...)
	}
	ffmpegtest.Run(t, append(append(args, m.cut...), out)...)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pack makes a ZIP of files with a manifest.
func pack(t testing.TB, list ...media) string {
	t.Helper()
	files := map[string][]byte{}
	var entries []individual.File
	for _, m := range list {
		b := m.bytes(t)
		m.Size = int64(len(b))
		files[m.Filename] = b
		entries = append(entries, m.File)
	}
	files["manifest.json"] = manifestOf(t, entries...)
	return zipOf(t, files)
}

func manifestOf(t testing.TB, files ...individual.File) []byte {
	t.Helper()
	b, err := json.Marshal(individual.Manifest{ID: "297b9c62-78b3-4152-9e98-7e167354c9e6", CreatedAt: 1429305105162, SessionID: "2_MX4", Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zipOf(t testing.TB, files map[string][]byte) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for name, content := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "archive.zip")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var plain = compose.Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true}

func render(t testing.TB, in string, o compose.Options) (string, Result) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4")
	r, err := Run(t.Context(), in, out, Options{Compose: o, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	return out, r
}

// pictures decodes the luma of a file of 640x480.
func pictures(t testing.TB, name string) []mark.Plane {
	t.Helper()
	const size = 640 * 480
	raw := ffmpegtest.Run(t, "-i", name, "-map", "0:v:0", "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	var list []mark.Plane
	for ; len(raw) >= size; raw = raw[size:] {
		list = append(list, mark.Plane{Pix: raw[:size], Stride: 640, W: 640, H: 480})
	}
	return list
}

// inTile reads the mark of a 640x480 fixture in a rectangle.
func inTile(p mark.Plane, r layout.Rect) (mark.Code, bool) {
	sx, sy := float64(r.W)/640, float64(r.H)/480
	m, ok := mark.Decode(p, mark.Box{X: float64(r.X) + 176*sx, Y: float64(r.Y) + 192*sy, W: 288 * sx, H: 96 * sy})
	return m.Code, ok
}

// shows fails unless the rectangle shows stream at that time, with the frame that it sent then. began is when the stream
// began.
func shows(t testing.TB, list []mark.Plane, at time.Duration, r layout.Rect, stream int, began time.Duration) {
	t.Helper()
	code, ok := inTile(list[at/(40*time.Millisecond)], r)
	if stream == 0 {
		if ok {
			t.Errorf("at %v: stream %d is in %v, want none", at, code.Stream, r)
		}
		return
	}
	want := int((at - began) * 30 / time.Second)
	if !ok || code.Stream != stream || code.Frame < want-1 || code.Frame > want+1 {
		t.Errorf("at %v: %+v (%v) is in %v, want frame %d of stream %d", at, code, ok, r, want, stream)
	}
}

// number returns the stream number in a fixture's marks.
func number(t testing.TB, id string) int {
	t.Helper()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	v, err := m.Video(id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Stream
}
