package merge

import (
	"slices"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
	"reelcheck/reference/internal/mux/mp4"
)

// descriptions are the sample descriptions of a track. Recordings share one as long as their parameter sets do not contradict each
// other: players like one best.
type descriptions []mp4.Description

// add finds or makes the description for a track.
func (d *descriptions) add(t *movie.Track) int {
	own := mp4.Describe(t)
	for i, have := range *d {
		if have.Sets.Agree(own.Sets) {
			(*d)[i].InBand = have.InBand || own.InBand
			return d.extend(i, own)
		}
	}
	*d = append(*d, own)
	return len(*d) - 1
}

// uniform makes all allow what one needs: players expect one type of description in a track.
func (d descriptions) uniform() descriptions {
	needed := slices.ContainsFunc(d, func(one mp4.Description) bool { return one.InBand })
	for i := range d {
		d[i].InBand = needed
	}
	return d
}

// extend adds the parameter sets of another, which agree, to a description.
func (d descriptions) extend(i int, more mp4.Description) int {
	d[i].Sets = d[i].Sets.Union(more.Sets)
	return i
}

// bridge finds or makes the description for what was coded again with a track's.
func (d *descriptions) bridge(i int, sets av.ParameterSets) int {
	own := (*d)[i]
	own.Sets = sets
	if (*d)[i].Sets.Agree(sets) {
		return d.extend(i, own)
	}
	*d = append(*d, own)
	return len(*d) - 1
}

// unusedID is an id no parameter set of any part has; 31 when all are taken.
func (j *joiner) unusedID() uint32 {
	taken := map[uint32]bool{}
	for _, p := range j.parts {
		sets := p.video.track.Picture.Sets
		for _, s := range slices.Concat(sets.SPS, sets.PPS) {
			id, _ := av.SetID(s)
			taken[id] = true
		}
	}
	id := uint32(0)
	for id < 31 && taken[id] {
		id++
	}
	return id
}
