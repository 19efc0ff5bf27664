package merge

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// late is the most by which sound may differ from its picture, with a little for the error of measuring.
const late = 16 * time.Millisecond

func near(d, want time.Duration) bool {
	return d > want-5*time.Millisecond && d < want+5*time.Millisecond
}

// TestJoinsArchives joins recordings as short as a group of pictures of an archive.
func TestJoinsArchives(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	out, r := merge(t, f.record(t, composed, 0, 250), f.record(t, composed, 200, 400))
	once(t, out, 0, 400)
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("sound is up to %v off", off)
	}
	if j := r.Joints[0]; !j.Picture || !j.Sound || !near(j.Overlap, 2*time.Second) || j.Video != 0 || j.Audio > time.Second {
		t.Errorf("%+v", j)
	}
}

// TestJoinsWhatFFmpegMakes joins files with B-frames, a moov at the end, edit lists and another time base. A group of
// the first in which it cannot be cut is coded again.
func TestJoinsWhatFFmpegMakes(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	out, r := merge(t, f.record(t, plain, 0, 153), f.record(t, plain, 103, 250))
	once(t, out, 0, 250)
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("sound is up to %v off", off)
	}
	if j := r.Joints[0]; j.Video < 40*time.Millisecond || j.Video > 200*time.Millisecond {
		t.Errorf("%+v", j)
	}
}

// TestJoinsWhatOthersMake joins files with fragments, parameter sets among the samples, and stereo at another rate.
func TestJoinsWhatOthersMake(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	with := func(rest string) recording {
		r := plain
		r.rest = strings.Fields(rest)
		return r
	}
	const among = "-tag:v avc3 -x264-params repeat-headers=1"
	for _, kinds := range [][2]recording{
		{with("-movflags +frag_keyframe+empty_moov"), with("-movflags +frag_keyframe+empty_moov+default_base_moof")},
		{with(""), with("-g 20 -movflags +frag_keyframe+delay_moov")},
		{with(among), with("")},
		{with("-ac 2 -ar 44100"), with("-ac 2 -ar 44100")},
	} {
		out, r := merge(t, f.record(t, kinds[0], 0, 100), f.record(t, kinds[1], 60, 140))
		once(t, out, 0, 140)
		if j := r.Joints[0]; !j.Picture || !j.Sound {
			t.Errorf("%v: %+v", kinds, j)
		}
	}
}

// TestWrongOrder checks that files in the wrong order are appended, with a warning.
func TestWrongOrder(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	a, b := f.record(t, composed, 0, 100), f.record(t, composed, 60, 140)
	var log bytes.Buffer
	o := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
	r, err := Run(t.Context(), []string{b, a}, filepath.Join(t.TempDir(), "out.mp4"), o)
	if err != nil || r.Joints[0].Overlap != 0 || !strings.Contains(log.String(), "are they in the order of their recording?") {
		t.Errorf("%+v, error %v, log %q", r, err, log.String())
	}
}

// TestOpenGroups joins a second recording in which pictures after key frames need those before.
func TestOpenGroups(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	r := plain
	r.video = append(slices.Clone(r.video), "-x264-params", "open-gop=1:keyint=40")
	out, _ := merge(t, f.record(t, r, 0, 100), f.record(t, r, 60, 160))
	once(t, out, 0, 160)
}

// TestCodesAgainUpToTheNextKeyFrame joins a second recording that begins black, as archives do before the first key
// frame of a stream.
func TestCodesAgainUpToTheNextKeyFrame(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	r := composed
	r.video = append(slices.Clone(r.video), "-g", "75")
	begins := f
	begins.blank = 8
	out, res := merge(t, f.record(t, r, 0, 150), begins.record(t, r, 110, 250))
	once(t, out, 0, 250)
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("sound is up to %v off", off)
	}
	// Frames 150 to 184 of B, before its key frame 185.
	if j := res.Joints[0]; !near(j.Video, 35*40*time.Millisecond) || !near(j.At, 6*time.Second) {
		t.Errorf("%+v", j)
	}
}

