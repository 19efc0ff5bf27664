package mp4

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/mux/movie"
)

// made returns a small file that FFmpeg makes with the arguments.
func made(t testing.TB, args string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.mp4")
	all := "-f lavfi -i testsrc=s=64x48:r=25:d=1 -f lavfi -i sine=d=1:sample_rate=48000 " + args + " " + name
	ffmpegtest.Run(t, strings.Fields(all)...)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func outputs(m *movie.Movie) []Output {
	var list []Output
	for _, t := range []*movie.Track{m.Video, m.Audio} {
		if t != nil {
			list = append(list, Output{
				Timescale: t.Timescale, Start: t.Start, Delay: t.Delay, End: t.End, Descriptions: []Description{Describe(t)},
				Runs: []Run{{Data: m.Data, Samples: t.Samples}},
			})
		}
	}
	return list
}

// TestCopyIsTheSame checks that a copy presents the same at the same times.
func TestCopyIsTheSame(t *testing.T) {
	for _, args := range []string{
		"-c:v libx264 -c:a aac",
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +faststart -video_track_timescale 90000",
		"-map 0:v -c:v libx264", "-map 1:a -c:a aac -ac 2",
		"-c:v libx264 -c:a aac -output_ts_offset 0.5",
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +frag_keyframe+empty_moov",
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +frag_keyframe+empty_moov+default_base_moof",
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +frag_keyframe+empty_moov+omit_tfhd_offset+separate_moof",
		"-map 0:v -c:v libx264 -g 5 -movflags +frag_keyframe+delay_moov",
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +frag_keyframe", // its first samples are in the movie box
		"-c:v libx264 -bf 0 -g 5 -c:a aac -movflags +empty_moov+dash -frag_duration 300000",
		"-map 0:v -c:v libx264 -g 5 -movflags +frag_every_frame+empty_moov+default_base_moof",
		"-map 0:v -c:v libx264 -g 5 -movflags +frag_keyframe+empty_moov+default_base_moof",
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
		if err := movie.Compare(m, again); err != nil {
			t.Errorf("%s: %v", args, err)
		}
		if want, got := frames(t, in), frames(t, out.Bytes()); want != got {
			t.Errorf("%s: %s", args, unlike(want, got))
		}
	}
}

// TestNegativeShifts has pictures that are shown before they are decoded, which CMAF allows. FFmpeg itself takes them
// for late.
func TestNegativeShifts(t *testing.T) {
	in := made(t, "-c:v libx264 -g 5 -c:a aac -movflags +frag_keyframe+delay_moov+negative_cts_offsets")
	m, err := Parse(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	v, shown := m.Video, map[int64]bool{}
	for _, s := range v.Samples {
		shown[v.Present(s.PTS())] = true
	}
	for n := range int64(25) {
		if !shown[n*v.Interval()] {
			t.Errorf("no picture at %d: %v", n*v.Interval(), shown)
		}
	}
	if len(v.Samples) != 25 || !v.Reordered() || v.CompositionOffset() != 0 || m.Audio.Present(m.Audio.Samples[1].DTS) != 0 {
		t.Errorf("%d pictures, reordered %v by %d, sound begins at %d", len(v.Samples), v.Reordered(), v.CompositionOffset(), m.Audio.Present(m.Audio.Samples[1].DTS))
	}
}

// TestFirstPacketAlone reads a file in which FFmpeg delayed all sound but the first packet until the first picture.
func TestFirstPacketAlone(t *testing.T) {
	in := made(t, "-c:v libx264 -g 5 -c:a aac -movflags +frag_keyframe+empty_moov")
	m, err := Parse(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	a := m.Audio
	for i, s := range a.Samples[:len(a.Samples)-1] {
		if next := a.Samples[i+1].DTS; next-s.DTS != 1024 || s.Duration != 1024 {
			t.Errorf("packet %d of %d at %d lasts %d, the next is at %d", i+1, len(a.Samples), s.DTS, s.Duration, next)
		}
	}
	if at, want := a.Present(a.Samples[1].DTS), a.Samples[1].DTS; at != want {
		t.Errorf("the second is presented at %d, want %d", at, want)
	}
}

// TestFragmentsOfNoTime reads fragments of FFmpeg that have duration 0 and the time of the next fragment.
func TestFragmentsOfNoTime(t *testing.T) {
	for _, flags := range []string{"cmaf+frag_every_frame", "cmaf -frag_size 4000"} {
		for _, frames := range []string{"-bf 0 -g 5", "-bf 2 -g 5"} {
			in := made(t, "-c:v libx264 "+frames+" -c:a aac -movflags "+flags)
			m, err := Parse(bytes.NewReader(in), int64(len(in)))
			if err != nil {
				t.Fatalf("%s, %s: %v", flags, frames, err)
			}
			for i, s := range m.Audio.Samples {
				if s.DTS != int64(i)*1024 || s.Duration != 1024 && i < len(m.Audio.Samples)-1 {
					t.Errorf("%s, %s: packet %d at %d lasts %d", flags, frames, i+1, s.DTS, s.Duration)
				}
			}
		}
	}
}

// TestWrongFragments checks that the error says what is wrong.
func TestWrongFragments(t *testing.T) {
	in := made(t, "-c:v libx264 -g 5 -c:a aac -movflags +frag_keyframe+empty_moov")
	for _, tt := range []struct {
		name, want string
		change     func([]byte) []byte
	}{
		{"cut off", "is not a complete MP4 file: box \"mdat\"", func(b []byte) []byte { return b[:len(b)*3/4] }},
		{"another track", "is not in the movie box", func(b []byte) []byte { return alter(b, "tfhd", 7, 9) }},
		{"data outside", "lies outside of the file", func(b []byte) []byte { return alter(b, "tfhd", 8, 1) }},
		{"time goes back", "follows time", func(b []byte) []byte { return alter(b, "tfdt", 7, 0) }},
	} {
		b := tt.change(bytes.Clone(in))
		if _, err := Parse(bytes.NewReader(b), int64(len(b))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// alter sets the byte at offset at of the last box of a kind, counted after its name. In the box tfdt it also clears the
// time.
func alter(b []byte, kind string, at int, value byte) []byte {
	i := bytes.LastIndex(b, []byte(kind)) + len(kind)
	if b[i+at] = value; kind == "tfdt" {
		clear(b[i+4 : i+12])
	}
	return b
}

// unlike describes the first difference between two lists of frames.
func unlike(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is presented as %q, want %q", i+1, b[i], a[i])
		}
	}
	return fmt.Sprintf("%d lines of frames, want %d", len(b), len(a))
}

// frames lists the decoded frames with their times and checksums, one stream after the other.
func frames(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.mp4")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(ffmpegtest.Run(t, "-i", name, "-fps_mode", "passthrough", "-f", "framemd5", "-")), "\n")
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(a[:min(2, len(a))], b[:min(2, len(b))]) })
	return strings.Join(lines, "\n")
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

// FuzzParse parses arbitrary bytes and copies the tracks that it finds.
func FuzzParse(f *testing.F) {
	for _, args := range []string{
		"-t 0.2 -c:v libx264 -c:a aac", "-t 0.2 -c:v libx264 -bf 0 -c:a aac -movflags +faststart",
		"-t 0.2 -map 1:a -c:a aac", "-t 0.2 -c:v mpeg4 -c:a mp3", "-t 0.2 -c:v libx264 -c:a aac -movflags +frag_keyframe+empty_moov",
		"-t 0.2 -c:v libx264 -c:a aac -movflags +frag_every_frame+delay_moov+default_base_moof",
	} {
		f.Add(made(f, args))
	}
	f.Add([]byte("\x00\x00\x00\x08moov"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, track := range []*movie.Track{m.Video, m.Audio} {
			if track != nil {
				_, _, _, _ = track.Clean(), track.Reordered(), track.IDRBefore(track.End), track.SampleAt(track.End)
			}
		}
		_ = movie.Compare(m, m)
		_ = Write(t.Context(), io.Discard, outputs(m), nil)
	})
}

// TestRunsThatMeet checks that a run may begin to be decoded when the run before has not ended, as after a joint of files with
// B-frames and a variable frame rate. When samples are presented does not change.
func TestRunsThatMeet(t *testing.T) {
	in := made(t, "-map 0:v -c:v libx264 -bf 3")
	m, err := Parse(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	out := outputs(m)[0]
	length, step := out.End-out.Start, m.Video.Interval()
	for early, refused := range map[int64]bool{0: false, step: false, 2*step - 1: false, 100 * step: true} {
		out := out
		out.Runs = []Run{out.Runs[0], {Data: m.Data, Samples: m.Video.Samples, Later: length, Reorder: -early}}
		out.End += length
		var b bytes.Buffer
		if err := Write(t.Context(), &b, []Output{out}, nil); (err != nil) != refused {
			t.Errorf("%d ticks early: %v", early, err)
		} else if refused {
			continue
		}
		again, err := Parse(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		n := len(m.Video.Samples)
		for i, s := range again.Video.Samples {
			if i > 0 && s.DTS <= again.Video.Samples[i-1].DTS {
				t.Errorf("%d ticks early: sample %d is decoded at %d", early, i, s.DTS)
			}
			if want := m.Video.Samples[i%n].PTS() + int64(i/n)*length; s.PTS() != want {
				t.Errorf("%d ticks early: sample %d is presented at %d, want %d", early, i, s.PTS(), want)
			}
		}
	}
}
