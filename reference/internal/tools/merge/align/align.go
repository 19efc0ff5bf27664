// Package align finds where a recording goes on in the next one that overlaps it, from what changes in the pictures and in the
// sound. It is pure.
//
// A recording that stands still, is silent or repeats itself looks like itself in many places. So what is compared is change; a
// place counts only when enough changes there; picture and sound must agree where both have something to say; the longer they agree the
// better; and what fits in several places about equally well proves none of them.
package align

import (
	"math"
	"slices"
)

// Overlap is where the second recording begins in the first.
type Overlap struct {
	Offset    float64 // seconds from the presentation of the first to that of the second
	Picture   bool    // pictures say so
	Sound     bool    // sound says so
	Ambiguous bool    // several offsets are as likely, so that none was found
}

const (
	// likely is the correlation of change from which on a place is looked at, and sure the one with which it is taken.
	likely, sure = 0.4, 0.6
	// contradicted is a correlation that pictures of the same moments do not have, whatever their quality.
	contradicted = 0.3
	// undoubted is a correlation of sound that outweighs pictures that differ, if no other place comes close: recordings of one session with
	// two layouts.
	undoubted = 0.8
	// closeBy is how far from the best correlation one is that comes close to it.
	closeBy = 0.15
	// shortest is the shortest overlap that is believed.
	shortest = 0.3
	// equal is how little two scores differ when neither is better.
	equal = 0.03
	// near is how far from each other picture and sound may put the same place.
	near = 0.06
	// candidates bounds the places that are looked at.
	candidates = 24
)

// place is a possible offset and what speaks for it.
type place struct {
	offset         float64
	picture, sound match
	score          float64
}

// Find looks for the overlap in what changed at the end of the first recording and at the beginning of the second, pictures and
// sound. Any of the pairs may be empty.
func Find(pictures, sounds [2]Changes) (Overlap, bool) {
	seen, heard := correlate(pictures[0], pictures[1]), correlate(sounds[0], sounds[1])
	repeats := [2]bool{seen.repeats(), heard.repeats()}
	var places []place
	for _, offset := range slices.Concat(heard.peaks(), seen.peaks()) {
		if slices.ContainsFunc(places, func(p place) bool { return math.Abs(p.offset-offset) < near }) {
			continue
		}
		p := place{offset: offset, picture: seen.around(offset), sound: heard.around(offset)}
		if p.judge(repeats) {
			places = append(places, p)
		}
	}
	if len(places) == 0 {
		return Overlap{}, false
	}
	best := slices.MaxFunc(places, func(a, b place) int {
		if a.score < b.score {
			return -1
		}
		return 1
	}).score
	good := slices.DeleteFunc(places, func(p place) bool { return p.score < best-equal })
	if len(good) > 1 || !good[0].proven(repeats) {
		return Overlap{Ambiguous: true}, false
	}
	return Overlap{Offset: good[0].offset, Picture: good[0].picture.says(), Sound: good[0].sound.says()}, true
}

// proven reports whether one witness at least speaks for this place that does not speak for others too. Where a sound is cut off by the
// beginning or the end of a recording, the places that it fits in are not equally good.
func (p *place) proven(repeats [2]bool) bool {
	return p.picture.says() && !repeats[0] || p.sound.says() && !repeats[1] || p.picture.says() && p.sound.says()
}

// judge decides whether the place may be the one, and how good it is. Sound that repeats is no witness against pictures.
func (p *place) judge(repeats [2]bool) bool {
	picture, sound := p.picture, p.sound
	overlap := max(picture.seconds, sound.seconds)
	switch {
	case overlap < shortest:
		return false
	case sound.evidence && picture.evidence:
		if picture.r < contradicted && (sound.r < undoubted || repeats[1]) || sound.r < contradicted {
			return false
		}
		if max(picture.r, sound.r) < sure {
			return false
		}
		p.score = (picture.r+sound.r)/2 + 0.1
	case sound.evidence:
		p.score = sound.r
	case picture.evidence:
		p.score = picture.r
	}
	// What agrees for long is worth more than what agrees for a moment.
	p.score -= 0.15 / math.Sqrt(overlap)
	return p.score >= sure-0.15/math.Sqrt(shortest)+0.1 && max(picture.r, sound.r) >= sure
}

// match is how well two recordings agree at an offset.
type match struct {
	r        float64
	seconds  float64 // that overlap
	evidence bool    // enough changes to tell
}

func (m match) says() bool { return m.evidence && m.r >= sure }
