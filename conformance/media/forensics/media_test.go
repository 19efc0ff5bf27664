package forensics

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"reelcheck/conformance/media"
)

func about(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance }

// frameTime is the duration of a picture of the clips in seconds, at the fixtures' 30 per second.
const frameTime = 1.0 / 30

// monoTone is the level of a tone in the clips in dBFS. FFmpeg takes 3 dB off a mono input that it spreads over two
// channels.
const monoTone = -27.4

func TestTwoTilesWithTones(t *testing.T) {
	t.Parallel()
	path := clip(t, []string{"vp8-01", "vp8-02", "tone-01", "tone-02"},
		grid(2, 2, 320, 240, "s")+";[s]pad=640:480:0:120[v];[2:a][3:a]amix=2:normalize=0[a]")
	r := analyze(t, path, Options{Stills: 2})
	if len(r.Findings) > 0 {
		t.Errorf("findings: %v", r.Findings)
	}
	checkContainer(t, r)
	for i, id := range []string{"vp8-01", "vp8-02"} {
		a := only(t, r, id)
		want := media.Rect{X: i * 320, Y: 120, Width: 320, Height: 240}
		if a.Rect != want || a.Visible != want {
			t.Errorf("%s: rect %+v, visible %+v, want %+v", id, a.Rect, a.Visible, want)
		}
		if a.From != 0 || !about(a.To, 3, 1e-3) || a.Frames != 90 || a.FirstMark != 0 || a.LastMark != 89 ||
			a.Missing+a.Repeated+a.Unread+a.Backward+len(a.Freezes) > 0 {
			t.Errorf("%s: %+v", id, a)
		}
	}
	if len(r.Picture.Appearances) != 2 || len(r.Picture.Black) > 0 || r.Picture.Unread > 0 {
		t.Errorf("picture: %+v", r.Picture)
	}
	checkTones(t, r, map[string]float64{"tone-01": 0.0, "tone-02": 0.0}, monoTone)
	for _, pair := range [][2]string{{"vp8-01", "tone-01"}, {"vp8-02", "tone-02"}} {
		if offset, ok := apart(r, pair[0], pair[1]); !ok || !about(offset, 0, 0.005) {
			t.Errorf("%v: offset %g, %v; want 0", pair, offset, ok)
		}
	}
	if len(r.Stills) != 2 || len(r.Stills[0].PNG) == 0 || !about(r.Stills[0].At, 0.7333, 0.01) {
		t.Errorf("stills at %v", r.Stills)
	}
	if b, err := json.Marshal(r); err != nil || len(b) > 10000 {
		t.Errorf("report has %d bytes as JSON: %v", len(b), err)
	}
}

func checkContainer(t *testing.T, r media.Report) {
	t.Helper()
	v, a := r.Video, r.Audio
	if !r.MoovFirst || r.Brand != "isom" || !slices.Equal(r.Tracks, []string{"vide", "soun"}) || !about(r.Duration, 3, 0.03) {
		t.Errorf("container: moov first %v, brand %q, tracks %v, duration %g", r.MoovFirst, r.Brand, r.Tracks, r.Duration)
	}
	if v.Entry != "avc1" || v.Codec != "avc1.42C01E" || v.Profile != 66 || v.Level != 30 || v.Width != 640 || v.CodedHeight != 480 {
		t.Errorf("video: %+v", v)
	}
	if v.ChromaFormat != 1 || v.BitDepth != 8 {
		t.Errorf("chroma format %d, %d bits", v.ChromaFormat, v.BitDepth)
	}
	if v.Samples != 90 || !about(v.FrameRate, 30, 1e-6) || v.ShortestFrame != v.LongestFrame || v.KeyFrames != 2 || v.KeyInterval != 50 {
		t.Errorf("video timing: %+v", v)
	}
	if v.Reordered || v.BFrames != 0 || v.Slices != 90 || v.QP.Min != 19 || v.QP.Max != 19 || v.QP.Mean != 19 || v.QP.Intra[19] != 2 || v.QP.Inter[19] != 88 {
		t.Errorf("video slices: %+v", v)
	}
	if len(v.PerSecond) != 3 || !about(float64(v.PerSecond[0]+v.PerSecond[1]+v.PerSecond[2]), float64(v.Bytes*8), 0) {
		t.Errorf("bits per second %v of %d bytes", v.PerSecond, v.Bytes)
	}
	if a.Codec != "mp4a.40.2" || a.ObjectType != 2 || a.SampleRate != 48000 || a.Channels != 2 || a.MaxBitrate != 128000 || !about(float64(a.Bitrate), 128000, 15000) {
		t.Errorf("audio: %+v", a)
	}
}

