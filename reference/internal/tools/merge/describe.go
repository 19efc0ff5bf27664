package merge

import (
	"slices"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
	"reelcheck/reference/internal/mux/mp4"
)

// descriptions are the sample descriptions of a track. Recordings share one unless their parameter sets contradict each
// other, because players work best with a single one.
type descriptions []mp4.Description

// add returns the index of the description for a track, and adds it if needed.
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

// uniform allows parameter sets among the samples in all descriptions if one needs it: players expect a single type of
// description in a track.
func (d descriptions) uniform() descriptions {
	needed := slices.ContainsFunc(d, func(one mp4.Description) bool { return one.InBand })
	for i := range d {
		d[i].InBand = needed
	}
	return d
}

// extend adds the parameter sets of a description that agrees to description i.
func (d descriptions) extend(i int, more mp4.Description) int {
	d[i].Sets = d[i].Sets.Union(more.Sets)
	return i
}

// bridge returns the index of the description for media that was coded again like description i, and adds it if needed.
func (d *descriptions) bridge(i int, sets av.ParameterSets) int {
	own := (*d)[i]
	own.Sets = sets
	if (*d)[i].Sets.Agree(sets) {
		return d.extend(i, own)
	}
	*d = append(*d, own)
	return len(*d) - 1
}

// unusedID returns a parameter set id that no part uses, or 31 when all are taken.
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
