package capture

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
)

// log reads the log of one stream for a take and divides it into segments.
type log struct {
	take    *Take
	reader  *journal.Reader
	held    journal.Item // if holds is set: an item that was read, but must not be judged yet
	holds   bool
	segment *Segment         // the present segment
	probe   *probe           // set while it looks ahead
	film    *film            // nil until the probe has finished
	resume  journal.Position // where the film continues after a late probe
	sum     *checksum        // of the film
	found   []*Segment       // complete segments
	log     *slog.Logger
}

func newLog(j *journal.Journal, t *Take, l *slog.Logger) (*log, error) {
	r, err := j.Both(t.Stream.Stream)
	if err != nil {
		return nil, err
	}
	from, err := j.Near(t.Stream.Stream, t.From)
	if err == nil {
		err = r.Seek(from)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	g := &log{take: t, reader: r, log: l}
	g.begin(from, [2]av.Instant{always, always})
	return g, nil
}

func (g *log) close() error { return g.reader.Close() }

// begin starts the probe of a segment that begins at a position.
func (g *log) begin(at journal.Position, reach [2]av.Instant) {
	g.segment = &Segment{Take: g.take, Begin: at, Reach: reach}
	g.probe, g.film = newProbe(g.segment), nil
}

// follow continues until the take is finished. If ctx has ended already, it continues to the end of the present log. It leaves samples from
// limit on for later, because it is not known yet what the archive takes of them.
func (g *log) follow(ctx context.Context, limit av.Instant) error {
	for !g.take.finished {
		it, err := g.next(ctx)
		switch {
		case errors.Is(err, io.EOF) && g.take.To == forever:
			return nil // an event will end the take
		case errors.Is(err, io.EOF):
			err = g.end()
		case err != nil:
			return err
		case !it.Mark && !it.Report && it.Time >= limit:
			g.held, g.holds = it, true
			return nil
		default:
			err = g.see(it)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// next returns the next item.
func (g *log) next(ctx context.Context) (journal.Item, error) {
	if g.holds {
		g.holds = false
		return g.held, nil
	}
	return read(ctx, g.reader, g.log)
}

// read returns the next item and skips damage. The owner of the journal learns of the damage and fails the archive (decision 15).
func read(ctx context.Context, r *journal.Reader, log *slog.Logger) (journal.Item, error) {
	for {
		it, err := r.Next(ctx)
		var torn *journal.TornError
		if !errors.As(err, &torn) {
			return it, err
		}
		log.Warn("journal is damaged", "error", torn)
	}
}

// see handles an item.
func (g *log) see(it journal.Item) error {
	at := g.reader.Position()
	if g.probe != nil {
		if !g.probe.see(it, at) {
			return nil
		}
		return g.known()
	}
	switch v, err := g.film.see(it, at); {
	case err != nil:
		return err
	case v == early:
		return g.shoot(g.film.looked)
	case v == unsure:
		g.probe, g.resume = newLateProbe(g.segment, *g.film.filter, it.Video), at
		g.probe.see(it, at)
		return nil
	case v == boundary:
		g.segment.Cut = true
		return g.cut()
	case v == over:
		return g.finish()
	default:
		return nil
	}
}

// end handles the end of the log.
func (g *log) end() error {
	if g.probe != nil {
		return g.known()
	}
	return g.finish()
}

// known goes back after a probe: to the beginning of the segment to make the film, or to where the film continues.
func (g *log) known() error {
	p := g.probe
	if g.film == nil {
		p.settle()
		return g.shoot([2]bool{p.first[0] != nil, p.first[1] != nil})
	}
	for k := range p.looks {
		g.film.looked[k] = g.film.looked[k] || p.looks[k]
	}
	g.probe = nil
	return g.reader.Seek(g.resume)
}

func (g *log) finish() error {
	g.take.finished = true
	return g.complete()
}

// shoot goes back to the beginning of the segment to make its film, perhaps once more.
func (g *log) shoot(looked [2]bool) error {
	s := g.segment
	g.probe, g.sum = nil, &checksum{}
	g.film = newFilm(s, g.sum)
	g.film.looked = looked
	return g.reader.Seek(s.Begin)
}

// cut ends the segment. The item that was just read begins the next one.
func (g *log) cut() error {
	at := g.reader.Position()
	if err := g.complete(); err != nil {
		return err
	}
	g.begin(at, g.film.filter.reach)
	return g.reader.Seek(at)
}

func (g *log) complete() error {
	if err := g.film.flush(); err != nil {
		return err
	}
	if s := g.segment; !s.empty() {
		s.CRC = g.sum.value
		g.found = append(g.found, s)
	}
	return nil
}
