package render

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/compose"
	libav "reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/programtest"
	"reelcheck/reference/internal/tools/individual"
)

// Codings of pictures that WebRTC does not have.
var (
	oneKey  = []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-g", "9999", "-lag-in-frames", "0"}
	bFrames = []string{"-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-bf", "3", "-b_strategy", "0", "-g", "45", "-x264-params", "b-pyramid=normal:scenecut=0"}
)

// frames returns which frame of a stream each picture shows in a rectangle, -1 where there is none.
func frames(list []mark.Plane, stream int, r layout.Rect) (out []int) {
	for _, p := range list {
		code, ok := inTile(p, r)
		if !ok || code.Stream != stream {
			code.Frame = -1
		}
		out = append(out, code.Frame)
	}
	return out
}

// TestBFrames has frames that are coded in another order than shown, and a stream that changes its size.
func TestBFrames(t *testing.T) {
	t.Parallel()
	program, _, remove, err := programtest.Build()
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	name := pack(t,
		media{File: entry("one", "one.mkv", 0, 4000), video: "vp8-01", audio: "tone-01", seconds: 4, coding: bFrames},
		media{File: entry("two", "two.mkv", 1500, 3000), video: "vp8-02", seconds: 1.5, coding: bFrames})
	for by, decoder := range map[string]libav.Config{
		"ffmpeg": {}, "libav": {Decoder: &libav.Program{Path: program, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}},
	} {
		t.Run(by, func(t *testing.T) {
			o := plain
			o.FFmpeg = decoder
			out, _ := render(t, name, o)
			list := pictures(t, out)
			for i := range list {
				at := time.Duration(i) * 40 * time.Millisecond
				switch {
				case at >= 3960*time.Millisecond, at == 1480*time.Millisecond: // where something ends or begins
				case at >= 1500*time.Millisecond && at < 3*time.Second:
					shows(t, list, at, left, 1, 0)
					shows(t, list, at, right, 2, 1500*time.Millisecond)
				default:
					shows(t, list, at, whole, 1, 0)
				}
			}
		})
	}
}

// TestVideoThatPauses has two seconds without a frame, and only one key frame. A camera must leave the picture, a screen
// must stay.
func TestVideoThatPauses(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"camera", "screen", "custom"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			e := entry("one", "one.webm", 0, 6000)
			e.VideoType = kind
			name := pack(t, media{File: e, video: "vp8-01", audio: "tone-01", seconds: 6, coding: append(oneKey, "-vf", `select=not(between(n\,30\,119))`)})
			out, _ := render(t, name, plain)
			seen := frames(pictures(t, out), 1, whole)
			gone := 0
			for i, frame := range seen {
				at := time.Duration(i) * 40 * time.Millisecond
				want := i * 30 / 25
				switch {
				case at >= time.Second && at < 4*time.Second:
					if want = 29; frame < 0 {
						gone++
						continue
					}
				case at > 5900*time.Millisecond:
					continue
				}
				if frame < want-1 || frame > want+1 {
					t.Errorf("at %v: frame %d, want %d", at, frame, want)
				}
			}
			// From 0.967 s + 1.525 s to 4 s.
			if want := map[string]int{"camera": 38, "screen": 0, "custom": 38}[kind]; gone < want-1 || gone > want+1 {
				t.Errorf("%d pictures without it, want %d", gone, want)
			}
		})
	}
}

// TestPlaceLongAfterTheKeyFrame gives a stream a place long after its only key frame.
func TestPlaceLongAfterTheKeyFrame(t *testing.T) {
	t.Parallel()
	slow := append(slices.Clone(oneKey), "-vf", "setpts=2*PTS")
	name := pack(t,
		media{File: entry("one", "one.webm", 0, 17000), video: "vp8-01", seconds: 17, coding: slow},
		media{File: entry("two", "two.webm", 0, 19000), video: "vp8-02", seconds: 19, coding: slow})
	o := plain
	var err error
	if o.Layout, err = layout.New(layout.Spec{Type: layout.PIP}); err != nil {
		t.Fatal(err)
	}
	o.HasAudio = false
	out, _ := render(t, name, o)
	list := pictures(t, out)
	corner := o.Layout.Arrange([]layout.Stream{{ID: "x"}}, 640, 480)[0].Rect
	for _, tt := range []struct {
		at     time.Duration
		stream int
	}{{16 * time.Second, 1}, {17200 * time.Millisecond, 2}, {18 * time.Second, 2}} {
		want := int(tt.at * 15 / time.Second)
		i := tt.at / (40 * time.Millisecond)
		if got := frames(list[i:i+1], tt.stream, corner)[0]; got < want-1 || got > want+1 {
			t.Errorf("at %v: frame %d of stream %d, want %d", tt.at, got, tt.stream, want)
		}
	}
}

