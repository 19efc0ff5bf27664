// Package align finds where a recording continues in the next one, which overlaps it, from the changes in the pictures
// and in the sound. It is pure.
//
// A recording that stands still, is silent or repeats itself looks like itself in many places. So align compares
// changes, and accepts a place only if enough changes there. Picture and sound must agree where both have enough
// changes. A longer agreement counts more. When several places fit about equally well, none of them is accepted.
package align

import (
	"math"
	"slices"
)

// Overlap says where the second recording begins in the first.
type Overlap struct {
	Offset    float64 // presentation time of the second minus that of the first, in seconds
	Picture   bool    // the pictures agree with it
	Sound     bool    // the sound agrees with it
	Ambiguous bool    // several offsets were as likely, so none was chosen
}

const (
	// likely is the least correlation of changes at which a place is examined; sure is the least at which it is
	// accepted.
	likely, sure = 0.4, 0.6
	// contradicted is a correlation below which pictures are not of the same moments, whatever their quality.
	contradicted = 0.3
	// undoubted is a correlation of sound that outweighs different pictures, if no other place comes close. Recordings
	// of one session with two layouts need it.
	undoubted = 0.8
	// closeBy is the difference to the best correlation up to which another one comes close to it.
	closeBy = 0.15
	// shortest is the shortest accepted overlap, in seconds.
	shortest = 0.3
	// equal is the difference of scores up to which neither is better.
	equal = 0.03
	// near is the distance in seconds up to which picture and sound mean the same place.
	near = 0.06
	// candidates limits the number of places that are examined.
	candidates = 24
)

// place is a possible offset with the evidence for it.
type place struct {
	offset         float64
	picture, sound match
	score          float64
}

// Find looks for the overlap. It takes the changes at the end of the first recording and at the beginning of the second,
// in the pictures and in the sound. Any of them may be empty.
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

// proven reports whether the picture or the sound supports this place without repeating itself, or both support it.
// Repetition is looked for separately, because the scores of the places differ when the beginning or the end of a
// recording cuts off a sound.
func (p *place) proven(repeats [2]bool) bool {
	return p.picture.says() && !repeats[0] || p.sound.says() && !repeats[1] || p.picture.says() && p.sound.says()
}

// judge scores the place and reports whether it may be the right one. Sound that repeats does not outweigh different
// pictures.
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
	// A long agreement counts more than a short one.
	p.score -= 0.15 / math.Sqrt(overlap)
	return p.score >= sure-0.15/math.Sqrt(shortest)+0.1 && max(picture.r, sound.r) >= sure
}

// match says how well two recordings agree at an offset.
type match struct {
	r        float64
	seconds  float64 // length of the overlap
	evidence bool    // there are enough changes to judge
}

func (m match) says() bool { return m.evidence && m.r >= sure }
