package individual

import (
	"cmp"
	"slices"
	"time"
)

// clientsOf tells for each part of which client it is, as far as anybody can tell: who shares a screen comes next after it (ARC-LAY-09). The
// files of this recorder say so. Of others there is the data of the client's connection, which may be that of many: of all that have a
// role in common, for example. It is no one client's when it has two cameras at once.
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

// beside reports whether both are video of a camera, or such, of different streams that are there at the same time.
func (p *part) beside(other *part) bool {
	for _, x := range []*part{p, other} {
		if !x.has[video] || x.VideoType == screen {
			return false
		}
	}
	return p.StreamID != other.StreamID && p.from() < other.to() && other.from() < p.to()
}

// places puts the streams in the order of their places and returns since when each has its place: not later than those behind it. It is the
// order in which they came, but that of the manifest in archives of this recorder, which is that of publication: a stream that was published
// first may have been taken into the archive, or have sent a key frame, after others.
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