// TestLostConnection has a stream that ends and comes back in another file. It must stand, leave, and take its place
// again.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("one", "one-1.webm", 0, 1900), video: "vp8-01", audio: "tone-01", seconds: 2},
		media{File: entry("two", "two.webm", 1000, 1500), video: "vp8-02", seconds: 1.5},
		media{File: entry("one", "one-2.webm", 5000, 7000), video: "vp8-03", seconds: 2},
		media{File: entry("three", "three.webm", 5000, 7000), video: "vp8-02", seconds: 2})
	out, r := render(t, name, plain)
	if r.Duration != 7*time.Second {
		t.Errorf("it lasts %v, want 7 s: a stream was published all the time", r.Duration)
	}
	list := pictures(t, out)
	shows(t, list, 2400*time.Millisecond, right, 2, time.Second)
	if f := frames(list[60:61], 1, left); f[0] < 58 {
		t.Errorf("frame %d stands, want the last one", f[0])
	}
	shows(t, list, 4*time.Second, whole, 0, 0)
	shows(t, list, 6*time.Second, left, 3, 5*time.Second)
	shows(t, list, 6*time.Second, right, 2, 5*time.Second)
}

// TestRemovedAndAddedAgain removes a stream before the end of its file and adds it again. It must leave at once and come
// back to its place.
func TestRemovedAndAddedAgain(t *testing.T) {
	t.Parallel()
	name := pack(t,
		media{File: entry("one", "one1.webm", 0, 2010), video: "vp8-01", audio: "tone-01", seconds: 2},
		media{File: entry("one", "one2.webm", 3000, 5000), video: "vp8-03", audio: "tone-01", seconds: 2},
		media{File: entry("two", "two.webm", 500, 5000), video: "vp8-02", seconds: 4.5})
	out, _ := render(t, name, plain)
	list := pictures(t, out)
	shows(t, list, 1800*time.Millisecond, left, 1, 0)
	shows(t, list, 2200*time.Millisecond, whole, 2, 500*time.Millisecond)
	shows(t, list, 4*time.Second, left, 3, 3*time.Second)
	shows(t, list, 4*time.Second, right, 2, 500*time.Millisecond)
}

// TestSoundAndPictureApart has one file for the sound of a stream and another one for its pictures.
func TestSoundAndPictureApart(t *testing.T) {
	t.Parallel()
	sound := entry("one", "sound.webm", 0, 3000)
	sound.VideoType = ""
	out, r := render(t, pack(t, media{File: sound, audio: "tone-01", seconds: 3}, media{File: entry("one", "one.webm", 0, 3000), video: "vp8-01", seconds: 3}), plain)
	if r.Duration != 3*time.Second {
		t.Errorf("it lasts %v, want 3 s", r.Duration)
	}
	shows(t, pictures(t, out), 2*time.Second, whole, 1, 0)
	if volume := volume(t, out); strings.Contains(volume, "max_volume: -91") || volume == "" {
		t.Errorf("silence: %s", volume)
	}
}

// TestSoundAlone checks that the picture is black.
func TestSoundAlone(t *testing.T) {
	t.Parallel()
	sound := entry("one", "one.webm", 1000, 4000)
	sound.VideoType = ""
	out, r := render(t, pack(t, media{File: sound, audio: "tone-01", seconds: 3}), plain)
	if r.Duration != 4*time.Second {
		t.Errorf("it lasts %v, want 4 s with the second before the first sound", r.Duration)
	}
	for i, p := range pictures(t, out) {
		for _, luma := range p.Pix {
			if luma > 20 {
				t.Fatalf("picture %d is not black", i)
			}
		}
	}
	if volume := volume(t, out); strings.Contains(volume, "max_volume: -91") || volume == "" {
		t.Errorf("silence: %s", volume)
	}
}

func volume(t *testing.T, file string) (line string) {
	t.Helper()
	_, log := ffmpegtest.Logged(t, "-i", file, "-af", "volumedetect", "-vn", "-f", "null", "-")
	for l := range strings.Lines(log) {
		if strings.Contains(l, "max_volume") {
			line = l
		}
	}
	return line
}