// checkTones checks that the report has exactly these tones, each from its delay to the end, with a beat each second.
func checkTones(t *testing.T, r media.Report, delays map[string]float64, level float64) {
	t.Helper()
	if len(r.Sound.Tones) != len(delays) {
		t.Errorf("%d tone spans, want %d: %+v", len(r.Sound.Tones), len(delays), r.Sound.Tones)
	}
	for id, delay := range delays {
		spans := r.Sound.OfTone(id)
		if len(spans) != 1 {
			t.Errorf("%s: %d spans, want 1: %+v", id, len(spans), spans)
			continue
		}
		s := spans[0]
		// The loop starts in the second half of its 120 ms notch; the next loop begins at 3 s.
		if !about(s.From, delay+0.062, 0.012) || s.To < 2.9 || !about(s.Level, level, 1) {
			t.Errorf("%s: %g to %g at %g dB", id, s.From, s.To, s.Level)
		}
		for i, b := range s.Beats {
			if !about(b.At, delay+float64(i+1), 0.004) || !about(b.Width, 0.063, 0.008) || b.First {
				t.Errorf("%s: beat %d: %+v", id, i, b)
			}
		}
		if len(s.Beats) != 2 {
			t.Errorf("%s: %d beats, want 2", id, len(s.Beats))
		}
	}
}

func TestFourTilesOfEveryCodec(t *testing.T) {
	t.Parallel()
	ids := []string{"vp8-03", "h264-03", "vp9", "motion"}
	r := analyze(t, clip(t, ids, grid(4, 2, 320, 240, "v"), "-qp", "30"), Options{})
	for i, id := range ids {
		a := only(t, r, id)
		if want := (media.Rect{X: i % 2 * 320, Y: i / 2 * 240, Width: 320, Height: 240}); a.Rect != want {
			t.Errorf("%s: at %+v, want %+v", id, a.Rect, want)
		}
		if a.Frames != 90 || a.Missing > 0 {
			t.Errorf("%s: %+v", id, a)
		}
		if moving := a.Motion > 5; moving != (id == "motion") {
			t.Errorf("%s: motion %g", id, a.Motion)
		}
	}
	if r.Video.QP.Min != 30 || r.Video.QP.Max != 30 {
		t.Errorf("QP %+v, want 30", r.Video.QP)
	}
	if !r.Has(media.NoAudio) {
		t.Errorf("findings: %v, want no-audio", r.Findings)
	}
}

func TestSixteenTilesAtBothEndsOfQP(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 16 {
		ids = append(ids, fmt.Sprintf("vp8-%02d", i+1))
	}
	for _, qp := range []string{"19", "40"} {
		r := analyze(t, clip(t, ids, grid(16, 4, 160, 120, "v"), "-qp", qp, "-t", "1"), Options{})
		for i, id := range ids {
			a := only(t, r, id)
			want := media.Rect{X: i % 4 * 160, Y: i / 4 * 120, Width: 160, Height: 120}
			if !a.Rect.Near(want, 1) || a.Frames != 30 || a.Unread > 0 || a.Missing > 0 {
				t.Errorf("QP %s: %s: %+v, want it in %+v", qp, id, a, want)
			}
		}
	}
}

// TestSmallStreamsInSmallTiles uses the smallest place of any layout: a slot at the edge of a portrait picture.
func TestSmallStreamsInSmallTiles(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 16 {
		ids = append(ids, fmt.Sprintf("small-%02d", i+1))
	}
	for _, size := range [][2]int{{96, 72}, {128, 96}, {320, 240}} {
		w, h := size[0], size[1]
		r := analyze(t, clip(t, ids, grid(16, 4, w, h, "x")+";[x]fps=25[v]", "-t", "2"), Options{})
		for i, id := range ids {
			a := only(t, r, id)
			want := media.Rect{X: i % 4 * w, Y: i / 4 * h, Width: w, Height: h}
			if !a.Rect.Near(want, 1) || a.Frames != 50 || a.Unread > 0 || a.Missing > 0 || a.Confidence < 0.3 {
				t.Errorf("%dx%d: %s: %+v, want it in %+v", w, h, id, a, want)
			}
		}
		if len(r.Picture.Stray) > 0 {
			t.Errorf("%dx%d: stray %+v", w, h, r.Picture.Stray)
		}
	}
}

