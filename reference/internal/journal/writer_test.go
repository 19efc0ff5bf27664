package journal

import (
	"errors"
	"fmt"
	"reflect"
	"syscall"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal/segment"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

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
	note(t, j, timeline.Event{Kind: timeline.Recording, Archive: "a", At: 15})
	add(20)
	add(25)
	note(t, j, timeline.Event{Kind: timeline.Stopped, Archive: "a", At: 30})
	add(28) // it was on its way
	add(31) // this passes the stop, and compositions must know it
	add(40)
	note(t, j, timeline.Event{Kind: timeline.Recording, Archive: "b", At: 50})
	add(55)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, j, "s", true, 0)
	want := []string{"20 gap", "25", "28", "mark 31 gap", "55 gap"}
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
	big.Data = make([]byte, segment.MaxRecord)
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
	for _, e := range []timeline.Event{{Kind: "x"}, {Kind: timeline.Stopped}, {Kind: timeline.Selected}, {Kind: timeline.Arranged, Archive: "a"}, {Kind: timeline.Arranged, Layout: &layout.Layout{}}, {Kind: timeline.Classified, Stream: "../s"}, {Kind: timeline.Selected, Archive: "a", Selection: []timeline.Selection{{Stream: "../s"}}}, {Kind: timeline.StreamRemoved}, {Kind: timeline.StreamAdded, Stream: "unknown"}} {
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
	late := timeline.Event{Kind: timeline.Paused, Archive: "a", At: 60}
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
	note(t, j, timeline.Event{Kind: timeline.Recording, Archive: "a", At: now()})
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
		if !w.log.Dirty() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not synced")
		}
	}
}

// TestFullDisk uses the limit on file sizes, with which a write fails as on a full disk: a part of the record is
// written.
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
	room.Cur = uint64(segmentSize(t, j, streamLog("s"))) + 50
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