// TestStreamsInTurn has many streams, few of them at a time. There must be as few decoders.
func TestStreamsInTurn(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	program := filepath.Join(t.TempDir(), "ffmpeg")
	script := fmt.Sprintf("#!/bin/sh\necho begin >> %[1]s\nffmpeg \"$@\"\ncode=$?\necho end >> %[1]s\nexit $code\n", log)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	var entries []individual.File
	const streams = 20
	first := media{File: entry("", "", 0, 0), video: "vp8-01", seconds: 2}
	first.Filename = "x.webm"
	b := first.bytes(t)
	files := map[string][]byte{}
	for i := range streams {
		e := entry(fmt.Sprint("s", i), fmt.Sprintf("%d.webm", i), int64(i)*2000, int64(i)*2000+2000)
		files[e.Filename] = b
		entries = append(entries, e)
	}
	files["m.json"] = manifestOf(t, entries...)
	o := compose.Options{FFmpeg: libav.Config{Path: program}, Width: 160, Height: 120, HasVideo: true}
	if _, r := render(t, zipOf(t, files), o); r.Duration != 2*streams*time.Second {
		t.Errorf("it lasts %v, want %d s", r.Duration, 2*streams)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	running, most, total := 0, 0, 0
	for l := range strings.Lines(string(text)) {
		if l == "begin\n" {
			running++
			total++
		} else {
			running--
		}
		most = max(most, running)
	}
	// The encoder, the current stream, those of the next ten seconds, and one that is ending.
	if total < streams+1 || most > 9 {
		t.Errorf("%d children, %d at a time", total, most)
	}
}

// TestTracksThatAreNotRead has subtitles and sound of six channels. What can be read must be in the film, and the log
// must name the rest.
func TestTracksThatAreNotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := func(name string, args ...string) []byte {
		t.Helper()
		path := filepath.Join(dir, name)
		ffmpegtest.Run(t, append(args, "-f", "matroska", path)...)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	text := filepath.Join(dir, "text.srt")
	if err := os.WriteFile(text, []byte("1\n00:00:00,000 --> 00:00:01,000\nhello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	one := media{File: entry("one", "one.mkv", 0, 2000), video: "vp8-01", audio: "tone-01", seconds: 2}
	plainFile := filepath.Join(dir, "plain.mkv")
	if err := os.WriteFile(plainFile, one.bytes(t), 0o600); err != nil {
		t.Fatal(err)
	}
	noise := []string{"-f", "lavfi", "-i", "anoisesrc=d=2:a=0.5,aformat=channel_layouts=5.1", "-c:a", "libopus", "-mapping_family", "1"}
	two := made("six.mkv", append([]string{"-i", plainFile}, append(noise, "-map", "0:v", "-map", "1:a", "-c:v", "copy")...)...)
	files := map[string][]byte{
		"one.mkv": made("one.mkv", "-i", plainFile, "-i", text, "-map", "0", "-map", "1", "-c", "copy", "-c:s", "srt"),
		"two.mkv": two, "three.mka": made("three.mka", noise...), "four.mks": made("four.mks", "-i", text),
	}
	files["m.json"] = manifestOf(t, one.File, entry("two", "two.mkv", 0, 2000), entry("three", "three.mka", 0, 2000), entry("four", "four.mks", 0, 2000))
	var log strings.Builder
	out := filepath.Join(t.TempDir(), "out.mp4")
	if _, err := Run(t.Context(), zipOf(t, files), out, Options{Compose: plain, Log: slog.New(slog.NewTextHandler(&log, nil))}); err != nil {
		t.Fatal(err)
	}
	list := pictures(t, out)
	shows(t, list, time.Second, left, 1, 0)
	shows(t, list, time.Second, right, 1, 0)
	for _, want := range []string{"file=one.mkv track=3", "neither video nor audio", "file=two.mkv track=2", "6 channels of Opus in 4 streams", "file=three.mka", "file=four.mks"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, log.String())
		}
	}
	// The tone must be as loud as without the noise.
	alone := filepath.Join(t.TempDir(), "alone.mp4")
	if _, err := Run(t.Context(), pack(t, one), alone, Options{Compose: plain, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if got, want := volume(t, out), volume(t, alone); got[strings.Index(got, "max"):] != want[strings.Index(want, "max"):] {
		t.Errorf("%s, want %s", got, want)
	}
}
