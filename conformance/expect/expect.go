// Package expect computes what an archive must show and sound like at each moment, from what the harness did: who
// published what and when, and which layouts and classes it asked for. It never sees what the target recorded.
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

// MostHeard returns the number of sounds that an archive mixes at a time.
func MostHeard(ledger spec.Ledger) int {
	limit, ok := ledger.Limit("audio-streams.max")
	if !ok {
		panic("expect: internal error: the ledger has no limit of sounds")
	}
	return int(limit.Value)
}

// Stretch is a stretch of time.
type Stretch struct{ From, To float64 }

// Track is a video or audio track that the archive may hold.
type Track struct {
	Stream  string
	Client  string // empty if the client has no other stream
	Video   bool
	Screen  bool
	Classes []string  // at the time of publication
	There   []Stretch // published, chosen and not muted, in order
}

// Change is a call that changes the layout, or the classes of a stream.
type Change struct {
	Stretch // from the request to the answer
	Layout  *spec.Layout
	Stream  string // the stream whose classes change
	Classes []string
}

// Timeline holds everything that decides what an archive must hold.
type Timeline struct {
	Ledger  spec.Ledger
	Size    layout.Size
	Layout  spec.Layout // at the start
	Tracks  []Track     // in the order in which their streams were added
	Changes []Change    // in order
	// Settle is the time a target may take to notice that a stream came, went or was muted, Obey the time it may take to
	// show what a call asked for, Slack the tolerance of the timeline, and Short the shortest phase worth checking, all in
	// seconds.
	Settle, Obey, Slack, Short float64
}

// Phase is a stretch in which nothing changes.
type Phase struct {
	Stretch
	Layout  spec.Layout
	Streams []layout.Stream // streams with a picture, in the order in which they were added
	Picture layout.Picture
	Known   bool  // whether Picture is known; the specification leaves open what some style sheets show
	Heard   []int // indices of the audible tracks
	Unheard []int // indices of the tracks beyond the limit of sounds
	// Freed are the streams, and FreedSounds the indices of the tracks, that were beyond a limit before and have a place now. The page leaves
	// open whether they come in.
	Freed       []string
	FreedSounds []int
	// Changed is the number of calls that took effect before this phase. The last one may have begun it.
	Changed int
}

// Phases returns the stretches between all changes.
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
	p.free(out)
	return out
}

// free notes in each phase what was beyond a limit in an earlier one.
func (p Timeline) free(phases []Phase) {
	left, silent := map[string]bool{}, map[int]bool{}
	for i := range phases {
		a := &phases[i]
		for _, at := range a.Picture.Places {
			if left[at.Stream] {
				a.Freed = append(a.Freed, at.Stream)
			}
		}
		for _, t := range a.Heard {
			if silent[t] {
				a.FreedSounds = append(a.FreedSounds, t)
			}
		}
		ordered := layout.Order(a.Streams)
		for _, s := range ordered[min(len(ordered), layout.Most(p.Ledger)):] {
			left[s.ID] = true
		}
		for _, t := range a.Unheard {
			silent[t] = true
		}
	}
}

// freed reports whether a track has a place, at some time of a stretch, that it got after it was beyond a limit.
func (p Timeline) freed(phases []Phase, track int, s Stretch) bool {
	t := p.Tracks[track]
	return slices.ContainsFunc(phases, func(a Phase) bool {
		within := a.From < s.To && s.From < a.To
		return within && (t.Video && slices.Contains(a.Freed, t.Stream) || slices.Contains(a.FreedSounds, track))
	})
}

// Demanded reports whether a track must be seen or heard in a stretch that is due to it, and not only may, because the place was another's before.
func (p Timeline) Demanded(track int, s Stretch) bool { return !p.freed(p.Phases(), track, s) }

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

// Due returns, for each track, the stretches in which it must be seen or heard. It leaves out stretches in which the
// picture is not known.
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

// Settled returns the phases, cut to the part in which every earlier change has settled and no later one is near.
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
		if a.To-a.From >= p.Short {
			out = append(out, a)
		}
	}
	return out
}

// settled returns the time at which a change no longer shows in the phase. The change happened before the phase or at
// its start; others return -Inf.
func settled(at float64, a Phase, after float64) float64 {
	if at > a.From {
		return math.Inf(-1)
	}
	return at + after
}

// Middle returns the middle of the phase, in seconds.
func (a Phase) Middle() float64 { return (a.From + a.To) / 2 }

// Without removes the gaps, given in any order, from a stretch.
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