func TestStrayPictures(t *testing.T) {
	t.Parallel()
	graph := "[0:v]scale=160:120,pad=320:240:80:60,drawbox=x=8:y=180:w=60:h=40:color=green:t=fill:enable='between(t,1,2)'[v]"
	r := analyze(t, clip(t, []string{"vp8-03"}, graph), Options{})
	want := media.Rect{X: 8, Y: 180, Width: 60, Height: 40}
	if len(r.Picture.Stray) != 1 || !r.Picture.Stray[0].Rect.Near(want, 10) || !about(r.Picture.Stray[0].From, 1, 0.2) || !about(r.Picture.Stray[0].To, 2, 0.2) {
		t.Errorf("stray %+v, want %+v from 1 to 2 s", r.Picture.Stray, want)
	}
}

func TestLateSound(t *testing.T) {
	t.Parallel()
	r := analyze(t, clip(t, []string{"vp8-01", "tone-07"}, "[0:v]null[v];[1:a]adelay=200:all=1[a]"), Options{})
	if offset, ok := apart(r, "vp8-01", "tone-07"); !ok || !about(offset, 0.2, 0.005) {
		t.Errorf("offset %g, %v; want 0.2", offset, ok)
	}
	checkTones(t, r, map[string]float64{"tone-07": 0.2}, monoTone)
}

// TestVeryLateSound has an offset of more than half a second, which only the beat at the start of the loop shows.
func TestVeryLateSound(t *testing.T) {
	t.Parallel()
	graph := "[0:v]trim=start=8,setpts=PTS-STARTPTS[v0];[1:v]null[v1];[v0][v1]concat=n=2[v];" +
		"[2:a]atrim=start=8,asetpts=PTS-STARTPTS[a0];[3:a]anull[a1];[a0][a1]concat=n=2:v=0:a=1,adelay=1300:all=1[a]"
	r := analyze(t, clip(t, []string{"vp8-01", "vp8-01", "tone-07", "tone-07"}, graph, "-t", "5"), Options{})
	if offset, ok := apart(r, "vp8-01", "tone-07"); !ok || !about(offset, 1.3, 0.01) {
		t.Errorf("offset %g, %v; want 1.3", offset, ok)
	}
	a := only(t, r, "vp8-01")
	if a.Frames != 150 || a.FirstMark != 240 || a.LastMark != 89 || a.Missing+a.Backward > 0 {
		t.Errorf("over the end of the loop: %+v", a)
	}
}

func TestFrozenTile(t *testing.T) {
	t.Parallel()
	graph := "[0:v]scale=320:240,split[x][y];[x][y]freezeframes=first=30:last=59:replace=29[l];[1:v]scale=320:240[r];[l][r]hstack[v]"
	r := analyze(t, clip(t, []string{"vp8-01", "vp8-02"}, graph), Options{})
	a := only(t, r, "vp8-01")
	if len(a.Freezes) != 1 || a.Freezes[0].Mark != 29 || !about(a.Freezes[0].From, 29*frameTime, 0.001) || !about(a.Freezes[0].To, 2, 0.001) {
		t.Errorf("freezes: %+v, want mark 29 from 0.967 to 2", a.Freezes)
	}
	if a.Repeated != 30 || a.Missing != 30 || a.LongestGap != 30 || a.Frames != 90 {
		t.Errorf("frozen: %+v", a)
	}
	if b := only(t, r, "vp8-02"); len(b.Freezes)+b.Repeated+b.Missing > 0 {
		t.Errorf("not frozen: %+v", b)
	}
}

func TestMissingAndLateStreams(t *testing.T) {
	t.Parallel()
	graph := "color=black:s=320x240:r=30[0v];[0:v]scale=320:240,setpts=PTS+1/TB[late];[0v]split[l][r];[l][late]overlay=eof_action=pass[x];[x][r]hstack[v]"
	r := analyze(t, clip(t, []string{"vp8-05"}, graph), Options{})
	if len(r.Picture.Appearances) != 1 {
		t.Fatalf("appearances: %+v, want one", r.Picture.Appearances)
	}
	a := only(t, r, "vp8-05")
	if !about(a.From, 1, 0.001) || a.FirstMark != 0 || a.Rect != (media.Rect{Width: 320, Height: 240}) {
		t.Errorf("late stream: %+v", a)
	}
	if want := []media.Span{{From: 0, To: 1}}; !slices.Equal(r.Picture.Black, want) {
		t.Errorf("black %v, want %v", r.Picture.Black, want)
	}
}

