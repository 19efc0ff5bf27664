package media

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/av"
)

// published returns a picture and a tone of the fixtures.
func published(t *testing.T) (fixtures.Video, fixtures.Tone) {
	t.Helper()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	v, err := m.Video("vp8-01")
	if err != nil {
		t.Fatal(err)
	}
	tone, err := m.Tone("tone-01")
	if err != nil {
		t.Fatal(err)
	}
	return v, tone
}

// copied copies a file of the fixtures to a folder.
func copied(t *testing.T, dir, name string) string {
	t.Helper()
	f, err := fixtures.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(dir, filepath.Base(name))
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestLoopIsWholeAndInTime checks that a loop has every frame and packet of its files, one after the other, so that a publisher
// that repeats it leaves no gap.
func TestLoopIsWholeAndInTime(t *testing.T) {
	v, tone := published(t)
	dir := t.TempDir()
	in := Input{Video: copied(t, dir, v.File), Sound: copied(t, dir, tone.File)}
	l, err := in.Loop()
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Video) != LoopFrames || l.VideoLength != LoopSeconds*time.Second || !l.Video[0].Key {
		t.Errorf("got %d frames in %v, the first a key frame: %v", len(l.Video), l.VideoLength, l.Video[0].Key)
	}
	if len(l.Sound) != tone.Count || l.SoundLength != time.Duration(tone.Count*tone.PacketMS)*time.Millisecond {
		t.Errorf("got %d packets in %v, want %d of %d ms", len(l.Sound), l.SoundLength, tone.Count, tone.PacketMS)
	}
	keys := 0
	for i, s := range l.Video {
		if want := av.Instant(i) * av.Instant(time.Second) / Rate; s.Time != want || s.Codec != av.VP8 {
			t.Fatalf("frame %d: got %s at %v, want VP8 at %v", i, s.Codec, s.Time, want)
		}
		if s.Key {
			keys++
		}
	}
	if keys == len(l.Video) {
		t.Error("every frame is a key frame")
	}
	for i, s := range l.Sound {
		if want := av.Instant(i*tone.PacketMS) * av.Instant(time.Millisecond); s.Time != want || s.Codec != av.Opus {
			t.Fatalf("packet %d: got %s at %v, want Opus at %v", i, s.Codec, s.Time, want)
		}
	}
}

func TestLoopNamesTheBrokenFile(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("no media"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, _ := published(t)
	picture := copied(t, dir, v.File)
	for _, in := range []Input{{Video: broken, Sound: broken}, {Video: picture, Sound: broken}, {Video: picture, Sound: filepath.Join(dir, "absent")}} {
		if _, err := in.Loop(); err == nil {
			t.Errorf("%+v: a loop of files that have no media", in)
		}
	}
}

// TestMakeFileLeavesNoHalfFile checks that a file that exists is kept, and that one that could not be made does not exist:
// the next bench would take it for the whole.
func TestMakeFileLeavesNoHalfFile(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.ivf")
	if err := os.WriteFile(kept, []byte("media"), 0o600); err != nil {
		t.Fatal(err)
	}
	impossible := []string{"-loglevel", "quiet", "-i", filepath.Join(dir, "absent")}
	if err := MakeFile(t.Context(), kept, impossible...); err != nil {
		t.Errorf("%v for a file that exists", err)
	}
	if raw, err := os.ReadFile(kept); err != nil || string(raw) != "media" {
		t.Errorf("got %q, %v, want the file as it was", raw, err)
	}
	made := filepath.Join(dir, "made.ivf")
	if err := MakeFile(t.Context(), made, impossible...); err == nil {
		t.Error("a file of nothing")
	}
	if _, err := os.Stat(made); !os.IsNotExist(err) {
		t.Errorf("got %v, want no file", err)
	}
}
