package individual

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/mux/matroska"
	"reelcheck/reference/internal/timeline"
)

// key and delta look like VP8 frames to the tested code, and packet like an Opus packet.
var (
	key    = []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0}
	delta  = []byte{0x11, 0, 0}
	packet = []byte{0x08, 1, 2, 3}
)

// block is a block of a file, at this time in ms.
type block struct {
	at   int64
	data []byte
}

// filmed returns a file with these blocks, each in its own cluster.
func filmed(blocks ...block) string { return filmedAs(matroska.Head{}, blocks...) }

// filmedBy makes a file with a client's connection id in a tag.
func filmedBy(client string, blocks ...block) string {
	return filmedAs(matroska.Head{Connection: client}, blocks...)
}

// filmedAs makes a file with the tags of head.
func filmedAs(head matroska.Head, blocks ...block) string {
	var body []byte
	head.WebM = true
	for _, b := range blocks {
		track := byte(matroska.VideoTrack)
		if b.data[0] == packet[0] {
			track, head.Channels = matroska.AudioTrack, 1
		} else {
			head.Video = av.VP8
		}
		body = matroska.AppendCluster(body, b.at, int64(len(matroska.AppendBlock(nil, track, 0, false, b.data))))
		body = matroska.AppendBlock(body, track, 0, false, b.data)
	}
	head.Body = int64(len(body))
	return string(append(head.Bytes(), body...))
}

