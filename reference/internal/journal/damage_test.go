package journal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

// damages opens a journal and collects the damage that its readers report.
func damages(t *testing.T, dir string, key []byte) (j *Journal, told *[]Damage) {
	t.Helper()
	told = &[]Damage{}
	j, err := Open(dir, Options{Key: key, Damaged: func(d Damage) { *told = append(*told, d) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j, told
}

// seconds writes n seconds of video, one megabyte for each.
func seconds(t *testing.T, j *Journal, stream string, n int) *Writer {
	t.Helper()
	w := begin(t, j, stream)
	note(t, j, timeline.Event{Kind: timeline.StreamAdded, Stream: stream, HasVideo: true})
	for i := range n {
		if err := w.Append(av.Sample{Codec: av.VP8, Time: at(i), Data: bytes.Repeat([]byte{0xa5}, 1<<20)}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func at(second int) av.Instant { return av.Instant(second+1) * av.Instant(time.Second) }

// spoil overwrites a few bytes in a segment of a stream's log.
func spoil(t *testing.T, j *Journal, stream string, segment int, offset int64) {
	t.Helper()
	f, err := os.OpenFile(segmentPath(j, streamLog(stream), segment), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("spoiled"), offset)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// skim reads the whole log, past damage, and returns the time of each item.
func skim(t *testing.T, r *Reader) (times []av.Instant, torn int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		it, err := r.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return times, torn
		case errors.As(err, new(*TornError)):
			torn++
		case err != nil:
			t.Fatal(err)
		default:
			times = append(times, it.Time)
		}
	}
}

func expectDamage(t *testing.T, told []Damage, want ...Damage) {
	t.Helper()
	if len(told) != len(want) {
		t.Fatalf("told of %+v, want %+v", told, want)
	}
	for i := range want {
		d := told[i]
		if d.Err == nil {
			t.Errorf("damage without an error")
		}
		if d.Err = nil; d != want[i] {
			t.Errorf("told of %+v, want %+v", d, want[i])
		}
	}
}

// TestDamageIsTold damages a log in the middle, at its beginning and at its end, and lets each reader read it twice.
func TestDamageIsTold(t *testing.T) { plainAndSealed(t, damageIsTold) }

func damageIsTold(t *testing.T, key []byte) {
	for name, spoilt := range map[string]struct {
		segment int
		offset  int64
		want    Damage
	}{
		"in the middle":    {2, 5 << 20, Damage{"s", at(18), at(30), nil}},
		"at the beginning": {1, First.Offset, Damage{"s", Unknown, at(15), nil}},
		"at the end":       {3, 5<<20 + 1000, Damage{"s", at(34), Forever, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j, told := damages(t, dir, key)
			note(t, j, recording)
			w := seconds(t, j, "s", 40)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, j, "s", spoilt.segment, spoilt.offset)
			r, err := j.Reader("s", true, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for range 2 {
				if times, torn := skim(t, r); torn != 1 || len(times) < 20 || len(times) > 35 {
					t.Errorf("read %d, torn %d times", len(times), torn)
				}
				expectDamage(t, *told, spoilt.want)
				if err := r.Seek(First); err != nil {
					t.Fatal(err)
				}
			}
			// The stream was removed before, so a restart cuts nothing off.
			note(t, j, timeline.Event{Kind: timeline.StreamRemoved, Stream: "s", At: at(40)})
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j, told = damages(t, dir, key)
			again, err := j.Reader("s", true, 0)
			if err != nil || len(j.Repairs) != 0 {
				t.Fatal(err, j.Repairs)
			}
			defer again.Close()
			skim(t, again)
			expectDamage(t, *told, spoilt.want)
			if last, ok := j.LastMedia(); !ok || last != at(40) {
				t.Errorf("media until %v, %t", last, ok)
			}
		})
	}
}

// TestTruncatedFile checks that a reader reports damage, not the end of the log, if a file has lost its end.
func TestTruncatedFile(t *testing.T) {
	dir := t.TempDir()
	j, told := damages(t, dir, nil)
	note(t, j, recording)
	seconds(t, j, "s", 10)
	if err := os.Truncate(segmentPath(j, streamLog("s"), 1), 4<<20); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := j.Reader("s", true, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if times, torn := skim(t, r); len(times) != 3 || torn != 1 {
		t.Errorf("read %v, torn %d times", times, torn)
	}
	expectDamage(t, *told, Damage{"s", at(2), Forever, nil})
}

// TestWhatACrashTears checks that Open cuts off the last media of an open stream, but not media that had long been
// durable.
func TestWhatACrashTears(t *testing.T) { plainAndSealed(t, whatACrashTears) }

func whatACrashTears(t *testing.T, key []byte) {
	for name, known := range map[string]int{"just now": 12, "long ago": 60} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j, _ := damages(t, dir, key)
			note(t, j, timeline.Event{Kind: timeline.Recording, Archive: "a", At: at(0)})
			seconds(t, j, "s", 12)
			if err := errors.Join(j.Advance(at(known)), j.Close()); err != nil {
				t.Fatal(err)
			}
			spoil(t, j, "s", 1, 10<<20)
			for n := range 2 {
				again, told := damages(t, dir, key)
				if cut := len(again.Repairs) > 0; cut != (known == 12 && n == 0) {
					t.Errorf("cut %v", again.Repairs)
				}
				r, err := again.Reader("s", true, 0)
				if err != nil {
					t.Fatal(err)
				}
				times, _ := skim(t, r)
				if len(times) != 9 {
					t.Errorf("read %v", times)
				}
				if known == 12 {
					expectDamage(t, *told)
				} else {
					expectDamage(t, *told, Damage{"s", at(8), Forever, nil})
				}
				if last, ok := again.LastMedia(); !ok || last != at(8) {
					t.Errorf("media until %v, %t", last, ok)
				}
				if err := errors.Join(r.Close(), again.Close()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
