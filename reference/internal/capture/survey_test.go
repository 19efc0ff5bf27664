package capture

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

// failing is a writer whose next writes fail with err, as many as are left.
type failing struct {
	io.Writer
	left *int
	err  error
}

func (f failing) Write(p []byte) (int, error) {
	if *f.left == 0 {
		return f.Writer.Write(p)
	}
	*f.left--
	return 0, fmt.Errorf("write: %w", f.err)
}

// TestPlanWaitsForRoom checks that a full disk delays the plan and that the journal is not read again. Other errors are returned at once.
func TestPlanWaitsForRoom(t *testing.T) {
	for _, broken := range []error{syscall.ENOSPC, syscall.EMFILE, syscall.EIO} {
		t.Run(broken.Error(), func(t *testing.T) {
			s := newRecording(t)
			s.add("a", 0)
			s.note(timeline.Recording, 0)
			s.play("a", 0, 1000)
			s.note(timeline.Stopped, 1000)
			s.remove("a", 1000)
			want := s.survey()
			left, surveys := 3, 0
			s.options.Output = func(w io.Writer) io.Writer { return failing{w, &left, broken} }
			s.options.Progress = func(at av.Instant) {
				if at >= begin.Add(time.Second) {
					surveys++
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			out := filepath.Join(t.TempDir(), "out")
			err := Survey(ctx, s.journal, id, s.options, out, quiet)
			if broken == syscall.EIO {
				if err == nil || left != 2 {
					t.Errorf("%v, %d faults left", err, left)
				}
				return
			}
			s.must(err)
			if got, err := Load(out); err != nil || !reflect.DeepEqual(got, want) || surveys != 1 || left != 0 {
				t.Errorf("%v, plan %+v, want %+v; surveyed %d times, %d faults left", err, got, want, surveys, left)
			}
		})
	}
}

// TestPlanThatNeverFindsRoom checks that Survey ends with its context. The server surveys again after its next start.
func TestPlanThatNeverFindsRoom(t *testing.T) {
	s := newRecording(t)
	s.note(timeline.Stopped, 1000)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	left, attempts := -1, 0
	s.options.Output = func(w io.Writer) io.Writer {
		if attempts++; attempts == 3 {
			cancel()
		}
		return failing{w, &left, syscall.ENOSPC}
	}
	if err := Survey(ctx, s.journal, id, s.options, filepath.Join(t.TempDir(), "out"), quiet); err == nil || ctx.Err() == nil {
		t.Errorf("%v", err)
	}
}

// TestTakesBeginNearby takes a stream again and again. Each survey and each file may read only the take and the file of the log in which it
// begins, not everything before.
func TestTakesBeginNearby(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.choose(0)
	s.note(timeline.Recording, 0)
	big := sample(av.VP8, 0, 1)
	big.Key, big.Data = true, append(big.Data, make([]byte, 1<<20)...)
	const takes = 6
	for n := range takes {
		from := n * 40_000
		s.choose(from+20_000, timeline.Selection{Stream: "a", HasAudio: true, HasVideo: true})
		s.choose(from + 21_000)
		for ms := from; ms < from+40_000; ms += 1000 { // 40 MiB
			big.Time, big.Captured = at(ms), at(ms)
			s.send("a", sample(av.Opus, ms, 1), big)
		}
	}
	s.note(timeline.Stopped, takes*40_000)
	s.remove("a", takes*40_000)
	p := s.survey()
	if len(p.Segments) != takes {
		t.Fatalf("%d files", len(p.Segments))
	}
	for n, g := range p.Segments {
		if g.Zero != at(n*40_000+20_000) || g.Begin.Segment < n*40/16 {
			t.Errorf("file %d begins %v after the start, and is read from file %d of the log on", n, g.Zero.Sub(begin), g.Begin.Segment)
		}
	}
	s.zip(p)
}

// TestWanted checks whether an archive with selected streams wants stretches of them.
func TestWanted(t *testing.T) {
	events := []timeline.Event{
		{Kind: timeline.StreamAdded, Stream: "a", At: at(0), HasAudio: true},
		{Kind: timeline.StreamAdded, Stream: "b", At: at(0), HasAudio: true},
		{Kind: timeline.Selected, Archive: id, At: at(0)},
		{Kind: timeline.Recording, Archive: id, At: at(1000)},
		{Kind: timeline.Selected, Archive: id, At: at(2000), Selection: []timeline.Selection{{Stream: "a", HasAudio: true}}},
		{Kind: timeline.Selected, Archive: id, At: at(3000), Selection: []timeline.Selection{{Stream: "b", HasAudio: true}}},
		{Kind: timeline.Stopped, Archive: id, At: at(4000)},
	}
	for _, c := range []struct {
		stream   string
		from, to av.Instant
		want     bool
	}{
		{"a", at(500), at(1500), false}, {"a", at(1500), at(2500), true}, {"a", at(2200), at(2300), true}, {"a", at(3000), at(9000), false},
		{"b", at(1500), at(2500), false}, {"b", at(2500), journal.Forever, true}, {"b", journal.Unknown, at(3000), true}, {"b", at(4000), journal.Forever, false},
		{"c", journal.Unknown, journal.Forever, false},
	} {
		if got := Wanted(events, id, c.stream, c.from, c.to); got != c.want {
			t.Errorf("%s %v to %v: %t", c.stream, c.from.Sub(begin), c.to.Sub(begin), got)
		}
	}
	if Wanted(events, "another", "a", journal.Unknown, journal.Forever) {
		t.Error("an archive that did not record wants media")
	}
}
