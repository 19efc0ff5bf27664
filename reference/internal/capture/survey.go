// Package capture makes individual archives: ZIP files with the media of each stream as it was received, one file for each segment of it,
// and a manifest. It follows the journal while the archive is recorded and finds out what the files consist of, so that when the archive
// stops only its tail is left to do. The files themselves are made of the journal while they are stored: there is no copy of them on
// disk, and what is written depends on the journal alone.
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

// Options of an archive.
type Options struct {
	HasAudio, HasVideo bool
	// Output wraps what the plan is written to; nil = nothing does.
	Output func(io.Writer) io.Writer
	// Progress, if set, is told up to when media was surveyed.
	Progress func(av.Instant)
}

// Plan is what the files of an archive consist of. Making them takes the journal besides.
type Plan struct {
	Origin   av.Instant `json:"origin"` // when recording effectively began
	Segments []*Segment `json:"segments"`
}

const planSuffix = ".plan"

// step is how much media is surveyed at a time.
const step = 500 * time.Millisecond

// Survey follows the journal until its timeline says that the archive has stopped, and leaves the plan at out. While there is no room for
// the plan it waits: what was recorded is safe in the journal.
func Survey(ctx context.Context, j *journal.Journal, archiveID string, o Options, out string, log *slog.Logger) error {
	s := &survey{journal: j, roll: newRoll(archiveID, o.HasAudio, o.HasVideo), progress: o.Progress, log: log}
	err := s.run(ctx)
	for _, g := range s.logs {
		err = errors.Join(err, g.close())
	}
	if err == nil {
		err = j.Sync() // the plan must not outlive what it was made of
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
	logs     []*log // of the takes not yet finished
	begun    int    // takes that have a log, or had one
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

// advance surveys what is there of the media before known.
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

// dismiss closes the logs that are finished.
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

// plan puts the segments in the order in which their streams were published, those of a stream one after the other: that is the order of
// places in a picture, which the times of first frames do not tell (ARC-LAY-09).
func (s *survey) plan() *Plan {
	p := &Plan{Origin: s.roll.origin, Segments: s.found}
	slices.SortStableFunc(p.Segments, func(a, b *Segment) int {
		return cmp.Or(cmp.Compare(a.Take.Stream.At, b.Take.Stream.At), cmp.Compare(a.Take.Stream.Stream, b.Take.Stream.Stream), cmp.Compare(a.Zero, b.Zero))
	})
	return p
}

// keep saves the plan, as soon as there is room for it (decision 22).
func (p *Plan) keep(ctx context.Context, out string, wrap func(io.Writer) io.Writer, log *slog.Logger) error {
	return await.Resources(ctx, func() error { return p.save(out, wrap) }, func(pause time.Duration, err error) {
		log.Warn("plan not written", "again", pause, "error", err)
	})
}

// save puts the plan where Load finds it, durably. Its presence says that the archive is complete.
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

// Load reads the plan that Survey left at out. The error is [os.ErrNotExist] when there is none.
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

// Remove deletes the plan, if there is one.
func Remove(out string) error {
	err := os.Remove(out + planSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
