package journal

import (
	"errors"
	"os"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

// TestNear looks for places in a log of several files. Nothing from t on may be before the place, and no whole file
// between the place and t.
func TestNear(t *testing.T) { plainAndSealed(t, near) }

func near(t *testing.T, key []byte) {
	dir := t.TempDir()
	j := openWith(t, dir, key)
	note(t, j, recording)
	w := begin(t, j, "s")
	const minutes = 80
	began := []av.Instant{0, 0} // by file of the log
	for n := range minutes {
		err := errors.Join(w.Report(true, int64(n), minute(n)), w.Append(av.Sample{Codec: av.VP8, Time: minute(n), Data: make([]byte, 1<<20)}),
			w.Append(av.Sample{Codec: av.Opus, Time: minute(n).Add(-2 * time.Second), Data: []byte{1}}))
		if err != nil {
			t.Fatal(err)
		}
		if w.log.Current() == len(began) {
			began = append(began, minute(n))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(began) < 6 {
		t.Fatalf("%d files", len(began))
	}
	expectNear(t, j, began, minutes)
	for range 2 {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = openWith(t, dir, key)
		expectNear(t, j, began, minutes)
	}
	// Reading must not begin at a file that cannot be read.
	f, err := os.OpenFile(segmentPath(j, streamLog("s"), 3), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 100), First.Offset); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if p, err := j.Near("s", began[3].Add(30*time.Second)); err != nil || p.Segment != 2 {
		t.Errorf("%v, %v", p, err)
	}
}

func minute(n int) av.Instant { return av.Instant(time.Duration(n) * time.Minute) }

// expectNear checks the place for each minute. began says when each file of the log begins.
func expectNear(t *testing.T, j *Journal, began []av.Instant, minutes int) {
	t.Helper()
	got := -1
	for n := -1; n <= minutes; n++ {
		p, err := j.Near("s", minute(n))
		if err != nil {
			t.Fatal(err)
		}
		if p.Offset != First.Offset || p.Segment > 1 && began[p.Segment].Add(5*time.Second) >= minute(n) {
			t.Errorf("minute %d: %v, which begins at %v", n, p, began[p.Segment])
		}
		if next := p.Segment + 1; next < len(began) && began[next].Add(time.Minute) < minute(n) {
			t.Errorf("minute %d: %v, but file %d begins at %v", n, p, next, began[next])
		}
		if p.Segment < got {
			t.Errorf("minute %d: %v, after file %d for the one before", n, p, got)
		}
		got = p.Segment
	}
	list, err := readAll(t, j, "s", false, minute(70))
	if err != nil || len(list) != minutes-71 {
		t.Errorf("%v, read %d", err, len(list))
	}
}
