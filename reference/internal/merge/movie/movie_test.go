package movie

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// made makes a small file.
func made(t testing.TB, args string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.mp4")
	all := "-hide_banner -nostdin -loglevel error -f lavfi -i testsrc=s=64x48:r=25:d=1 -f lavfi -i sine=d=1:sample_rate=48000 " + args + " " + name
	if out, err := exec.Command("ffmpeg", strings.Fields(all)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func outputs(m *Movie) []Output {
	var list []Output
	for _, t := range []*Track{m.Video, m.Audio} {
		if t != nil {
			list = append(list, Output{
				Timescale: t.Timescale, Start: t.Start, Delay: t.Delay, End: t.End, Descriptions: []Description{Describe(t)},
				Runs: []Run{{Data: m.Data, Samples: t.Samples}},
			})
		}
	}
	return list
}

// TestCopyIsTheSame writes what was read: it presents the same, at the same times.
func TestCopyIsTheSame(t *testing.T) {
	for _, args := range []string{
		"-c:v libx264 -c:a aac",
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +faststart -video_track_timescale 90000",
		"-map 0:v -c:v libx264", "-map 1:a -c:a aac -ac 2",
		"-c:v libx264 -c:a aac -output_ts_offset 0.5",
	} {
		in := made(t, args)
		m, err := Parse(bytes.NewReader(in), int64(len(in)))
		if err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		var out bytes.Buffer
		if err := Write(t.Context(), &out, outputs(m), nil); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		again, err := Parse(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatalf("%s, again: %v", args, err)
		}
		if err := Compare(m, again); err != nil {
			t.Errorf("%s: %v", args, err)
		}
		if want, got := frames(t, in), frames(t, out.Bytes()); want != got {
			t.Errorf("%s: presented before:\n%s\nafter:\n%s", args, want, got)
		}
	}
}

// frames lists the decoded frames with times and checksums.
func frames(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.mp4")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-i", name, "-fps_mode", "passthrough", "-f", "framemd5", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestCutsAreClean(t *testing.T) {
	in := made(t, "-map 0:v -c:v libx264 -bf 3")
	m, err := Parse(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	if !m.Video.Reordered() {
		t.Fatal("no B-frames")
	}
	clean := m.Video.Clean()
	n := 0
	for i, ok := range clean {
		before, after := int64(-1<<62), int64(1<<62)
		for k, s := range m.Video.Samples {
			if k < i {
				before = max(before, s.PTS())
			} else {
				after = min(after, s.PTS())
			}
		}
		if ok != (before < after) {
			t.Errorf("cut after %d samples: %v, want %v", i, ok, before < after)
		}
		if ok {
			n++
		}
	}
	if !clean[0] || !clean[len(clean)-1] || n == len(clean) {
		t.Errorf("%d of %d cuts are clean", n, len(clean))
	}
}

// FuzzParse reads anything and, where that gives tracks, copies them.
func FuzzParse(f *testing.F) {
	for _, args := range []string{
		"-t 0.2 -c:v libx264 -c:a aac", "-t 0.2 -c:v libx264 -bf 0 -c:a aac -movflags +faststart",
		"-t 0.2 -map 1:a -c:a aac", "-t 0.2 -c:v mpeg4 -c:a mp3", "-t 0.2 -c:v libx264 -c:a aac -movflags +frag_keyframe+empty_moov",
	} {
		f.Add(made(f, args))
	}
	f.Add([]byte("\x00\x00\x00\x08moov"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, track := range []*Track{m.Video, m.Audio} {
			if track != nil {
				_, _, _, _ = track.Clean(), track.Reordered(), track.KeyBefore(track.End), track.SampleAt(track.End)
			}
		}
		_ = Compare(m, m)
		_ = Write(t.Context(), io.Discard, outputs(m), nil)
	})
}
