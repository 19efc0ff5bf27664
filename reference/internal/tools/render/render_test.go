package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/timeline"
	"reelcheck/reference/internal/tools/individual"
)

func entry(stream, name string, from, to int64) individual.File {
	return individual.File{StreamID: stream, Filename: name, StartTimeOffset: from, StopTimeOffset: to, VideoType: "camera", ConnectionData: "of " + stream}
}

var (
	whole        = layout.Rect{X: 0, Y: 0, W: 640, H: 480}
	left, right  = layout.Rect{X: 0, Y: 120, W: 320, H: 240}, layout.Rect{X: 320, Y: 120, W: 320, H: 240}
	upper, lower = layout.Rect{X: 0, Y: 0, W: 320, H: 240}, layout.Rect{X: 0, Y: 240, W: 320, H: 240}
	upperRight   = layout.Rect{X: 320, Y: 0, W: 320, H: 240}
)

// TestEveryCodecInItsPlace has VP8, H.264 and VP9 streams that begin one after the other.
func TestEveryCodecInItsPlace(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("one", "one.webm", 2000, 6000), video: "vp8-01", audio: "tone-01", seconds: 4},
		media{File: entry("two", "two.mkv", 3000, 6000), video: "h264-02", audio: "tone-02", seconds: 3},
		media{File: entry("three", "three.webm", 4000, 6000), video: "vp9", seconds: 2})
	out, r := render(t, name, plain)
	if r.Duration < 3900*time.Millisecond || r.Duration > 4200*time.Millisecond {
		t.Errorf("it lasts %v, want 4 s", r.Duration)
	}
	list := pictures(t, out)
	vp9 := number(t, "vp9")
	shows(t, list, 600*time.Millisecond, whole, 1, 0)
	shows(t, list, 1600*time.Millisecond, left, 1, 0)
	shows(t, list, 1600*time.Millisecond, right, number(t, "h264-02"), time.Second)
	shows(t, list, 3200*time.Millisecond, upper, 1, 0)
	shows(t, list, 3200*time.Millisecond, upperRight, number(t, "h264-02"), time.Second)
	shows(t, list, 3200*time.Millisecond, lower, vp9, 2*time.Second)
}

// TestSegmentsAndHoles has a stream that is interrupted and resumed. Two seconds in which nobody is there must not be
// recorded.
func TestSegmentsAndHoles(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("one", "one-2.webm", 6000, 8000), video: "vp8-03", audio: "tone-01", seconds: 2},
		media{File: entry("one", "one-1.webm", 2000, 4000), video: "vp8-01", audio: "tone-01", seconds: 2},
		media{File: entry("two", "two.webm", 2500, 3500), video: "vp8-02", seconds: 1})
	out, r := render(t, name, plain)
	if r.Duration < 3900*time.Millisecond || r.Duration > 4200*time.Millisecond {
		t.Errorf("it lasts %v, want 4 s", r.Duration)
	}
	list := pictures(t, out)
	shows(t, list, 400*time.Millisecond, whole, 1, 0)
	shows(t, list, 1200*time.Millisecond, left, 1, 0)
	shows(t, list, 1200*time.Millisecond, right, 2, 500*time.Millisecond)
	shows(t, list, 1800*time.Millisecond, whole, 1, 0)
	shows(t, list, 2400*time.Millisecond, whole, 3, 2*time.Second)
	shows(t, list, 3600*time.Millisecond, whole, 3, 2*time.Second)
}

// TestMutedVideoLeaves has two seconds without video.
func TestMutedVideoLeaves(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("one", "one.webm", 0, 5000), video: "vp8-01", audio: "tone-01", seconds: 5,
			cut: []string{"-bsf:v", `noise=amount=0:drop=between(n\,30\,89)`}},
		media{File: entry("two", "two.webm", 0, 5000), video: "vp8-02", seconds: 5})
	out, _ := render(t, name, plain)
	list := pictures(t, out)
	shows(t, list, 800*time.Millisecond, left, 1, 0)
	shows(t, list, 2400*time.Millisecond, right, 2, 0)
	shows(t, list, 2700*time.Millisecond, whole, 2, 0)
	shows(t, list, 4*time.Second, left, 1, 0)
	shows(t, list, 4*time.Second, right, 2, 0)
}

