package merge

import (
	"bytes"
	"slices"

	"reelcheck/reference/internal/mux/movie"
)

// descriptions are the sample descriptions of a track. Recordings share one as long as their parameter sets do not contradict each
// other: players like one best.
type descriptions []movie.Description

// add finds or makes the description for a track.
func (d *descriptions) add(t *movie.Track) int {
	own := movie.Describe(t)
	for i, have := range *d {
		if agree(have.SPS, own.SPS, spsID) && agree(have.PPS, own.PPS, ppsID) {
			(*d)[i].InBand = have.InBand || own.InBand
			return d.extend(i, own)
		}
	}
	*d = append(*d, own)
	return len(*d) - 1
}

// uniform makes all allow what one needs: players expect one type of description in a track.
func (d descriptions) uniform() descriptions {
	needed := slices.ContainsFunc(d, func(one movie.Description) bool { return one.InBand })
	for i := range d {
		d[i].InBand = needed
	}
	return d
}

// extend adds the parameter sets of another, which agree, to a description.
func (d descriptions) extend(i int, more movie.Description) int {
	d[i].SPS, d[i].PPS = union(d[i].SPS, more.SPS), union(d[i].PPS, more.PPS)
	return i
}

// bridge finds or makes the description for what was coded again with a track's.
func (d *descriptions) bridge(i int, sps, pps [][]byte) int {
	own := (*d)[i]
	own.SPS, own.PPS = sps, pps
	if agree((*d)[i].SPS, sps, spsID) && agree((*d)[i].PPS, pps, ppsID) {
		return d.extend(i, own)
	}
	*d = append(*d, own)
	return len(*d) - 1
}

func union(have, more [][]byte) [][]byte {
	all := have[:len(have):len(have)]
	for _, m := range more {
		if !contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

func contains(sets [][]byte, one []byte) bool {
	for _, s := range sets {
		if bytes.Equal(s, one) {
			return true
		}
	}
	return false
}

// agree reports whether sets with the same id are the same.
func agree(a, b [][]byte, id func([]byte) int) bool {
	for _, x := range a {
		for _, y := range b {
			if id(x) == id(y) && !bytes.Equal(x, y) {
				return false
			}
		}
	}
	return true
}

// spsID is seq_parameter_set_id, ppsID pic_parameter_set_id (ITU-T H.264 sections 7.3.2.1 and 7.3.2.2).
func spsID(nal []byte) int { return expGolomb(nal, 4) }
func ppsID(nal []byte) int { return expGolomb(nal, 1) }

// expGolomb reads ue(v) at a byte. Ids are so small that no emulation prevention comes before their end.
func expGolomb(nal []byte, at int) int {
	bit := func(i int) int {
		if at+i/8 >= len(nal) {
			return 1
		}
		return int(nal[at+i/8]) >> (7 - i%8) & 1
	}
	zeros := 0
	for zeros < 16 && bit(zeros) == 0 {
		zeros++
	}
	v := 0
	for i := range zeros + 1 {
		v = v<<1 | bit(zeros+i)
	}
	return v - 1
}

// unusedID is an id no parameter set of any part has; 31 when all are taken.
func (j *joiner) unusedID() int {
	taken := map[int]bool{}
	for _, p := range j.parts {
		for _, s := range p.video.track.Picture.SPS {
			taken[spsID(s)] = true
		}
		for _, s := range p.video.track.Picture.PPS {
			taken[ppsID(s)] = true
		}
	}
	id := 0
	for id < 31 && taken[id] {
		id++
	}
	return id
}
