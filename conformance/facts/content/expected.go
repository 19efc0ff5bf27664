package content

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media"
)

// Published reports whether enough was published while h recorded that it must have a file with media.
func Published(f *facts.Facts, h *facts.History) bool { return ExpectedOf(f, h).Enough(f) }

// Due is a stretch of a published track that must be seen or heard in an archive. Its times are times of the file.
type Due struct {
	evidence.Published
	R        evidence.Record
	From, To float64 // seconds in the file
	Kept     bool    // long enough to be demanded
}

// Still reports whether nothing moved on a shared screen for some time.
func (t Due) Still() bool { return screen(t.Published) && len(t.Muted) > len(t.Away) }

// Expected is what the file of an archive must hold.
type Expected struct {
	Sources  []Source // in the order of Timeline.Tracks
	Pieces   Pieces
	Timeline expect.Timeline
	Due      []Due
	Phases   []expect.Phase
	Settled  []expect.Phase
}

// Enough reports whether something was published for tolerance.short in all. A recorder may get nothing of what is briefer, not even
// a whole frame of sound.
func (x Expected) Enough(f *facts.Facts) bool {
	var all time.Duration
	for _, p := range x.Pieces {
		all += p.To.Sub(p.From)
	}
	return len(x.Timeline.Tracks) > 0 && all >= f.Limit("tolerance.short")
}

// ExpectedOf returns what the file of h must hold, from the log of the publishers. The file itself says only at which
// instants it begins, goes on after a pause and ends: nothing is due beyond.
func ExpectedOf(f *facts.Facts, h *facts.History) Expected {
	if _, ok := course.Of(f, h); !ok {
		return Expected{} // an archive of chosen streams has its own rules
	}
	type recordedIn struct{ *facts.History }
	return facts.Once(f, recordedIn{h}, func() Expected { return fromCourse(f, h) })
}

// ExpectedOfChosen returns what the file of an archive with chosen streams must hold.
func ExpectedOfChosen(f *facts.Facts, h *facts.History) Expected {
	type chosenIn struct{ *facts.History }
	return facts.Once(f, chosenIn{h}, func() Expected {
		var sources []Source
		var all []facts.Span
		calls := course.Changes(f)
		for _, u := range f.Sessions[h.Start.IDs[evidence.Session]].Streams {
			if spans := course.ChosenSpans(calls, h, u); len(spans) > 0 {
				sources = append(sources, Source{By: u.By, Spans: spans})
				all = append(all, spans...)
			}
		}
		return Expect(f, h, sources, facts.Union(all))
	})
}

func fromCourse(f *facts.Facts, h *facts.History) Expected {
	k, _ := course.Of(f, h)
	s := f.Sessions[h.Start.IDs[evidence.Session]]
	begin := course.RealBegin(f, h, k)
	end, _ := course.RealEnd(f, h, k)
	var recorded []facts.Span
	for _, u := range facts.Union(s.Streams) {
		if cut, ok := u.Cut(begin.From, end); ok {
			recorded = append(recorded, cut)
		}
	}
	var sources []Source
	for _, u := range s.Streams {
		if cut, ok := u.Cut(begin.To, end); ok && h.Request.Asks(u.By.Published.Kind) {
			sources = append(sources, Source{u.By, []facts.Span{cut}})
		}
	}
	return Expect(f, h, sources, recorded)
}

// Expect returns what the file of an archive must hold of the sources.
func Expect(f *facts.Facts, h *facts.History, sources []Source, recorded []facts.Span) Expected {
	sources = Added(sources)
	p := Expected{Sources: sources, Pieces: PiecesOf(recorded)}
	if n := len(h.Media); n > 0 {
		if file, err := FileOf(f, h.Media[n-1]); err == nil && file.Readable() {
			p.Pieces = Aligned(recorded, sources, file.Report)
		}
	}
	p.Timeline = TimelineOf(f, h, sources, p.Pieces)
	short := f.Limit("tolerance.short").Seconds()
	for i, due := range p.Timeline.Due() {
		for _, d := range due {
			t := Due{Published: *sources[i].By.Published, R: sources[i].By, From: d.From, To: d.To}
			t.Kept = t.To-t.From >= short && p.Timeline.Demanded(i, d)
			p.Due = append(p.Due, t)
		}
	}
	p.Phases, p.Settled = p.Timeline.Phases(), p.Timeline.Settled()
	return p
}

// Missing returns for how many seconds of the stretch there is no span, apart from a tolerance of edge at either end. If
// the stretch is too short to have a middle, some of it must be there.
func (t Due) Missing(spans []media.Span, edge float64) float64 {
	there := slices.ContainsFunc(spans, func(s media.Span) bool { return s.From < t.To+edge && s.To > t.From-edge })
	if !there {
		return t.To - t.From
	}
	return uncovered(spans, t.From+edge, max(t.From+edge, t.To-edge))
}