func TestJoinsThree(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	out, r := merge(t, f.record(t, plain, 0, 100), f.record(t, plain, 70, 170), f.record(t, plain, 145, 220))
	once(t, out, 0, 220)
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("sound is up to %v off", off)
	}
	if len(r.Joints) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestJoinsOneKindOnly(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	mute, blind := composed, composed
	mute.audio, blind.video = nil, nil
	out, _ := merge(t, f.record(t, mute, 0, 150), f.record(t, mute, 100, 250))
	once(t, out, 0, 250)
	out, _ = merge(t, f.record(t, blind, 0, 150), f.record(t, blind, 101, 250))
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("sound is up to %v off", off)
	}
	if pcm := samples(t, out); math.Abs(float64(len(pcm))/filmRate-10) > 0.05 {
		t.Errorf("%d samples", len(pcm))
	}
}

// TestOneSaysNothing checks that the sound decides when the pictures stand still, and the pictures when the sound is
// silent.
func TestOneSaysNothing(t *testing.T) {
	t.Parallel()
	f := film{picture: still, sound: speech, plain: true}
	out, r := merge(t, f.record(t, composed, 0, 150), f.record(t, composed, 100, 250))
	if j := r.Joints[0]; j.Picture || !j.Sound || !near(j.Overlap, 2*time.Second) {
		t.Errorf("still: %+v", j)
	}
	if n := len(numbers(t, out)); n != 250 {
		t.Errorf("still: %d pictures", n)
	}
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("still: sound is up to %v off", off)
	}
	f = film{picture: ball, sound: silent}
	out, r = merge(t, f.record(t, composed, 0, 150), f.record(t, composed, 100, 250))
	if j := r.Joints[0]; !j.Picture || j.Sound || !near(j.Overlap, 2*time.Second) {
		t.Errorf("silent: %+v", j)
	}
	once(t, out, 0, 250)
}

// TestNothingInCommon checks that recordings without an overlap, or without any change, are appended whole.
func TestNothingInCommon(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	out, r := merge(t, f.record(t, plain, 0, 100), f.record(t, plain, 1000, 1100))
	if j := r.Joints[0]; j.Overlap != 0 || j.Video != 0 {
		t.Errorf("%+v", j)
	}
	list := numbers(t, out)
	if len(list) != 200 || list[99] != 99 || list[100] != 1000 || list[199] != 1099 {
		t.Errorf("%v", list)
	}
	f = film{picture: still, sound: silent, plain: true}
	out, r = merge(t, f.record(t, plain, 0, 100), f.record(t, plain, 50, 150))
	if n := len(numbers(t, out)); n != 200 || r.Joints[0].Overlap != 0 {
		t.Errorf("%d pictures of nothing: %+v", n, r.Joints[0])
	}
}

// TestNotFooledByWhatRepeats has a picture that repeats every second under speech that does not, and the reverse.
func TestNotFooledByWhatRepeats(t *testing.T) {
	t.Parallel()
	circling := func(n int, luma []byte) { ball(n%25*14, luma) }
	f := film{picture: circling, sound: speech, plain: true}
	_, r := merge(t, f.record(t, composed, 0, 175), f.record(t, composed, 100, 250))
	if j := r.Joints[0]; !near(j.Overlap, 3*time.Second) || j.Ambiguous {
		t.Errorf("pictures repeat: %+v", j)
	}
	f = film{picture: ball, sound: again}
	out, r := merge(t, f.record(t, composed, 0, 175), f.record(t, composed, 100, 250))
	if j := r.Joints[0]; !near(j.Overlap, 3*time.Second) || j.Ambiguous {
		t.Errorf("sound repeats: %+v", j)
	}
	once(t, out, 0, 250)
	f = film{picture: circling, sound: again, plain: true}
	_, r = merge(t, f.record(t, composed, 0, 250), f.record(t, composed, 100, 300))
	if j := r.Joints[0]; !j.Ambiguous || j.Overlap != 0 {
		t.Errorf("everything repeats: %+v", j)
	}
}

// TestToneGoesOn joins a tone at different phases. The level must stay, and nothing may click.
func TestToneGoesOn(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: tone}
	a := f.record(t, composed, 0, 100)
	for _, first := range []int{50, 53, 57} {
		out, r := merge(t, a, f.record(t, composed, first, 150))
		once(t, out, 0, 150)
		pcm := samples(t, out)
		pcm = pcm[filmRate/10 : len(pcm)-filmRate/10]
		// The second difference of a tone is its amplitude times the square of its angle per sample.
		const angle = 2 * math.Pi * 443.7 / filmRate
		for i := 2; i < len(pcm); i++ {
			if d := pcm[i] - 2*pcm[i-1] + pcm[i-2]; math.Abs(d) > 0.3*angle*angle*1.6 {
				t.Fatalf("click of %.4f at %.3f s: %+v", d, float64(i)/filmRate, r.Joints[0])
			}
		}
		const block = filmRate / 100
		for at := 0; at+block < len(pcm); at += block / 2 {
			sum := 0.0
			for _, x := range pcm[at : at+block] {
				sum += x * x
			}
			if level := math.Sqrt(2 * sum / block); level < 0.25 || level > 0.35 {
				t.Fatalf("level %.3f at %.3f s, want 0.3: %+v", level, float64(at)/filmRate, r.Joints[0])
			}
		}
	}
}