// TestScreenAndSize has a screen in the large place, another resolution, and no sound.
func TestScreenAndSize(t *testing.T) {
	t.Parallel()
	screen := entry("two", "two.webm", 0, 2000)
	screen.VideoType = "screen"
	name := pack(t,
		media{File: entry("one", "one.webm", 0, 2000), video: "vp8-01", audio: "tone-01", seconds: 2},
		media{File: screen, video: "vp8-02", seconds: 2})
	o := plain
	var err error
	if o.Layout, err = layout.New(layout.Spec{Type: layout.BestFit, Screenshare: layout.BestFit}); err != nil {
		t.Fatal(err)
	}
	o.HasAudio = false
	out, _ := render(t, name, o)
	shows(t, pictures(t, out), time.Second, whole, 2, 0)
	if probe := string(ffmpegtest.Probe(t, "-show_entries", "stream=codec_type", "-of", "csv=p=0", out)); probe != "video\n" {
		t.Errorf("streams: %q", probe)
	}
}

// TestFileCutOff has a file without its second half.
func TestFileCutOff(t *testing.T) {
	t.Parallel()
	m := media{File: entry("one", "one.webm", 0, 4000), video: "vp8-01", audio: "tone-01", seconds: 4}
	b := m.bytes(t)
	name := zipOf(t, map[string][]byte{"one.webm": b[:len(b)/2], "m.json": manifestOf(t, m.File)})
	out, _ := render(t, name, plain)
	shows(t, pictures(t, out), time.Second, whole, 1, 0)
}

func TestJournalIsRenderedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "session")
	id := journalIn(t, dir, nil)
	before := tree(t, dir)
	out := filepath.Join(t.TempDir(), "out.mp4")
	o := Options{Compose: plain, Log: slog.New(slog.DiscardHandler)}
	if _, err := Run(t.Context(), dir, out, o); err == nil || !strings.Contains(err.Error(), "archive is required: one of "+id+", other") {
		t.Errorf("two archives: %v", err)
	}
	o.ArchiveID = id
	if _, err := Run(t.Context(), dir, out, o); err != nil {
		t.Fatal(err)
	}
	shows(t, pictures(t, out), time.Second, whole, 1, 0)
	if after := tree(t, dir); after != before {
		t.Errorf("the journal was changed:\n%s\nbefore:\n%s", after, before)
	}
}

