package layout

import (
	"cmp"
	"slices"
)

// Prioritise orders streams by who is shown first. The streams must be in the order in which they were added. Streams with a layout class come
// before the others. Within each of the two groups, screens come first, then other streams of clients that share a screen, then, in the lower
// group, streams of clients that have a stream in the upper group.
func Prioritise(streams []Stream) []Stream {
	sharing, classed := map[string]bool{}, map[string]bool{}
	for _, s := range streams {
		if s.Connection == "" {
			continue
		}
		sharing[s.Connection] = sharing[s.Connection] || s.Screen
		classed[s.Connection] = classed[s.Connection] || len(s.Classes) > 0
	}
	rank := func(s Stream) int {
		upper := len(s.Classes) > 0
		switch {
		case upper && s.Screen: // ARC-LAY-09
			return 0
		case upper && sharing[s.Connection]:
			return 1
		case upper:
			return 2
		case s.Screen:
			return 3
		case sharing[s.Connection]:
			return 4
		case classed[s.Connection]:
			return 5
		default:
			return 6
		}
	}
	ordered := slices.Clone(streams)
	slices.SortStableFunc(ordered, func(a, b Stream) int { return cmp.Compare(rank(a), rank(b)) }) // ARC-SEL-07
	return ordered
}
