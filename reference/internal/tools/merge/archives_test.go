package merge

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

// archives composes two archives of one session. They overlap by a second and a half, and the second begins between
// pictures of the first.
func archives(t testing.TB) (a, b string) {
	t.Helper()
	const begin = av.Instant(time.Hour)
	j, err := journal.Open(filepath.Join(t.TempDir(), "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	note := func(at time.Duration, e timeline.Event) {
		e.At = begin.Add(at)
		if err := j.Note(e); err != nil {
			t.Fatal(err)
		}
	}
	note(0, timeline.Event{Kind: timeline.Recording, Archive: "a"})
	publish(t, j, begin)
	note(0, timeline.Event{Kind: timeline.StreamAdded, Stream: publisher, HasAudio: true, HasVideo: true})
	note(4013*time.Millisecond, timeline.Event{Kind: timeline.Recording, Archive: "b"})
	note(5500*time.Millisecond, timeline.Event{Kind: timeline.Stopped, Archive: "a"})
	note(9*time.Second, timeline.Event{Kind: timeline.StreamRemoved, Stream: publisher, HasAudio: true, HasVideo: true})
	note(9*time.Second, timeline.Event{Kind: timeline.Stopped, Archive: "b"})
	return composedOf(t, j, "a"), composedOf(t, j, "b")
}

const publisher = "one"

// publish writes the pictures and the sound of a fixture to the journal.
func publish(t testing.TB, j *journal.Journal, begin av.Instant) {
	t.Helper()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	video, err := m.Video("vp8-01")
	if err != nil {
		t.Fatal(err)
	}
	frames, err := video.Frames()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := m.Tone("tone-01")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := sound.Packets()
	if err != nil {
		t.Fatal(err)
	}
	var samples []av.Sample
	for _, f := range frames {
		samples = append(samples, av.Sample{Codec: av.VP8, Time: begin.Add(f.PTS), Key: f.Key, Data: f.Data})
	}
	for _, p := range packets {
		samples = append(samples, av.Sample{Codec: av.Opus, Time: begin.Add(p.PTS), Data: p.Data})
	}
	w, err := j.Stream(publisher)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func composedOf(t testing.TB, j *journal.Journal, id string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), id)
	o := compose.Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true}
	if _, err := compose.Run(t.Context(), j, id, o, out, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	f, err := compose.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out+".mp4", b, 0o600); err != nil {
		t.Fatal(err)
	}
	return out + ".mp4"
}

// TestJoinsArchivesOfOneSession joins archives that the server makes. The fixture's frames, 30 in 25 pictures, must
// continue across the joint.
func TestJoinsArchivesOfOneSession(t *testing.T) {
	t.Parallel()
	a, b := archives(t)
	out, r := merge(t, a, b)
	j := r.Joints[0]
	if d := j.Overlap - 1487*time.Millisecond; d > 25*time.Millisecond || d < -25*time.Millisecond {
		t.Errorf("%+v", j)
	}
	raw := run(t, "-i", out, "-map", "0:v:0", "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	last, shown := -1, 0
	for ; len(raw) >= 640*480; raw = raw[640*480:] {
		c, ok := mark.Decode(mark.Plane{Pix: raw[:640*480], Stride: 640, W: 640, H: 480}, mark.Box{X: 176, Y: 192, W: 288, H: 96})
		if !ok {
			t.Fatalf("picture %d has no number", shown)
		}
		if step := c.Frame - last; step < 1 || step > 2 {
			t.Errorf("picture %d shows frame %d after %d", shown, c.Frame, last)
		}
		if want := shown * 30 / 25; c.Frame < want-1 || c.Frame > want+1 {
			t.Errorf("picture %d shows frame %d, want %d", shown, c.Frame, want)
		}
		last, shown = c.Frame, shown+1
	}
	if shown < 224 || shown > 226 {
		t.Errorf("%d pictures, want 225", shown)
	}
}
