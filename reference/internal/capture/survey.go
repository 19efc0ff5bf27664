// Package capture makes individual archives: ZIP files with the media of each stream as it was received, in one file for each segment, and a
// manifest.
//
// [Survey] follows the journal while the archive is recorded and plans the files. When the archive stops, only the end of it is left to do:
//
//	err := capture.Survey(ctx, j, archiveID, capture.Options{HasAudio: true, HasVideo: true}, out, log) // until the archive stops
//	plan, err := capture.Load(out)
//	size, err := plan.Size(a)
//	r, err := plan.Open(ctx, a, j, log) // makes the ZIP while it is read
//	defer r.Close()
//
// The files are never stored: [Plan.Open] makes them from the journal on each call, always with the same bytes. So the caller must keep the
// journal until the archive is stored, and call [Remove] when the plan is not needed any more. After a crash it calls Survey again unless Load
// finds the plan.
package capture

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/journal"
)

// Options are the options of an archive.
type Options struct {
	HasAudio, HasVideo bool
	// Output, if set, wraps the writer for the plan.
	Output func(io.Writer) io.Writer
	// Progress, if set, is called with the instant up to which media was surveyed.
	Progress func(av.Instant)
}

// Plan describes the files of an archive. To make them, the journal is needed too.
type Plan struct {
	Origin   av.Instant `json:"origin"` // when recording effectively began
	Segments []*Segment `json:"segments"`
}

const planSuffix = ".plan"

// step is how much media is surveyed at a time.
const step = 500 * time.Millisecond

// Survey follows the journal until the archive has stopped, and stores the plan at out. If the disk has no room for the plan, it waits, because
// the media is safe in the journal.
func Survey(ctx context.Context, j *journal.Journal, archiveID string, o Options, out string, log *slog.Logger) error {
	s := &survey{journal: j, roll: newRoll(archiveID, o.HasAudio, o.HasVideo), progress: o.Progress, log: log}
	err := s.run(ctx)
	for _, g := range s.logs {
		err = errors.Join(err, g.close())
	}
	if err == nil {
		err = j.Sync() // the plan must not survive if the media does not
	}
	if err == nil {
		err = s.plan().keep(ctx, out, o.Output, log)
	}
	if err != nil {
		return fmt.Errorf("capturing archive %s: %w", archiveID, err)
	}
	return nil
}

type survey struct {
	journal  *journal.Journal
	roll     *roll
	logs     []*log // of the unfinished takes
	begun    int    // number of takes that have or had a log
	found    []*Segment
	progress func(av.Instant) // may be nil
	log      *slog.Logger
}

func (s *survey) run(ctx context.Context) error {
	index, known := 0, always
	for !s.roll.stopped {
		list, reached, err := s.journal.Events(ctx, index, known.Add(step))
		if err != nil {
			return err
		}
		index, known = index+len(list), reached
		for _, e := range list {
			s.roll.see(e)
		}
		if err := s.advance(ctx, known); err != nil {
			return err
		}
		if s.progress != nil {
			s.progress(known)
		}
	}
	for _, g := range s.logs {
		if err := g.follow(ctx, forever); err != nil {
			return err
		}
		s.found = append(s.found, g.found...)
	}
	return nil
}

// advance surveys the media that is there before known.
func (s *survey) advance(ctx context.Context, known av.Instant) error {
	for ; s.begun < len(s.roll.takes); s.begun++ {
		g, err := newLog(s.journal, s.roll.takes[s.begun], s.log)
		if err != nil {
			return err
		}
		s.logs = append(s.logs, g)
	}
	there, stop := context.WithCancel(ctx)
	stop()
	for _, g := range s.logs {
		if err := g.follow(there, known); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return s.dismiss()
}

// dismiss closes the logs of finished takes.
func (s *survey) dismiss() (err error) {
	s.logs = slices.DeleteFunc(s.logs, func(g *log) bool {
		if g.take.finished {
			s.found = append(s.found, g.found...)
			err = errors.Join(err, g.close())
		}
		return g.take.finished
	})
	return err
}

// plan orders the segments by the publication of their streams, then by time. That is the order of places in a picture, which the times of first
// frames do not reveal (ARC-LAY-09).
func (s *survey) plan() *Plan {
	p := &Plan{Origin: s.roll.origin, Segments: s.found}
	slices.SortStableFunc(p.Segments, func(a, b *Segment) int {
		return cmp.Or(cmp.Compare(a.Take.Stream.At, b.Take.Stream.At), cmp.Compare(a.Take.Stream.Stream, b.Take.Stream.Stream), cmp.Compare(a.Zero, b.Zero))
	})
	return p
}

// keep saves the plan when there is room for it (decision 22).
func (p *Plan) keep(ctx context.Context, out string, wrap func(io.Writer) io.Writer, log *slog.Logger) error {
	return await.Resources(ctx, func() error { return p.save(out, wrap) }, func(pause time.Duration, err error) {
		log.Warn("plan not written", "again", pause, "error", err)
	})
}

// save stores the plan durably, where Load finds it. Its existence means that the archive is complete.
func (p *Plan) save(out string, wrap func(io.Writer) io.Writer) error {
	_, err := durable.File(out+planSuffix, 0o644, func(f *os.File) error {
		var w io.Writer = f
		if wrap != nil {
			w = wrap(w)
		}
		return json.NewEncoder(w).Encode(p)
	})
	return err
}

// Load loads the plan that Survey stored at out. The error is [os.ErrNotExist] if there is none.
func Load(out string) (*Plan, error) {
	b, err := os.ReadFile(out + planSuffix)
	if err != nil {
		return nil, err
	}
	var p Plan
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("plan %s: %w", out+planSuffix, err)
	}
	return &p, nil
}

// Remove removes the plan, if there is one.
func Remove(out string) error {
	err := os.Remove(out + planSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