// TestWhatDiffersIsNamed checks that files that cannot follow each other are refused with the reason.
func TestWhatDiffersIsNamed(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	first := f.record(t, composed, 0, 10)
	change := func(video, audio string) recording {
		r := composed
		r.video, r.audio = append(slices.Clone(r.video), strings.Fields(video)...), append(slices.Clone(r.audio), strings.Fields(audio)...)
		return r
	}
	mute := composed
	mute.audio = nil
	for _, tt := range []struct {
		want   string
		second recording
	}{
		{"profile differs: Baseline and High", change("-profile:v high -preset fast", "")},
		{"size differs: 320x160 and 160x120", change("-s 160x120", "")},
		{"pixel format differs", change("-pix_fmt yuvj420p", "")},
		{"frame rate differs: 25 and 30", change("-r 30", "")},
		{"time base differs: 1/90000 and 1/12800", change("-video_track_timescale 12800", "")},
		{"sample rate differs: 48000 and 44100", change("", "-ar 44100")},
		{"number of channels differs: 1 and 2", change("", "-ac 2")},
		{"audio differs: present and none", mute},
		{"codec must be H.264", recording{video: strings.Fields("-c:v mpeg4")}},
		{"codec must be AAC", change("", "-c:a mp3")},
	} {
		refuse(t, tt.want, first, f.record(t, tt.second, 5, 15))
	}
	main := change("-profile:v main -preset fast", "")
	reordered := main
	reordered.video = append(slices.Clone(main.video), "-bf", "2")
	refuse(t, "use of B-frames differs: false and true", f.record(t, main, 0, 30), f.record(t, reordered, 20, 50))
	text := filepath.Join(t.TempDir(), "text.mp4")
	if err := os.WriteFile(text, []byte("this is no film at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, "is not a complete MP4 file", first, text)
	refuse(t, "no such file", first, filepath.Join(t.TempDir(), "none.mp4"))
	refuse(t, "in the order", f.record(t, composed, 0, 200), f.record(t, composed, 60, 130))
}

func refuse(t *testing.T, want string, inputs ...string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4")
	_, err := Run(t.Context(), inputs, out, Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
	if list, err := os.ReadDir(filepath.Dir(out)); err != nil || len(list) > 0 {
		t.Errorf("left: %v %v", list, err)
	}
}

// TestOutputIsWholeOrAsBefore checks that Run does not overwrite unasked, and leaves nothing behind when interrupted.
func TestOutputIsWholeOrAsBefore(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	a, b := f.record(t, composed, 0, 60), f.record(t, composed, 40, 100)
	out := filepath.Join(t.TempDir(), "out.mp4")
	if err := os.WriteFile(out, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Log: slog.New(slog.DiscardHandler)}
	if _, err := Run(t.Context(), []string{a, b}, out, o); err == nil || !strings.Contains(err.Error(), "exists; -y overwrites it") {
		t.Errorf("error %v", err)
	}
	o.Overwrite = true
	if _, err := Run(t.Context(), []string{a, b}, a, o); err == nil || !strings.Contains(err.Error(), "one of the inputs") {
		t.Errorf("error %v", err)
	}
	for _, step := range []string{"finding overlaps", "copying"} {
		ctx, cancel := context.WithCancel(t.Context())
		o.Progress = func(s string, _ float64) {
			if s == step {
				cancel()
			}
		}
		if _, err := Run(ctx, []string{a, b}, out, o); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at %s: %v", step, err)
		}
	}
	list, err := os.ReadDir(filepath.Dir(out))
	if got, _ := os.ReadFile(out); err != nil || len(list) != 1 || string(got) != "before" {
		t.Errorf("left: %v, %d bytes", list, len(got))
	}
	o.Progress = nil
	if _, err := Run(t.Context(), []string{a, b}, out, o); err != nil {
		t.Error(err)
	}
	once(t, out, 0, 100)
}