func manifestOf(t *testing.T, m Manifest) string {
	t.Helper()
	document, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// filled fills a journal with an archive. It returns the events and the video samples by stream.
func filled(t *testing.T, m Manifest, files map[string]string) (rec Recording, events []timeline.Event, samples map[string][]journal.Item) {
	t.Helper()
	list := []string{"m.json", manifestOf(t, m)}
	for name, content := range files {
		list = append(list, name, content)
	}
	a, err := read(packed(t, zip.Store, list...))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if rec, err = a.Fill(t.Context(), j, Options{Dir: dir, Still: coded, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if events, _, err = j.Events(t.Context(), 0, -1<<63); err != nil {
		t.Fatal(err)
	}
	samples = map[string][]journal.Item{}
	for _, e := range events {
		if e.Kind != timeline.StreamAdded {
			continue
		}
		r, err := j.Reader(e.Stream, true, begin)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var it journal.Item
			if it, err = r.Next(t.Context()); err == nil {
				samples[e.Stream] = append(samples[e.Stream], it)
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rec, events, samples
}

// coded returns what looks like a key frame of H.264 to the tested code.
func coded(context.Context, *image.RGBA) ([]byte, error) {
	return av.AppendNAL(nil, []byte{0x65, 0x88}), nil
}

// told returns the events of a stream, or of the archive, as kind and ms since the beginning.
func told(events []timeline.Event, stream string) (list []string) {
	for _, e := range events {
		if e.Stream == stream {
			list = append(list, fmt.Sprintf("%s %d", e.Kind, e.At.Sub(begin).Milliseconds()))
		}
	}
	return list
}

// TestStops checks all ways in which the video of a stream can be missing.
func TestStops(t *testing.T) {
	one := func(kind string, from, to int64, name string) File {
		return File{StreamID: "s", Filename: name, StartTimeOffset: from, StopTimeOffset: to, VideoType: kind}
	}
	sounds := func(blocks ...block) []block { // adds audio until the end
		for at := int64(0); at <= 5000; at += 20 {
			blocks = append(blocks, block{at, packet})
		}
		return blocks
	}
	for _, tt := range []struct {
		name  string
		files []File
		media [][]block
		want  []string
	}{
		{"gap that ends with a key frame", []File{one("camera", 0, 5000, "a")}, [][]block{sounds(block{0, key}, block{3000, key}, block{4400, delta})},
			[]string{"videoStopped 1500", "videoResumed 3000"}},
		{"canvas drawn now and then", []File{one("custom", 0, 5000, "a")}, [][]block{sounds(block{0, key}, block{700, delta}, block{1400, delta}, block{3400, delta})},
			nil},
		{"no key frame", []File{one("custom", 0, 5000, "a")}, [][]block{sounds(block{0, key}, block{3000, delta}, block{4100, key}, block{4990, delta})},
			[]string{"videoStopped 1500", "videoResumed 3000"}},
		{"screen", []File{one("screen", 0, 5000, "a")}, [][]block{sounds(block{0, key}, block{3000, key})}, nil},
		{"screen that comes late", []File{one("screen", 0, 5000, "a")}, [][]block{sounds(block{3000, key})}, []string{"videoStopped 1500", "videoResumed 3000"}},
		{"end", []File{one("camera", 0, 5000, "a")}, [][]block{sounds(block{0, key})}, []string{"videoStopped 1500"}},
		{"connection lost", []File{one("screen", 0, 0, "a"), one("screen", 3000, 5000, "b")}, [][]block{{{0, key}}, {{0, key}, {2000, delta}}},
			[]string{"videoStopped 1500", "videoResumed 3000"}},
		{"connection lost for a moment", []File{one("camera", 0, 0, "a"), one("camera", 1000, 3000, "b")},
			[][]block{{{0, key}, {0, packet}}, {{0, packet}, {1000, key}, {2000, delta}}}, nil},
		{"removed", []File{one("camera", 0, 500, "a"), one("camera", 1000, 3000, "b")}, [][]block{{{0, key}}, {{0, packet}, {1000, key}, {2000, delta}}},
			[]string{"videoStopped 500", "videoResumed 1000"}},
		{"removed, then sound alone", []File{one("camera", 0, 500, "a"), one("camera", 1000, 1010, "b"), one("camera", 2000, 4000, "c")},
			[][]block{{{0, key}}, {{0, packet}}, {{0, key}, {1000, delta}, {2000, delta}}}, []string{"videoStopped 500", "videoResumed 2000"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{}
			for i, f := range tt.files {
				files[f.Filename] = filmed(tt.media[i]...)
			}
			_, events, _ := filled(t, Manifest{Files: tt.files}, files)
			got := told(events, "1-s")
			if len(got) < 2 || !slices.Equal(got[1:len(got)-1], tt.want) {
				t.Errorf("events %v, want %v between the first and the last", got, tt.want)
			}
		})
	}
}

// TestCut reads files of this recorder, which say that a connection was lost. The end of a file does not: its last sound plays to the end either
// way.
func TestCut(t *testing.T) {
	list := []File{{StreamID: "s", Filename: "a", StopTimeOffset: 520, VideoType: "camera"},
		{StreamID: "s", Filename: "b", StartTimeOffset: 1000, StopTimeOffset: 3000, VideoType: "camera"}}
	for cut, want := range map[bool][]string{true: {}, false: {"videoStopped 520", "videoResumed 1000"}} {
		files := map[string]string{
			"a": filmedAs(matroska.Head{Connection: "c", Cut: cut}, block{0, key}, block{500, packet}),
			"b": filmedBy("c", block{0, packet}, block{1000, key}, block{2000, delta}),
		}
		_, events, _ := filled(t, Manifest{Files: list}, files)
		if got := told(events, "1-s"); len(got) < 2 || !slices.Equal(got[1:len(got)-1], want) {
			t.Errorf("cut %v: events %v, want %v between the first and the last", cut, got, want)
		}
	}
}

// TestManyStreamsInManyFiles has fifty cameras and fifty voices. Each loses its connection seven times.
func TestManyStreamsInManyFiles(t *testing.T) {
	const streams, segments = 100, 8
	files := map[string]string{"v": filmed(block{0, key}, block{900, delta}), "a": filmed(block{0, packet}, block{900, packet})}
	var m Manifest
	for s := range streams {
		for n := range segments {
			name, kind := fmt.Sprintf("%d-%d", s, n), "va"[s%2:s%2+1]
			files[name] = files[kind]
			m.Files = append(m.Files, File{StreamID: fmt.Sprint(s), Filename: name, StartTimeOffset: int64(n) * 1500, StopTimeOffset: int64(n)*1500 + 900})
		}
	}
	rec, events, samples := filled(t, m, files)
	if length := rec.End.Sub(rec.Start); length != (segments-1)*1500*time.Millisecond+900*time.Millisecond {
		t.Errorf("it lasts %v", length)
	}
	// The recording begins and ends, and streams come and go. No connection was lost for long enough to show in the picture.
	if want := 2 + 2*streams; len(events) != want || len(samples) != streams/2 {
		t.Errorf("%d events, want %d; %d streams with video", len(events), want, len(samples))
	}
	for id, list := range samples {
		if len(list) != 2*segments {
			t.Errorf("stream %s has %d frames", id, len(list))
		}
		for i, it := range list {
			if it.Key != (i%2 == 0) || it.Gap != (i%2 == 0 && i > 0) {
				t.Errorf("stream %s, frame %d: key %v, gap %v", id, i, it.Key, it.Gap)
			}
		}
	}
}

// TestStillStands has a picture that is shown for longer than a publisher may be away, followed by a camera.
func TestStillStands(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	_, events, samples := filled(t, Manifest{Files: []File{
		{StreamID: "s", Filename: "a", StartTimeOffset: 500, StopTimeOffset: 60000}, {StreamID: "s", Filename: "b", StartTimeOffset: 60000, StopTimeOffset: 61000}}},
		map[string]string{"a": picture.String(), "b": filmed(block{0, key}, block{1000, delta})})
	if got, want := told(events, "1-s"), []string{"streamAdded 500", "streamRemoved 61000"}; !slices.Equal(got, want) || len(samples["1-s"]) != 3 {
		t.Errorf("%v, want %v; %d frames", got, want, len(samples["1-s"]))
	}
}

// TestSameStreamTwice has two files of one stream that overlap and so cannot follow each other.
func TestSameStreamTwice(t *testing.T) {
	file := filmed(block{0, key}, block{1000, delta})
	_, events, samples := filled(t, Manifest{Files: []File{
		{StreamID: "s", Filename: "a", StopTimeOffset: 1000}, {StreamID: "s", Filename: "b", StopTimeOffset: 1000}}}, map[string]string{"a": file, "b": file})
	if len(samples) != 2 || len(events) != 6 {
		t.Errorf("%d streams, %d events", len(samples), len(events))
	}
}

// TestBeginning has first media at once, late, and before the recording.
func TestBeginning(t *testing.T) {
	for from, want := range map[int64]string{0: "streamAdded 0", 1500: "streamAdded 1500", 2500: "streamAdded 0", -40: "streamAdded 0"} {
		_, events, samples := filled(t, Manifest{Files: []File{{StreamID: "s", Filename: "a", StartTimeOffset: from, StopTimeOffset: from + 1000}}},
			map[string]string{"a": filmed(block{0, key}, block{1000, delta})})
		if got := told(events, "1-s")[0]; got != want || len(samples["1-s"]) != 2 {
			t.Errorf("from %d ms: %s, want %s; %d frames", from, got, want, len(samples["1-s"]))
		}
	}
}

// TestOrderOfStreams checks that streams that were there when the recording began are in the order of the manifest, whatever media came first.
// The others follow in the order in which they began.
func TestOrderOfStreams(t *testing.T) {
	var m Manifest
	files := map[string]string{}
	for _, f := range []struct {
		stream string
		from   int64
	}{{"one", 130}, {"two", 20}, {"late", 1500}, {"three", 70}, {"middle", 700}} {
		m.Files = append(m.Files, File{StreamID: f.stream, Filename: f.stream, StartTimeOffset: f.from, StopTimeOffset: 3000, VideoType: "camera"})
		files[f.stream] = filmed(block{0, key}, block{1000, delta})
	}
	_, events, _ := filled(t, m, files)
	var got []string
	for _, e := range events {
		if e.Kind == timeline.StreamAdded {
			_, stream, _ := strings.Cut(e.Stream, "-")
			got = append(got, fmt.Sprintf("%s %d", stream, e.At.Sub(begin).Milliseconds()))
		}
	}
	if want := []string{"one 0", "two 0", "three 0", "middle 700", "late 1500"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
