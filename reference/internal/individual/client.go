package individual

import "cmp"

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