func TestStreamThatMovesAndLeaves(t *testing.T) {
	t.Parallel()
	graph := "color=black:s=640x480:r=30[bg];[0:v]scale=320:240[s];[bg][s]overlay=x='if(lt(t,0.99),0,320)':y=100:enable='lt(t,1.99)'[v]"
	r := analyze(t, clip(t, []string{"vp8-09"}, graph), Options{})
	all := r.Picture.OfStream("vp8-09")
	if len(all) != 2 {
		t.Fatalf("appearances: %+v, want two", all)
	}
	left, right := all[0], all[1]
	if left.Rect != (media.Rect{X: 0, Y: 100, Width: 320, Height: 240}) || left.From != 0 || !about(left.To, 1, 0.001) || left.LastMark != 29 {
		t.Errorf("first: %+v", left)
	}
	if right.Rect != (media.Rect{X: 320, Y: 100, Width: 320, Height: 240}) || !about(right.From, 1, 0.001) || !about(right.To, 2, 0.001) || right.FirstMark != 30 {
		t.Errorf("second: %+v", right)
	}
	if len(r.Picture.Black) != 1 || !about(r.Picture.Black[0].From, 2, 0.001) {
		t.Errorf("black %v, want from 2", r.Picture.Black)
	}
}

func TestCroppedAndCoveringTiles(t *testing.T) {
	t.Parallel()
	graph := "[0:v]crop=360:480,scale=240:320[c];[1:v]scale=160:120[p];color=black:s=640x480:r=30[bg];[bg][c]overlay=100:80[x];[x][p]overlay=470:350[v]"
	r := analyze(t, clip(t, []string{"vp8-11", "vp8-12"}, graph, "-t", "1"), Options{})
	a := only(t, r, "vp8-11")
	if want := (media.Rect{X: 100, Y: 80, Width: 240, Height: 320}); !a.Visible.Near(want, 2) {
		t.Errorf("cropped: visible %+v, want %+v", a.Visible, want)
	}
	if want := (media.Rect{X: 7, Y: 80, Width: 426, Height: 320}); !a.Rect.Near(want, 2) {
		t.Errorf("cropped: whole picture %+v, want %+v", a.Rect, want)
	}
	if b := only(t, r, "vp8-12"); b.Rect != (media.Rect{X: 470, Y: 350, Width: 160, Height: 120}) {
		t.Errorf("covering: %+v", b.Rect)
	}
}

func TestSameStreamTwiceAndWrongColours(t *testing.T) {
	t.Parallel()
	graph := "[0:v]scale=320:240,split[l][x];[x]shuffleplanes=0:2:1[r];[l][r]hstack[v]"
	r := analyze(t, clip(t, []string{"vp8-13"}, graph, "-t", "1"), Options{})
	all := r.Picture.OfStream("vp8-13")
	if len(all) != 2 {
		t.Fatalf("appearances: %+v, want two", all)
	}
	for i, a := range all {
		want := media.Rect{X: i * 320, Width: 320, Height: 240}
		if a.Rect != want || a.Visible != want || a.Frames != 30 {
			t.Errorf("appearance %d: %+v", i, a)
		}
		if wrong := a.Tint > 15; wrong != (i == 1) {
			t.Errorf("appearance %d: tint %g", i, a.Tint)
		}
	}
}

func TestChangeOfAspectIsLetterboxed(t *testing.T) {
	t.Parallel()
	scale := "scale=320:240:force_original_aspect_ratio=decrease:eval=frame,pad=320:240:-1:-1:eval=frame"
	r := analyze(t, clip(t, []string{"aspect"}, "[0:v]"+scale+"[v]", "-t", "10"), Options{})
	want := []media.Rect{{X: 0, Y: 0, Width: 320, Height: 240}, {X: 92, Y: 0, Width: 135, Height: 240}, {X: 0, Y: 0, Width: 320, Height: 240}}
	all := r.Picture.OfStream("aspect")
	if len(all) != len(want) {
		t.Fatalf("appearances: %+v, want three", all)
	}
	for i, a := range all {
		if !a.Rect.Near(want[i], 2) || a.FirstMark != i*100 || a.LastMark != i*100+99 {
			t.Errorf("part %d: %+v, want %+v", i, a, want[i])
		}
	}
}

