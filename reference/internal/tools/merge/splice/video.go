// Package splice decides where two recordings are cut, and what is coded again between them. It is pure.
package splice

import "reelcheck/reference/internal/mux/movie"

// Cut says where the second recording takes over from the first. Only the bridge is coded again.
type Cut struct {
	Keep   int // number of samples of the first that stay, in decoding order
	Begin  int // first sample of the second after the bridge
	Bridge Bridge
}

// Bridge is a series of pictures to be coded again, in presentation order. It is empty when Count is 0.
type Bridge struct {
	OfSecond   bool // of the second recording, not the first
	From, To   int64
	Count      int
	Head, Tail int // samples to decode for it: from Head up to, but without, Tail
	Skip       int // number of decoded pictures that come before it
}

// Video cuts at the latest IDR picture of the second recording that the first one also has. If there is none, it keeps
// the first as far as it goes, and the second is coded again up to its next IDR picture. Other key frames cannot be
// used: at those of open groups and of intra refresh a decoder still needs what the first recording would have left it.
//
// Adding later to times of b gives times of a. same holds the times of b between which both show the same; they are
// equal if none are known. The first from samples of a are already used. If pictures are reordered, a can only be cut
// between frames that do not depend on each other; what is lost by that is coded again.
func Video(a, b *movie.Track, later int64, same [2]int64, from int) Cut {
	half := a.Interval() / 2
	cleanA, cleanB := a.Clean(), b.Clean()
	key := func(j int) bool { // and no later sample is presented before it, as in open groups
		return b.Samples[j].IDR && cleanB[j] && cleanB[j+1] && b.Samples[j].PTS() >= b.Start-half
	}
	limit := a.End
	if same[1] > same[0] {
		limit = min(limit, same[1]+later)
	}
	for j := len(b.Samples) - 1; j >= 0; j-- {
		p := b.Samples[j].PTS()
		if !key(j) || p+later > limit+half || p+later < a.Start || same[1] > same[0] && p < same[0]-half {
			continue
		}
		if keep := kept(a, cleanA, p+later-half, from); keep > from {
			return Cut{keep, j, bridge(a, after(a, keep)-half, p+later-half, false)}
		}
	}
	keep := kept(a, cleanA, limit-half, from)
	next := b.Start
	if keep > 0 {
		next = max(next, after(a, keep)-later)
	}
	j := 0
	for j < len(b.Samples) && (!key(j) || b.Samples[j].PTS() < next-half) {
		j++
	}
	end := b.End
	if j < len(b.Samples) {
		end = b.Samples[j].PTS()
	}
	return Cut{keep, j, bridge(b, next-half, end-half, true)}
}

// kept returns the largest number of samples that can stay, of those presented before limit.
func kept(t *movie.Track, clean []bool, limit int64, from int) int {
	latest, best := int64(-1<<63), from
	for i, s := range t.Samples {
		if latest = max(latest, s.PTS()); latest >= limit {
			break
		}
		if i >= from && clean[i+1] {
			best = i + 1
		}
	}
	return best
}

// after returns the end of the presentation of the first keep samples.
func after(t *movie.Track, keep int) int64 {
	end := int64(-1 << 63)
	for _, s := range t.Samples[max(0, keep-32):keep] {
		end = max(end, s.PTS())
	}
	return end + t.Interval()
}

// bridge returns the pictures of t from one time up to, but without, another.
func bridge(t *movie.Track, from, to int64, second bool) Bridge {
	b := Bridge{OfSecond: second, From: to, To: from}
	first := -1
	for i, s := range t.Samples {
		p := s.PTS()
		if p < from || p >= to || p >= t.End {
			continue
		}
		if first < 0 {
			first = i
		}
		b.Count++
		b.From, b.To = min(b.From, p), max(b.To, p)
		b.Tail = i + 1
	}
	if b.Count == 0 {
		return Bridge{}
	}
	b.To += t.Interval()
	b.Head = t.IDRBefore(b.From)
	for _, s := range t.Samples[b.Head:b.Tail] {
		if s.PTS() < b.From {
			b.Skip++
		}
	}
	return b
}