// TestSealedJournal checks that a journal opens only with the key file it was made with, and stays sealed.
func TestSealedJournal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "session")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	o := Options{Compose: plain, KeyFile: filepath.Join(t.TempDir(), "data.key"), Log: slog.New(slog.DiscardHandler)}
	key, err := seal.NewKeyfile(o.KeyFile).NewJournalKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	o.ArchiveID = journalIn(t, dir, key)
	before := tree(t, dir)
	other := filepath.Join(t.TempDir(), "other.key")
	if _, err := seal.NewKeyfile(other).NewJournalKey(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text.key")
	if err := os.WriteFile(text, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.mp4")
	for name, want := range map[string]string{
		filepath.Join(t.TempDir(), "none.key"): "does not exist, and " + dir + "/key cannot be opened without it",
		other:                                  "key-file: " + other + " does not open " + dir + "/key",
		text:                                   "key-file: " + text + " must hold 32 bytes as 64 hexadecimal digits",
	} {
		wrong := o
		wrong.KeyFile = name
		if _, err := Run(t.Context(), dir, out, wrong); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if list, err := os.ReadDir(filepath.Dir(out)); err != nil || len(list) > 0 {
		t.Errorf("left: %v %v", list, err)
	}
	if _, err := Run(t.Context(), dir, out, o); err != nil {
		t.Fatal(err)
	}
	shows(t, pictures(t, out), time.Second, whole, 1, 0)
	if after := tree(t, dir); after != before {
		t.Errorf("the journal was changed:\n%s\nbefore:\n%s", after, before)
	}
	if err := os.Remove(filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), dir, filepath.Join(t.TempDir(), "out.mp4"), o); err == nil || !strings.Contains(err.Error(), "sealed, and the journal has no key") {
		t.Errorf("error %v", err)
	}
}

// journalIn makes the journal of a session with two archives and returns the id of the one that has ended.
func journalIn(t *testing.T, dir string, key []byte) (id string) {
	t.Helper()
	name := pack(t, media{File: entry("one", "one.webm", 0, 2000), video: "vp8-01", audio: "tone-01", seconds: 2})
	j, err := journal.Open(dir, journal.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	a, err := individual.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Fill(t.Context(), j, individual.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if err := j.Note(timeline.Event{Kind: timeline.Recording, Archive: "other", At: 1 << 50}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// tree lists the files in a directory with their sizes.
func tree(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestInterrupted checks that nothing is left behind and that an old output stays.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	name := pack(t, media{File: entry("one", "one.webm", 0, 9000), video: "vp8-01", audio: "tone-01", seconds: 9})
	out := filepath.Join(t.TempDir(), "out.mp4")
	if err := os.WriteFile(out, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Compose: plain, Overwrite: true, Log: slog.New(slog.DiscardHandler), Progress: func(step string, _ float64) {
		if step == "composing" {
			cancel()
		}
	}}
	if _, err := Run(ctx, name, out, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	list, err := os.ReadDir(filepath.Dir(out))
	if err != nil || len(list) != 1 {
		t.Errorf("left: %v %v", list, err)
	}
	if b, _ := os.ReadFile(out); string(b) != "before" {
		t.Errorf("output is now %d bytes", len(b))
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := entry("one", "one.webm", 0, 1000)
	with := func(change func(*individual.File)) []byte {
		f := good
		change(&f)
		return manifestOf(t, f)
	}
	text := []byte("hello")
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"no manifest", map[string][]byte{"one.webm": text}, "no manifest"},
		{"manifest in a folder", map[string][]byte{"a/m.json": manifestOf(t, good), "one.webm": text}, "no manifest"},
		{"not JSON", map[string][]byte{"m.json": text}, `manifest "m.json": invalid character`},
		{"no files", map[string][]byte{"m.json": []byte(`{}`)}, "files is missing"},
		{"file missing", map[string][]byte{"m.json": manifestOf(t, good)}, `files[0]: filename "one.webm" is not in the ZIP`},
		{"path", map[string][]byte{"m.json": with(func(f *individual.File) { f.Filename = "../../etc/passwd" })}, `"../../etc/passwd" is not in the ZIP`},
		{"twice", map[string][]byte{"m.json": manifestOf(t, good, good), "one.webm": text}, "comes twice"},
		{"no stream", map[string][]byte{"m.json": with(func(f *individual.File) { f.StreamID = "" }), "one.webm": text}, "streamId is missing"},
		{"negative start", map[string][]byte{"m.json": with(func(f *individual.File) { f.StartTimeOffset = -60001 }), "one.webm": text}, "startTimeOffset -60001"},
		{"nobody published", map[string][]byte{"m.json": []byte(`{"files": []}`)}, "nobody published"},
		{"huge start", map[string][]byte{"m.json": with(func(f *individual.File) { f.StartTimeOffset = 1 << 52 }), "one.webm": text}, "startTimeOffset 4503"},
		{"stop before start", map[string][]byte{"m.json": with(func(f *individual.File) { f.StartTimeOffset, f.StopTimeOffset = 9, 8 }), "one.webm": text}, "stopTimeOffset 8"},
		{"bomb", map[string][]byte{"m.json": manifestOf(t, good), "one.webm": make([]byte, 30<<20)}, "which media does not"},
		{"not media", map[string][]byte{"m.json": manifestOf(t, good), "one.webm": text}, "not a WebM or Matroska file"},
		{"empty media", map[string][]byte{"m.json": manifestOf(t, good), "one.webm": nil}, "no media in any file"},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, zipOf(t, tt.files), tt.want) })
	}
	t.Run("not a ZIP", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "x.zip")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, name, "is cut off, or is not a ZIP file")
	})
	t.Run("not a journal", func(t *testing.T) { refused(t, t.TempDir(), "is not the journal of a session") })
	t.Run("not there", func(t *testing.T) { refused(t, filepath.Join(t.TempDir(), "x.zip"), "no such file") })
}

func refused(t *testing.T, in, want string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4")
	_, err := Run(t.Context(), in, out, Options{Compose: plain, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
	if list, err := os.ReadDir(filepath.Dir(out)); err != nil || len(list) > 0 {
		t.Errorf("left: %v %v", list, err)
	}
}
