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

// Published tells whether anything was published while h recorded.
func Published(f *facts.Facts, h *facts.History) bool {
	return len(ExpectedOf(f, h).Timeline.Tracks) > 0
}

// Due is a stretch of a published track that has to be seen or heard in an archive, on the file's time axis.
type Due struct {
	evidence.Published
	R        evidence.Record
	From, To float64 // seconds in the file
	Kept     bool    // long enough to be asked for: a second or more
}

// Expected is what the file of an archive has to hold.
type Expected struct {
	Parts    []Part // in the order of Timeline.Tracks
	Timeline expect.Timeline
	Due      []Due
	Phases   []expect.Phase
	Settled  []expect.Phase
}

// ExpectedOf maps the publisher's log of the session onto the file of h. The file's
// time zero is the first media within the archive, and pauses leave no time in it.
// Streams that are there already are in the archive when the start is answered: its
// time zero may be any moment of the call, which takes long where the machine is busy.
func ExpectedOf(f *facts.Facts, h *facts.History) Expected {
	if _, ok := course.Of(f, h); !ok {
		return Expected{} // one of chosen streams has its own rules
	}
	type recordedIn struct{ *facts.History }
	return facts.Once(f, recordedIn{h}, func() Expected { return fromCourse(f, h) })
}

// ExpectedOfChosen is what the file of an archive with chosen streams has to hold.
func ExpectedOfChosen(f *facts.Facts, h *facts.History) Expected {
	type chosenIn struct{ *facts.History }
	return facts.Once(f, chosenIn{h}, func() Expected {
		var parts []Part
		var all []facts.Span
		calls := course.Changes(f)
		for _, u := range f.Sessions[h.Start.IDs[evidence.Session]].Streams {
			if spans := course.ChosenSpans(calls, h, u); len(spans) > 0 {
				parts = append(parts, Part{By: u.By, Spans: spans})
				all = append(all, spans...)
			}
		}
		return Expect(f, h, parts, facts.Union(all))
	})
}

func fromCourse(f *facts.Facts, h *facts.History) Expected {
	k, _ := course.Of(f, h)
	s := f.Sessions[h.Start.IDs[evidence.Session]]
	begin := h.Start.Exchange.Started
	end, _ := course.RealEnd(f, h, k)
	var recorded []facts.Span
	for _, u := range facts.Union(s.Streams) {
		if cut, ok := u.Cut(begin, end); ok {
			recorded = append(recorded, cut)
		}
	}
	var parts []Part
	for _, u := range s.Streams {
		if cut, ok := u.Cut(h.Start.Over(), end); ok && askedFor(h, u.By.Published.Kind) {
			parts = append(parts, Part{u.By, []facts.Span{cut}})
		}
	}
	return Expect(f, h, parts, recorded)
}

// Expect is what the file of an archive has to hold of the parts.
func Expect(f *facts.Facts, h *facts.History, parts []Part, recorded []facts.Span) Expected {
	parts = Added(parts)
	p := Expected{Parts: parts, Timeline: TimelineOf(f, h, parts, recorded)}
	for i, due := range p.Timeline.Due() {
		for _, d := range due {
			t := Due{Published: *parts[i].By.Published, R: parts[i].By, From: d.From, To: d.To}
			t.Kept = t.To-t.From >= 1
			p.Due = append(p.Due, t)
		}
	}
	p.Phases, p.Settled = p.Timeline.Phases(), p.Timeline.Settled()
	return p
}

// askedFor tells whether the archive was asked to hold the kind of track.
func askedFor(h *facts.History, kind string) bool {
	key := "hasVideo"
	if kind == "audio" {
		key = "hasAudio"
	}
	return h.Request[key] != false
}

// FileTime is where a real moment lies in a file that holds just the recorded spans.
func FileTime(recorded []facts.Span, at time.Time) float64 {
	var sum time.Duration
	for _, r := range recorded {
		switch {
		case !at.After(r.From):
			return sum.Seconds()
		case !at.After(r.To):
			return (sum + at.Sub(r.From)).Seconds()
		}
		sum += r.To.Sub(r.From)
	}
	return sum.Seconds()
}

// Missing is how many seconds of the take no span holds, apart from a tolerance at
// either end. Of a take too short to leave a middle some of it has to be there.
func (t Due) Missing(spans []media.Span, edge float64) float64 {
	there := slices.ContainsFunc(spans, func(s media.Span) bool { return s.From < t.To+edge && s.To > t.From-edge })
	if !there {
		return t.To - t.From
	}
	return uncovered(spans, t.From+edge, max(t.From+edge, t.To-edge))
}

// Blink is how many missing seconds are forgiven: the forensics read pictures at intervals.
const Blink = 0.3
