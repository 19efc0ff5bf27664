package matroska

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"reelcheck/conformance/media/coded"
)

// held compares the frames of a track with the units of a fixture.
func held(t *testing.T, r Report, kind, fixture string) {
	t.Helper()
	l, err := coded.LoopOf(manifest(t), fixture)
	if err != nil {
		t.Fatal(err)
	}
	track, ok := r.Of(kind)
	if !ok || len(track.Frames) != len(l.Sums) {
		t.Fatalf("%s: %d frames of %s, want %d", fixture, len(track.Frames), kind, len(l.Sums))
	}
	every := 10 * time.Second / time.Duration(len(l.Sums))
	for i, f := range track.Frames {
		if f.Sum != l.Sums[i] || f.Intra != l.Units[i].Key || f.Key != l.Units[i].Key {
			t.Fatalf("%s: frame %d is %+v, want %s of %+v", fixture, i, f, l.Sums[i], l.Units[i])
		}
		if off := track.Presented(i) - every*time.Duration(i); off.Abs() > time.Millisecond {
			t.Fatalf("%s: frame %d at %v, want %v", fixture, i, f.At, every*time.Duration(i))
		}
	}
}

func TestFilesOfFFmpegHoldWhatTheyWereMadeOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, video, codec, docType string
		args                        []string
	}{
		{"a.webm", "vp8-01", "V_VP8", "webm", nil},
		{"a.webm", "vp9", "V_VP9", "webm", nil},
		{"a.mkv", "h264-02", "V_MPEG4/ISO/AVC", "matroska", nil},
		{"a.webm", "aspect", "V_VP8", "webm", []string{"-cluster_time_limit", "700"}},
		{"live.webm", "vp8-03", "V_VP8", "webm", []string{"-live", "1"}},
	} {
		b := ffmpeg(t, c.name, append([]string{"-i", fixture(c.video + ".ivf"), "-i", fixture("tone-01.ogg"), "-c", "copy"}, c.args...)...)
		r := Read(bytes.NewReader(b))
		if len(r.Findings) > 0 || r.DocType != c.docType || r.Size != int64(len(b)) || len(r.Tracks) != 2 || r.Clusters == 0 {
			t.Fatalf("%s: %+v", c.video, r)
		}
		video, _ := r.Of(Video)
		audio, _ := r.Of(Audio)
		if video.Codec != c.codec || video.Width != 640 || video.Height != 480 || audio.Codec != "A_OPUS" || audio.Channels != 1 || audio.SamplingRate != 48000 {
			t.Errorf("%s: video %s %dx%d, audio %s", c.video, video.Codec, video.Width, video.Height, audio.Codec)
		}
		held(t, r, Video, c.video)
		held(t, r, Audio, "tone-01")
		if live := c.args != nil && c.args[0] == "-live"; r.SegmentUnknown != live {
			t.Errorf("%s: unknown size of the segment %v, want %v", c.video, r.SegmentUnknown, live)
		}
		if c.video == "aspect" {
			want := []Size{{0, 640, 480}, {100, 360, 640}, {200, 320, 240}}
			if w, h := video.SizeAt(150); !reflect.DeepEqual(video.Sizes, want) || w != 360 || h != 640 {
				t.Errorf("sizes %v, want %v; of frame 150 %dx%d", video.Sizes, want, w, h)
			}
		}
	}
}

