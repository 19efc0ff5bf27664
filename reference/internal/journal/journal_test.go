package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal/segment"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/timeline"
)

func open(t testing.TB, dir string) *Journal { return openWith(t, dir, nil) }

func openWith(t testing.TB, dir string, key []byte) *Journal {
	t.Helper()
	j, err := Open(dir, Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func note(t testing.TB, j *Journal, list ...timeline.Event) {
	t.Helper()
	for _, e := range list {
		if err := j.Note(e); err != nil {
			t.Fatal(err)
		}
	}
}

func begin(t testing.TB, j *Journal, id string) *Writer {
	t.Helper()
	w, err := j.Stream(id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func frameAt(i int) av.Sample {
	return av.Sample{Codec: av.VP8, Time: av.Instant(1000 + i), Key: i%3 == 0, Gap: i == 4, Data: bytes.Repeat([]byte{byte(i + 1)}, 1+i*7)}
}

func packetAt(i int) av.Sample {
	return av.Sample{Codec: av.Opus, Time: av.Instant(1000 + i), Data: []byte{byte(i), 1}}
}

// readAll reads a stream to its end.
func readAll(t testing.TB, j *Journal, id string, isVideo bool, from av.Instant) (list []Item, err error) {
	t.Helper()
	r, err := j.Reader(id, isVideo, from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		it, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return list, err
		}
		list = append(list, it)
	}
}

var recording = timeline.Event{Kind: timeline.Recording, Archive: "a", At: 1}

// plainAndSealed runs a test on a journal without a key and on one with a key.
func plainAndSealed(t *testing.T, test func(t *testing.T, key []byte)) {
	t.Run("plain", func(t *testing.T) { test(t, nil) })
	t.Run("sealed", func(t *testing.T) { test(t, seal.NewKey()) })
}

// segmentPath returns the path of a file of a log.
func segmentPath(j *Journal, log string, seq int) string {
	return filepath.Join(j.dir, log, fmt.Sprintf("%08d.seg", seq))
}

// segmentSize returns the size of the first file of a log.
func segmentSize(t testing.TB, j *Journal, log string) int64 {
	t.Helper()
	info, err := os.Stat(segmentPath(j, log, 1))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestRoundTrip(t *testing.T) { plainAndSealed(t, roundTrip) }

func roundTrip(t *testing.T, key []byte) {
	dir := t.TempDir()
	j := openWith(t, dir, key)
	note(t, j, recording)
	w := begin(t, j, "s")
	var video, audio []Item
	for i := range 10 {
		if err := errors.Join(w.Append(frameAt(i)), w.Append(packetAt(i))); err != nil {
			t.Fatal(err)
		}
		video, audio = append(video, Item{Sample: frameAt(i), Video: true}), append(audio, Item{Sample: packetAt(i)})
	}
	if err := errors.Join(w.Advance(true, 5000), w.Advance(true, 4000), w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	video = append(video, Item{Sample: av.Sample{Time: 5000}, Video: true, Mark: true})
	for range 2 { // as written, and after a restart
		if got, err := readAll(t, j, "s", true, 0); err != nil || !reflect.DeepEqual(got, video) {
			t.Fatalf("video: %v\n%v\nwant\n%v", err, got, video)
		}
		if got, err := readAll(t, j, "s", false, 0); err != nil || !reflect.DeepEqual(got, audio) {
			t.Fatalf("audio: %v\n%v\nwant\n%v", err, got, audio)
		}
		if got, _ := readAll(t, j, "s", false, 1004); len(got) != 6 || got[0].Time != 1004 {
			t.Fatalf("from the fifth packet: %v", got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = openWith(t, dir, key)
	}
	if last, ok := j.LastMedia(); !ok || last != 5000 {
		t.Errorf("last media %d %v", last, ok)
	}
	if _, err := j.Stream("s"); !errors.Is(err, ErrEnded) {
		t.Errorf("stream begun twice: %v", err)
	}
}

// TestTimelineTruncatedAnywhere cuts the event log at every offset and opens the journal.
func TestTimelineTruncatedAnywhere(t *testing.T) { plainAndSealed(t, timelineTruncatedAnywhere) }

func timelineTruncatedAnywhere(t *testing.T, key []byte) {
	dir := t.TempDir()
	j := openWith(t, dir, key)
	begin(t, j, "s")
	list := []timeline.Event{recording, {Kind: timeline.StreamAdded, Stream: "s", At: 2, HasAudio: true, Classes: []string{"focus"}}, {Kind: timeline.Selected, Archive: "a", At: 3, Selection: []timeline.Selection{{Stream: "s", HasAudio: true}}}, {Kind: timeline.Selected, Archive: "a", At: 4},
		{Kind: timeline.Arranged, Archive: "a", At: 5, Layout: new(layouttest.New(layout.Spec{Type: layout.Custom, Stylesheet: "stream{left:0}"}))}, {Kind: timeline.Classified, Stream: "s", At: 6, Classes: []string{"full"}}, {Kind: timeline.Stopped, Archive: "a", At: 9}}
	var ends []int64
	for _, e := range list {
		note(t, j, e)
		ends = append(ends, segmentSize(t, j, timelineLog))
	}
	path := segmentPath(j, timelineLog, 1)
	whole, err := os.ReadFile(path)
	if err != nil || j.Close() != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, Options{Key: key})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := 0
		for want < len(ends) && ends[want] <= int64(cut) {
			want++
		}
		var got []timeline.Event
		if want > 0 {
			got, _, _ = j.Events(t.Context(), 0, 0)
		}
		if removed := want >= 2; removed { // Open removed the stream
			last := len(got) - 1
			if e := got[last]; e.Kind != timeline.StreamRemoved || e.Stream != "s" || e.Reason != ReasonInterrupted || e.At != got[last-1].At {
				t.Fatalf("cut at %d: %+v is not the end of the stream", cut, e)
			}
			got = got[:last]
		}
		if len(got) != want || want > 0 && !reflect.DeepEqual(got, list[:want]) {
			t.Fatalf("cut at %d: %+v, want the first %d", cut, got, want)
		}
		note(t, j, list...) // recovery notes all events again
		again, _, _ := j.Events(t.Context(), 0, 0)
		again = slices.DeleteFunc(again, func(e timeline.Event) bool { return e.Kind == timeline.StreamRemoved })
		if !reflect.DeepEqual(again, list) {
			t.Fatalf("cut at %d, noted again: %+v", cut, again)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReaderFollows(t *testing.T) { plainAndSealed(t, readerFollows) }

func readerFollows(t *testing.T, key []byte) {
	j := openWith(t, t.TempDir(), key)
	note(t, j, recording)
	w := begin(t, j, "s")
	const n = 2000
	data := bytes.Repeat([]byte{7}, segment.Size/n*3) // three segments
	go func() {
		for i := range n {
			if err := w.Append(av.Sample{Codec: av.H264, Time: av.Instant(i + 1), Data: data}); err != nil {
				t.Error(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	got, err := readAll(t, j, "s", true, 0)
	if err != nil || len(got) != n || got[n-1].Time != n {
		t.Fatalf("%d samples: %v", len(got), err)
	}
	if w.log.Current() < 3 {
		t.Fatalf("%d segments", w.log.Current())
	}
}

func TestReaderStopsWaiting(t *testing.T) {
	j := open(t, t.TempDir())
	begin(t, j, "s")
	r, err := j.Reader("s", true, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestDamagedSegment checks that damage in a full segment loses only the rest of that segment.
func TestDamagedSegment(t *testing.T) { plainAndSealed(t, damagedSegment) }

func damagedSegment(t *testing.T, key []byte) {
	j := openWith(t, t.TempDir(), key)
	note(t, j, recording)
	w := begin(t, j, "s")
	for i := range 5 {
		if err := w.Append(av.Sample{Codec: av.VP8, Time: av.Instant(i + 1), Data: make([]byte, segment.Size/2-100)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(segmentPath(j, streamLog("s"), 1), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{1}, 1000); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	r, err := j.Reader("s", true, 0)
	if err != nil {
		t.Fatal(err)
	}
	var torn *TornError
	if _, err := r.Next(t.Context()); !errors.As(err, &torn) || torn.Offset != First.Offset {
		t.Fatalf("got %v", err)
	}
	if it, err := r.Next(t.Context()); err != nil || it.Time != 3 {
		t.Fatalf("after the damage: %d %v", it.Time, err)
	}
}

func TestSeek(t *testing.T) { plainAndSealed(t, seek) }

func seek(t *testing.T, key []byte) {
	j := openWith(t, t.TempDir(), key)
	note(t, j, recording)
	w := begin(t, j, "s")
	for i := range 9 {
		if err := w.Append(frameAt(i)); err != nil {
			t.Fatal(err)
		}
	}
	r, _ := j.Reader("s", true, 0)
	var places []Position
	for range 9 {
		if _, err := r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		places = append(places, r.Position())
	}
	if err := r.Seek(places[3]); err != nil {
		t.Fatal(err)
	}
	if it, err := r.Next(t.Context()); err != nil || it.Time != frameAt(3).Time {
		t.Errorf("%v %v", it.Time, err)
	}
	// At the end, after records that it skipped, Position is still the place of the last item.
	if err := errors.Join(w.Append(packetAt(9)), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, err := r.Next(t.Context()); !errors.Is(err, io.EOF); _, err = r.Next(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Seek(r.Position()); err != nil {
		t.Fatal(err)
	}
	if it, err := r.Next(t.Context()); err != nil || it.Time != frameAt(8).Time {
		t.Errorf("the last item again: %v %v", it.Time, err)
	}
}
