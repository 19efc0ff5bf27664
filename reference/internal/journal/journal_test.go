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
	"syscall"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

func open(t testing.TB, dir string) *Journal {
	t.Helper()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func note(t testing.TB, j *Journal, list ...Event) {
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

// readAll reads what is there.
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

var recording = Event{Kind: Recording, Archive: "a", At: 1}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	note(t, j, recording)
	w := begin(t, j, "s")
	var video, audio []Item
	for i := range 10 {
		if err := errors.Join(w.Append(frameAt(i)), w.Append(packetAt(i))); err != nil {
			t.Fatal(err)
		}
		video, audio = append(video, Item{Sample: frameAt(i)}), append(audio, Item{Sample: packetAt(i)})
	}
	if err := errors.Join(w.Advance(true, 5000), w.Advance(true, 4000), w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	video = append(video, Item{Sample: av.Sample{Time: 5000}, Mark: true})
	for range 2 { // as written, and as opened again
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
		j = open(t, dir)
	}
	if last, ok := j.LastMedia(); !ok || last != 5000 {
		t.Errorf("last media %d %v", last, ok)
	}
	if _, err := j.Stream("s"); !errors.Is(err, ErrEnded) {
		t.Errorf("stream begun twice: %v", err)
	}
}

// TestTruncatedAnywhere cuts a stream's log at every offset: what was whole before the cut is read, and no more.
func TestTruncatedAnywhere(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	note(t, j, recording)
	w := begin(t, j, "s")
	ends := []int{len(magic)}
	for i := range 5 {
		if err := w.Append(frameAt(i)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(w.log.size))
	}
	whole, err := os.ReadFile(segmentPath(w.log.dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		for _, tail := range [][]byte{nil, make([]byte, 100), bytes.Repeat([]byte{0xa5}, 40)} {
			dir := t.TempDir()
			path := filepath.Join(dir, "00000001.seg")
			if err := os.WriteFile(path, append(bytes.Clone(whole[:cut]), tail...), 0o644); err != nil {
				t.Fatal(err)
			}
			want := -1
			for _, e := range ends {
				if e <= cut {
					want++
				}
			}
			want = max(want, 0)
			var got int
			l, torn, err := openLog(dir, func(record) error { got++; return nil })
			if err != nil || got != want {
				t.Fatalf("cut at %d with a tail of %d: %d records, want %d: %v", cut, len(tail), got, want, err)
			}
			if torn != nil && (cut >= len(magic) && torn.Offset != int64(ends[want]) || torn.Path != path) {
				t.Fatalf("cut at %d: %v", cut, torn)
			}
			clean := len(tail) == 0 && (cut == ends[want])
			if clean != (torn == nil) {
				t.Fatalf("cut at %d with a tail of %d: torn %v", cut, len(tail), torn)
			}
			if err := errors.Join(l.end(), err); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTimelineTruncatedAnywhere does the same to events, through Open.
func TestTimelineTruncatedAnywhere(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	begin(t, j, "s")
	list := []Event{recording, {Kind: StreamAdded, Stream: "s", At: 2, HasAudio: true, Classes: []string{"focus"}}, {Kind: Stopped, Archive: "a", At: 9}}
	var ends []int64
	for _, e := range list {
		note(t, j, e)
		ends = append(ends, j.events.size)
	}
	path := segmentPath(j.events.dir, 1)
	whole, err := os.ReadFile(path)
	if err != nil || j.Close() != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := 0
		for want < len(ends) && ends[want] <= int64(cut) {
			want++
		}
		var got []Event
		if want > 0 {
			got, _, _ = j.Events(t.Context(), 0, 0)
		}
		if len(got) != want || want > 0 && !reflect.DeepEqual(got, list[:want]) {
			t.Fatalf("cut at %d: %+v, want the first %d", cut, got, want)
		}
		note(t, j, list...) // recovery says it all again
		if got, _, _ := j.Events(t.Context(), 0, 0); !reflect.DeepEqual(got, list) {
			t.Fatalf("cut at %d, noted again: %+v", cut, got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReaderFollows(t *testing.T) {
	j := open(t, t.TempDir())
	note(t, j, recording)
	w := begin(t, j, "s")
	const n = 2000
	data := bytes.Repeat([]byte{7}, segmentSize/n*3) // three segments
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
	if w.log.current() < 3 {
		t.Fatalf("%d segments", w.log.current())
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

// TestDamagedSegment: what is wrong in a sealed segment costs the rest of that segment.
func TestDamagedSegment(t *testing.T) {
	j := open(t, t.TempDir())
	note(t, j, recording)
	w := begin(t, j, "s")
	for i := range 5 {
		if err := w.Append(av.Sample{Codec: av.VP8, Time: av.Instant(i + 1), Data: make([]byte, segmentSize/2-100)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(segmentPath(w.log.dir, 1), os.O_RDWR, 0)
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
	if _, err := r.Next(t.Context()); !errors.As(err, &torn) || torn.Offset != int64(len(magic)) {
		t.Fatalf("got %v", err)
	}
	if it, err := r.Next(t.Context()); err != nil || it.Time != 3 {
		t.Fatalf("after the damage: %d %v", it.Time, err)
	}
}

func TestSeek(t *testing.T) {
	j := open(t, t.TempDir())
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
}

func TestNothingIsKeptWhileNothingRecords(t *testing.T) {
	j := open(t, t.TempDir())
	w := begin(t, j, "s")
	add := func(i int) {
		t.Helper()
		if err := w.Append(av.Sample{Codec: av.VP8, Time: av.Instant(i), Data: []byte{1}}); err != nil {
			t.Fatal(err)
		}
	}
	add(10)
	note(t, j, Event{Kind: Recording, Archive: "a", At: 15})
	add(20)
	add(25)
	note(t, j, Event{Kind: Stopped, Archive: "a", At: 30})
	add(28) // was on its way
	add(31) // passes the stop: compositions have to know
	add(40)
	note(t, j, Event{Kind: Recording, Archive: "b", At: 50})
	add(55)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, j, "s", true, 0)
	want := []string{"20 gap", "25", "28", "mark 31", "55 gap"}
	var said []string
	for _, it := range got {
		s := fmt.Sprint(it.Time)
		if it.Mark {
			s = "mark " + s
		}
		if it.Gap {
			s += " gap"
		}
		said = append(said, s)
	}
	if err != nil || !reflect.DeepEqual(said, want) {
		t.Errorf("%q, want %q (%v)", said, want, err)
	}
}

func TestOrderAndLimits(t *testing.T) {
	j := open(t, t.TempDir())
	note(t, j, recording)
	w := begin(t, j, "s")
	if err := errors.Join(w.Append(frameAt(5)), w.Append(packetAt(1)), w.Advance(false, 1003)); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"older sample": w.Append(frameAt(4)), "older than the mark": w.Append(packetAt(2))} {
		if !errors.Is(err, ErrOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	big := frameAt(9)
	big.Data = make([]byte, MaxRecord)
	if err := w.Append(big); err == nil {
		t.Error("a sample larger than a record was taken")
	}
	if err := w.Append(av.Sample{Codec: "AV1", Time: 2000}); err == nil {
		t.Error("an unknown codec was taken")
	}
	for _, id := range []string{"", "../x", "a/b", "ä", string(make([]byte, 200))} {
		if _, err := j.Stream(id); err == nil {
			t.Errorf("stream id %q was taken", id)
		}
	}
	for _, e := range []Event{{Kind: "x"}, {Kind: Stopped}, {Kind: StreamRemoved}, {Kind: StreamAdded, Stream: "unknown"}} {
		if j.Note(e) == nil {
			t.Errorf("%+v was noted", e)
		}
	}
}

func TestLateEventsTakeEffectWhereTheTimelineIsKnown(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	note(t, j, recording)
	if err := j.Advance(100); err != nil {
		t.Fatal(err)
	}
	late := Event{Kind: Paused, Archive: "a", At: 60}
	note(t, j, late, late)
	for range 2 {
		got, known, err := j.Events(t.Context(), 1, 0)
		if err != nil || len(got) != 1 || got[0].At != 100 || known != 100 {
			t.Fatalf("%+v, known to %d: %v", got, known, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = open(t, dir)
		note(t, j, late)
	}
}

func TestTimelineFollowsTheClock(t *testing.T) {
	began := time.Now()
	now := func() av.Instant { return av.Instant(time.Since(began)) + av.Instant(time.Hour) }
	j, err := Open(t.TempDir(), Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	note(t, j, Event{Kind: Recording, Archive: "a", At: now()})
	_, known, err := j.Events(t.Context(), 1, now())
	if err != nil || known.Sub(now()) > -slack {
		t.Errorf("known %v ahead of the clock: %v", known.Sub(now()), err)
	}
}

func TestSyncedInTime(t *testing.T) {
	j := open(t, t.TempDir())
	note(t, j, recording)
	w := begin(t, j, "s")
	if err := w.Append(frameAt(0)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		w.log.mu.Lock()
		dirty := w.log.dirty
		w.log.mu.Unlock()
		if !dirty {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not synced")
		}
	}
}

// TestFullDisk uses the limit on file sizes, which fails writes as a full disk does: part of the record is written.
func TestFullDisk(t *testing.T) {
	j := open(t, t.TempDir())
	note(t, j, recording)
	w := begin(t, j, "s")
	if err := w.Append(frameAt(0)); err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	room := old
	room.Cur = uint64(w.log.size) + 50
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &room); err != nil {
		t.Fatal(err)
	}
	big := frameAt(1)
	big.Data = make([]byte, 1000)
	failed := w.Append(big)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if failed == nil {
		t.Fatal("the write that did not fit succeeded")
	}
	if err := errors.Join(w.Append(frameAt(2)), w.Close()); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	got, err := readAll(t, j, "s", true, 0)
	if err != nil || len(got) != 2 || !got[1].Gap {
		t.Errorf("%v %v: want two samples, the second after a gap", got, err)
	}
}

func FuzzScan(f *testing.F) {
	sample, err := encodeSample(frameAt(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(magic))
	f.Add(append([]byte(magic), sample...))
	f.Add(append(append([]byte(magic), encodeMark(audio, 7)...), encodeBare(typeEnd, nil)...))
	f.Add(append([]byte(magic), encodeBare(typeEvent, []byte(`{"kind":"stopped","archive":"a","at":1}`))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := scan(bytes.NewReader(b), func(r record) error {
			if r.kind == typeEvent {
				_, _ = parseEvent(r.data)
			}
			return nil
		})
		var torn *TornError
		if err != nil && (!errors.As(err, &torn) || torn.Offset != n) {
			t.Fatalf("%v at %d", err, n)
		}
		if n > int64(len(b)) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
	})
}

// FuzzReader lets the reader, which reads ahead and skips, loose on the same bytes.
func FuzzReader(f *testing.F) {
	sample, err := encodeSample(frameAt(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(append([]byte(magic), sample...), sample...))
	f.Add(append([]byte(magic), 1, 0, 0, 0, 0, 0, 0, 0, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < len(magic) {
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 1), b, 0o644); err != nil {
			t.Fatal(err)
		}
		l := &segments{dir: dir, seq: 1, size: int64(len(b)), ended: true}
		r := &Reader{log: l, track: video, at: Position{1, int64(len(magic))}}
		defer r.Close()
		for range len(b) + 1 {
			if _, err := r.Next(t.Context()); err != nil {
				return
			}
		}
		t.Fatal("more items than bytes")
	})
}
