package individual

import (
	"cmp"
	"slices"
	"time"
)

// clientsOf returns the client of each part, as far as it is known, because the other streams of a client that shares a screen come next after
// the screen (ARC-LAY-09). Files of this recorder name their client. For others it returns the connection data, unless two cameras with the same
// data overlap; then several clients share it, for example all with the same role.
func clientsOf(parts []*part) (list []string) {
	common := map[string]bool{}
	for i, p := range parts {
		for _, other := range parts[:i] {
			common[p.ConnectionData] = common[p.ConnectionData] || p.ConnectionData == other.ConnectionData && p.beside(other)
		}
	}
	for _, p := range parts {
		data := p.ConnectionData
		if common[data] {
			data = ""
		}
		list = append(list, cmp.Or(p.client, data, p.StreamID))
	}
	return list
}

// beside reports whether both parts have video of cameras, not screens, are of different streams, and overlap in time.
func (p *part) beside(other *part) bool {
	for _, x := range []*part{p, other} {
		if !x.has[video] || x.VideoType == screen {
			return false
		}
	}
	return p.StreamID != other.StreamID && p.from() < other.to() && other.from() < p.to()
}

// places sorts the parts by their places in the picture and returns when each gets its place, which is never later than for the parts behind it.
// Streams are sorted by when they came. In archives of this recorder they are sorted as in the manifest, which is the order of publication: a
// stream that was published first may have come later, because it was selected or sent its key frame later.
func (f *filling) places() (added []time.Duration) {
	if !slices.ContainsFunc(f.parts, func(p *part) bool { return p.client == "" }) {
		listed := map[string]int{}
		for i, file := range f.Files {
			listed[file.Filename] = i
		}
		slices.SortStableFunc(f.parts, func(a, b *part) int { return cmp.Compare(listed[a.Filename], listed[b.Filename]) })
	}
	for _, p := range f.parts {
		added = append(added, p.added())
	}
	for i := len(added) - 2; i >= 0; i-- {
		added[i] = min(added[i], added[i+1])
	}
	return added
}
