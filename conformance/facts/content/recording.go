package content

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
)

// Recording is a composed archive that recorded something, with the report on its file.
type Recording struct {
	*facts.History
	File
	R evidence.Record
	Expected
}

// Delay returns how late the file begins to hold a piece: after the answer to the start, or after the first media. It is 0 if
// the content does not tell.
func (x Recording) Delay(piece int) time.Duration {
	p := x.Pieces[piece]
	due := p.From
	if asked := x.Begun.To; piece == 0 && asked.After(due) {
		due = asked
	}
	if !p.Aligned {
		return 0
	}
	return max(0, p.Begun().Sub(due))
}

// Lacks returns by how many seconds the file is shorter than its pieces, apart from their delays.
func (x Recording) Lacks() float64 {
	lacks := -x.Plays()
	for i, p := range x.Pieces {
		lacks += (p.To.Sub(p.From) - x.Delay(i)).Seconds()
	}
	return lacks
}

// Resumption returns from when on a piece after a pause has to be recorded: since the target has shown the status started, and
// something is published. The time is zero if the target has not shown it while the piece lasted.
func (x Recording) Resumption(piece int) (shown time.Time, at evidence.Record) {
	if piece == 0 {
		return shown, at
	}
	p := x.Pieces[piece]
	for _, s := range slices.Concat(x.Seen, x.Hooks) {
		since := p.From // an answer from before may be from before the pause
		if s.Via == facts.ViaCallback {
			since = x.Pieces[piece-1].To
		}
		if s.Status() == "started" && s.Asked().After(since) && s.Answered().Before(p.To) && (shown.IsZero() || s.Answered().Before(shown)) {
			shown, at = s.Answered(), s.At
		}
	}
	if !shown.IsZero() && shown.Before(p.From) {
		shown = p.From
	}
	return shown, at
}

// Silences returns the stretches of the file in which a track sends nothing: between others and, if the track is muted then, at the
// beginning and at the end.
func (x Recording) Silences(track int) []expect.Stretch {
	there := x.Timeline.Tracks[track].There
	var out []expect.Stretch
	if n := len(there); n > 0 {
		if from := x.Pieces.Time(x.Sources[track].Spans[0].From); there[0].From > from {
			out = append(out, expect.Stretch{From: from, To: there[0].From})
		}
	}
	for i := 1; i < len(there); i++ {
		out = append(out, expect.Stretch{From: there[i-1].To, To: there[i].From})
	}
	if n := len(there); n > 0 && there[n-1].To < x.Duration && x.Sources[track].mutedAtEnd() {
		out = append(out, expect.Stretch{From: there[n-1].To, To: x.Duration})
	}
	return out
}

// mutedAtEnd reports whether a track was muted when the archive ended.
func (p Source) mutedAtEnd() bool {
	last := p.Spans[len(p.Spans)-1].To
	return slices.ContainsFunc(p.By.Published.Muted, func(m evidence.Span) bool {
		return m.From.Before(last) && (m.To.IsZero() || !m.To.Before(last))
	})
}