// TestAnnexB reads H.264 with start codes, without CodecPrivate or with parameter sets in it. FFmpeg reads that, so
// recorders may write it.
func TestAnnexB(t *testing.T) {
	t.Parallel()
	v, err := manifest(t).Video("h264-01")
	if err != nil {
		t.Fatal(err)
	}
	frames, err := v.Frames()
	if err != nil {
		t.Fatal(err)
	}
	for name, private := range map[string][]byte{"none": nil, "parameter sets": frames[0].Data[:40]} {
		var blocks [][]byte
		for i, f := range frames {
			flags := byte(0)
			if f.Key {
				flags = 0x80
			}
			// A delimiter, filler and zeros do not change the picture.
			data := append([]byte{0, 0, 0, 1, 9, 0xf0}, f.Data...)
			data = append(data, 0, 0, 0, 0, 1, 12, 0xff, 0x80, 0, 0)
			blocks = append(blocks, simple(1, int16(i*100/3), flags, data...))
		}
		file := slices.Concat(head("matroska"), open(idSegment, info(), el(idTracks, videoTrack(1, "V_MPEG4/ISO/AVC", private)),
			el(idCluster, append([][]byte{num(idTimestamp, 0)}, blocks...)...)))
		r := Read(bytes.NewReader(file))
		if len(r.Findings) > 0 || r.Tracks[0].AnnexB != len(frames) {
			t.Fatalf("%s: %d frames in Annex B, findings %v", name, r.Tracks[0].AnnexB, r.Findings)
		}
		held(t, r, Video, "h264-01")
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	key, inter := vp8Key(320, 240), vp8Inter
	xiph := slices.Concat([]byte{2, 255, 45, 2}, celtOf(300), celt(2), celt(3))
	ebml := slices.Concat([]byte{2, 0x83, 0x60, 0x00 + 0x1e}, []byte{31 << 3, 1, 1}, celtOf(34), celt(9))
	file := slices.Concat(head("webm"), open(idSegment, info(), el(idTracks, videoTrack(1, "V_VP8", nil), audioTrack(2)),
		open(idCluster, num(idTimestamp, 1000),
			simple(1, -40, 0x80, key...),
			simple(1, 0, 0x00, inter...),
			el(idBlockGroup, el(idBlock, block(1, 33, 0, key...))),
			el(idBlockGroup, el(idBlock, block(1, 66, 0, inter...)), el(idReferenceBlock, []byte{0xdf}), num(0x9b, 33)),
			simple(2, 0, 0x80|1<<1, xiph...)),
		open(idCluster, num(idTimestamp, 70000),
			simple(2, 0, 0x80|3<<1, ebml...),
			simple(2, 100, 0x80|2<<1, slices.Concat([]byte{1}, celt(4), celt(5))...)),
		el(idCues, el(idCuePoint, num(0xb3, 1)), el(idCuePoint, num(0xb3, 2))),
		el(idTags, []byte{0xec, 0x80})))
	r := Read(iotest.OneByteReader(bytes.NewReader(file)))
	if len(r.Findings) > 0 {
		t.Fatal(r.Findings)
	}
	if !r.SegmentUnknown || r.Clusters != 2 || r.UnknownClusters != 2 || r.SimpleBlocks != 5 || r.BlockGroups != 2 || r.Laced != 3 || r.Cues != 2 {
		t.Errorf("%+v", r)
	}
	ms := time.Millisecond
	var got []Frame
	for _, f := range slices.Concat(r.Tracks[0].Frames, r.Tracks[1].Frames) {
		f.Sum = ""
		got = append(got, f)
	}
	want := []Frame{
		{960 * ms, len(key), true, true, false, ""}, {1000 * ms, len(inter), false, false, false, ""},
		{1033 * ms, len(key), true, true, false, ""}, {1066 * ms, len(inter), false, false, false, ""},
		{1000 * ms, 300, true, true, false, ""}, {1020 * ms, 2, true, true, true, ""}, {1040 * ms, 2, true, true, true, ""},
		{70000 * ms, 3, true, true, false, ""}, {70020 * ms, 34, true, true, true, ""}, {70040 * ms, 2, true, true, true, ""},
		{70100 * ms, 2, true, true, false, ""}, {70120 * ms, 2, true, true, true, ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("frames\n%v, want\n%v", got, want)
	}
	if sum := r.Tracks[1].Frames[1].Sum; sum != coded.Sum(coded.Opus, celt(2)) {
		t.Errorf("a laced frame has the sum %s", sum)
	}
	if at := r.Tracks[1].Presented(0); at != 1000*ms-6500*time.Microsecond {
		t.Errorf("presented at %v: CodecDelay is 6.5 ms", at)
	}
	if r.Tracks[0].UID != 1<<63+1 || r.Duration != 1.5 || r.MuxingApp != "m" {
		t.Errorf("uid %d, duration %v", r.Tracks[0].UID, r.Duration)
	}
}

// celtOf returns an Opus packet of n bytes.
func celtOf(n int) []byte { return append(celt(0), make([]byte, n-2)...) }

func TestReportsSurviveJSON(t *testing.T) {
	t.Parallel()
	r := Read(bytes.NewReader(whole()))
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(r, back) {
		t.Errorf("%v: %+v, want %+v", err, back, r)
	}
	if err := json.Unmarshal([]byte(`[1,2]`), new(Frame)); err == nil {
		t.Error("a frame of two parts was read")
	}
}

// whole returns a small file with one of everything.
func whole() []byte {
	return slices.Concat(head("webm"), el(idSegment, el(idSeekHead, []byte{0xec, 0x80}), info(), el(idTracks, videoTrack(1, "V_VP8", nil), audioTrack(2)),
		el(idCluster, num(idTimestamp, 0), simple(1, 0, 0x80, vp8Key(640, 480)...), simple(2, 3, 0x80, celt(1)...)),
		el(idCluster, num(idTimestamp, 500), el(idBlockGroup, el(idBlock, block(1, 0, 0, vp8Inter...)), el(idReferenceBlock, []byte{0x80})),
			simple(2, 20, 0x80|1<<1, slices.Concat([]byte{1, 2}, celt(2), celt(3))...)),
		el(idCues, el(idCuePoint, num(0xb3, 1)))))
}
