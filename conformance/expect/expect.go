// Package expect tells what an archive has to show and to sound, moment by moment, from what the harness did: who published
// what and when, and which layouts and classes it asked for. It never sees what the target recorded.
//
// Times are seconds on the timeline of the file.
package expect

import (
	"cmp"
	"math"
	"slices"

	"reelcheck/conformance/layout"
	"reelcheck/spec"
)

// MostHeard is how many sounds an archive holds at a time.
func MostHeard(ledger spec.Ledger) int {
	limit, ok := ledger.Limit("audio-streams.max")
	if !ok {
		panic("expect: internal error: the ledger has no limit of sounds")
	}
	return int(limit.Value)
}

// Stretch is one of time.
type Stretch struct{ From, To float64 }

// Track is a picture or a sound that the archive may hold.
type Track struct {
	Stream  string
	Client  string // empty: the stream is its client's only one
	Video   bool
	Screen  bool
	Classes []string  // when it was published
	There   []Stretch // published, chosen and not muted, in order
}

// Change is a call that changes the layout or the classes of a stream.
type Change struct {
	Stretch // from the request to the answer
	Layout  *spec.Layout
	Stream  string // whose classes are replaced
	Classes []string
}

// Timeline is everything that decides.
type Timeline struct {
	Ledger  spec.Ledger
	Size    layout.Size
	Layout  spec.Layout // at the start
	Tracks  []Track     // in the order in which their streams were added
	Changes []Change    // in order
	// Settle is how long a target may take to find out that a stream came, went or is muted; Obey how long it may take to
	// show what a call has asked for; Slack how much the timeline may be off.
	Settle, Obey, Slack float64
}

// Phase is a stretch in which nothing changes.
type Phase struct {
	Stretch
	Layout  spec.Layout
	Streams []layout.Stream // with a picture, in the order in which they were added
	Picture layout.Picture
	Known   bool  // Picture is; the specification does not tell what it makes of some style sheets
	Heard   []int // tracks by index
	Unheard []int // tracks that are there and beyond the limit
	// Changed are the calls that took effect before this phase; the last one may have begun it.
	Changed int
}

// Phases are the stretches between all changes.
func (p Timeline) Phases() []Phase {
	var edges []float64
	for _, t := range p.Tracks {
		for _, s := range t.There {
			edges = append(edges, s.From, s.To)
		}
	}
	for _, c := range p.Changes {
		edges = append(edges, c.To)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []Phase
	for i := 1; i < len(edges); i++ {
		out = append(out, p.phase(Stretch{edges[i-1], edges[i]}))
	}
	return out
}

func (p Timeline) phase(s Stretch) Phase {
	a := Phase{Stretch: s, Layout: p.Layout}
	classes := map[string][]string{}
	for _, c := range p.Changes {
		if c.To > s.From {
			break
		}
		a.Changed++
		if c.Layout != nil {
			a.Layout = *c.Layout
		} else {
			classes[c.Stream] = c.Classes
		}
	}
	for i, t := range p.Tracks {
		if !t.there(s) {
			continue
		}
		switch {
		case t.Video:
			own, replaced := classes[t.Stream]
			if !replaced {
				own = t.Classes
			}
			a.Streams = append(a.Streams, layout.Stream{ID: t.Stream, Client: t.Client, Screen: t.Screen, Classes: own})
		case len(a.Heard) < MostHeard(p.Ledger):
			a.Heard = append(a.Heard, i)
		default:
			a.Unheard = append(a.Unheard, i)
		}
	}
	a.Picture, a.Known = layout.Arrange(p.Ledger, a.Layout, a.Streams, p.Size)
	return a
}

func (t Track) there(s Stretch) bool {
	return slices.ContainsFunc(t.There, func(there Stretch) bool { return there.From <= s.From && there.To >= s.To })
}

// Due are, for each track, the stretches in which it is to be seen or heard. Where nobody can tell it is not.
func (p Timeline) Due() [][]Stretch {
	out := make([][]Stretch, len(p.Tracks))
	for _, a := range p.Phases() {
		for i, t := range p.Tracks {
			due := slices.Contains(a.Heard, i)
			if t.Video {
				_, placed := a.Picture.Of(t.Stream)
				due = placed && t.there(a.Stretch)
			}
			if !due {
				continue
			}
			if n := len(out[i]); n > 0 && out[i][n-1].To == a.From {
				out[i][n-1].To = a.To
			} else {
				out[i] = append(out[i], a.Stretch)
			}
		}
	}
	return out
}

// Settled are the phases, cut to the stretches in which every change before them has settled and none is near.
func (p Timeline) Settled() []Phase {
	var out []Phase
	for _, a := range p.Phases() {
		from := a.From
		for _, t := range p.Tracks {
			for _, s := range t.There {
				from = max(from, settled(s.From, a, p.Settle), settled(s.To, a, p.Settle))
			}
		}
		to := a.To
		for _, c := range p.Changes {
			from = max(from, settled(c.To, a, p.Obey))
			if c.To > a.From {
				to = min(to, c.From)
			}
		}
		a.Stretch = Stretch{from, to - p.Slack}
		if a.To-a.From >= shortest {
			out = append(out, a)
		}
	}
	return out
}

// shortest is how long a phase has to last to be looked at: some pictures of the output.
const shortest = 0.2

// settled is when what happened before a phase, or at its start, no longer shows.
func settled(at float64, a Phase, after float64) float64 {
	if at > a.From {
		return math.Inf(-1)
	}
	return at + after
}

// Middle is a moment of the phase away from its ends.
func (a Phase) Middle() float64 { return (a.From + a.To) / 2 }

// Without cuts the gaps, in any order, out of a stretch.
func Without(s Stretch, gaps []Stretch) []Stretch {
	sorted := slices.SortedFunc(slices.Values(gaps), func(a, b Stretch) int { return cmp.Compare(a.From, b.From) })
	var out []Stretch
	for _, g := range sorted {
		if g.To <= s.From || g.From >= s.To {
			continue
		}
		if g.From > s.From {
			out = append(out, Stretch{s.From, g.From})
		}
		s.From = min(g.To, s.To)
	}
	if s.To > s.From {
		out = append(out, s)
	}
	return out
}