func TestWrongFrameRateAndOrder(t *testing.T) {
	t.Parallel()
	path := clip(t, []string{"vp8-01"}, "[0:v]fps=15[v]", "-movflags", "-faststart", "-bf", "2", "-profile:v", "main", "-preset", "veryfast", "-b_strategy", "0")
	r := analyze(t, path, Options{})
	if !about(r.Video.FrameRate, 15, 0.01) || r.MoovFirst || !r.Video.Reordered || r.Video.BFrames < 10 || r.Video.Profile != 77 {
		t.Errorf("rate %g, moov first %v, reordered %v, %d B-frames, profile %d", r.Video.FrameRate, r.MoovFirst, r.Video.Reordered, r.Video.BFrames, r.Video.Profile)
	}
	// Half of the marks are skipped. None is out of order, although the file reorders.
	if a := only(t, r, "vp8-01"); a.Frames != 45 || !about(float64(a.Missing), 44, 1) || a.LongestGap != 1 || a.Backward > 0 {
		t.Errorf("%+v", a)
	}
}

func TestEveryToneInOneMix(t *testing.T) {
	t.Parallel()
	var ids []string
	want := map[string]float64{}
	for _, tone := range manifest(t).Tones {
		ids = append(ids, tone.ID)
		want[tone.ID] = 0
	}
	r := analyze(t, clip(t, ids, fmt.Sprintf("amix=%d:normalize=0[a]", len(ids))), Options{})
	for _, id := range ids {
		if spans := r.Sound.OfTone(id); len(spans) != 1 || len(spans[0].Beats) != 2 {
			t.Errorf("%s: %+v", id, spans)
		}
	}
	if len(r.Sound.Tones) != len(ids) || !r.Has(media.NoVideo) || r.Sound.Peak > 1 {
		t.Errorf("%d spans, peak %g, findings %v", len(r.Sound.Tones), r.Sound.Peak, r.Findings)
	}
}

func TestSingleTonesAreHeardAlone(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"tone-01", "tone-25", "tone-50"} {
		r := analyze(t, clip(t, []string{id}, "[0:a]anull[a]", "-t", "1.5"), Options{})
		if len(r.Sound.Tones) != 1 || r.Sound.Tones[0].ID != id {
			t.Errorf("%s: heard %+v", id, r.Sound.Tones)
		}
	}
}

// TestFaintTonesAreNoTones checks that the trace that a cut leaves in the analysis of another tone is not taken for that
// tone and its offset.
func TestFaintTonesAreNoTones(t *testing.T) {
	t.Parallel()
	graph := "[0:v]null[v];[1:a]adelay=300:all=1,volume=0.02[x];[2:a]adelay=1200:all=1[y];[x][y]amix=2:normalize=0[a]"
	r := analyze(t, clip(t, []string{"vp8-01", "tone-07", "tone-08"}, graph), Options{})
	if spans := r.Sound.OfTone("tone-07"); len(spans) > 0 {
		t.Errorf("tone-07: %+v", spans)
	}
	if _, ok := apart(r, "vp8-01", "tone-07"); ok {
		t.Error("there is an offset of a faint tone")
	}
	if offset, ok := apart(r, "vp8-01", "tone-08"); !ok || !about(offset, 0.2, 0.005) {
		t.Errorf("offset %g, %v; want 0.2", offset, ok)
	}
}

func TestToneThatStops(t *testing.T) {
	t.Parallel()
	graph := "[0:a]volume=enable='gte(t,1.5)':volume=0[x];[1:a]volume=enable='gte(t,2.2)':volume=0[y];[x][y]amix=2:normalize=0[a]"
	r := analyze(t, clip(t, []string{"tone-10", "tone-11"}, graph), Options{})
	for id, end := range map[string]float64{"tone-10": 1.5, "tone-11": 2.2} {
		if spans := r.Sound.OfTone(id); len(spans) != 1 || !about(spans[0].To, end, 0.025) {
			t.Errorf("%s: %+v, want it to end at %g", id, spans, end)
		}
	}
	if len(r.Sound.Silence) != 1 || !about(r.Sound.Silence[0].From, 2.3, 0.11) || !about(r.Sound.Silence[0].To, 3, 0.11) {
		t.Errorf("silence %v, want about 2.3 to 3", r.Sound.Silence)
	}
}

func BenchmarkTenSecondsVGA(b *testing.B) {
	path := clip(b, []string{"vp8-01", "vp8-02", "vp8-03", "motion", "tone-01"}, grid(4, 2, 320, 240, "v")+";[4:a]anull[a]", "-t", "10")
	for b.Loop() {
		analyze(b, path, Options{})
	}
}

// apart returns the median by which a tone comes later than the video that it was published with, in seconds. ok is false when the file
// shows no pair.
func apart(r media.Report, video, tone string) (offset float64, ok bool) {
	d := r.AVOffsets(video, tone)
	return media.Median(d), len(d) > 0
}
