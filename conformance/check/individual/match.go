package individual

import (
	"math"
	"sync"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/coded"
	"reelcheck/conformance/media/matroska"
	"reelcheck/fixtures"
)

// none says that a frame is no unit that was sent.
const none = -1

// sums are the names of a fixture's units, in order; see [coded.Sum]. They are nil for a fixture that does not exist.
var sums = func() func(id string) []string {
	var mu sync.Mutex
	known := map[string][]string{}
	return func(id string) []string {
		mu.Lock()
		defer mu.Unlock()
		if _, done := known[id]; !done {
			known[id] = read(id)
		}
		return known[id]
	}
}()

func read(id string) []string {
	m, err := fixtures.Load()
	if err != nil {
		panic("individual: internal error: " + err.Error()) // they are part of the program
	}
	var out []string
	if v, err := m.Video(id); err == nil {
		frames, err := v.Frames()
		if err != nil {
			panic("individual: internal error: " + err.Error())
		}
		for _, f := range frames {
			out = append(out, coded.Sum(v.Codec, f.Data))
		}
	}
	if a, err := m.Tone(id); err == nil {
		packets, err := a.Packets()
		if err != nil {
			panic("individual: internal error: " + err.Error())
		}
		for _, p := range packets {
			out = append(out, coded.Sum(a.Codec, p.Data))
		}
	}
	return out
}

// matcher finds the units that a publisher sent in the frames of a file.
type matcher struct {
	sent   *evidence.Published
	sums   []string
	places map[string][]int64 // in the fixture
	lo, hi int64              // the units that the file can hold
}

func newMatcher(sent *evidence.Published, from, to time.Time) matcher {
	m := matcher{sent: sent, sums: sums(sent.Fixture), places: map[string][]int64{}}
	for i, sum := range m.sums {
		m.places[sum] = append(m.places[sum], int64(i))
	}
	m.lo = max(0, m.unit(from))
	m.hi = m.unit(to)
	return m
}

// unit is the one that was due at t.
func (m matcher) unit(t time.Time) int64 {
	return int64(math.Floor(t.Sub(m.sent.Epoch).Seconds() * m.sent.Rate))
}

// is tells whether unit n was sent and has that sum.
func (m matcher) is(n int64, sum string) bool {
	return n >= m.lo && n <= m.hi && m.sums[n%int64(len(m.sums))] == sum && m.sent.Sent(n)
}

// next is the first unit after n with that sum.
func (m matcher) next(n int64, sum string) int64 {
	loop := int64(len(m.sums))
	best := int64(none)
	for _, p := range m.places[sum] {
		k := n + 1 + ((p-n-1)%loop+loop)%loop
		for k <= m.hi && !m.sent.Sent(k) {
			k += loop
		}
		if k >= m.lo && k <= m.hi && (best == none || k < best) {
			best = k
		}
	}
	return best
}

// walk takes the frames for units one after the other, the frame at first for unit n. Presentation times only help where sums
// leave several possibilities.
func (m matcher) walk(t matroska.Track, first int, n int64) (units []int64, matched int) {
	units = make([]int64, len(t.Frames))
	for i := range first {
		units[i] = none
	}
	units[first], matched = n, 1
	last := first
	for i := first + 1; i < len(t.Frames); i++ {
		sum := t.Frames[i].Sum
		ahead := int64(math.Round((t.Presented(i) - t.Presented(last)).Seconds() * m.sent.Rate))
		guess := n + max(1, ahead)
		k := int64(none)
		switch {
		case m.is(guess, sum):
			k = guess
		case m.is(n+1, sum):
			k = n + 1
		case m.is(guess+1, sum):
			k = guess + 1
		case guess-1 > n && m.is(guess-1, sum):
			k = guess - 1
		default:
			k = m.next(n, sum)
		}
		if units[i] = k; k != none {
			n, last = k, i
			matched++
		}
	}
	return units, matched
}

// match says which unit each frame of a track is. Sounds repeat themselves: of several possibilities that are as good, it takes
// the one that puts the file's zero nearest to hint.
func (m matcher) match(t matroska.Track, hint time.Time) []int64 {
	var best []int64
	most, nearest := 0, time.Duration(math.MaxInt64)
	for first := range t.Frames {
		for n := m.next(m.lo-1, t.Frames[first].Sum); n != none; n = m.next(n, t.Frames[first].Sum) {
			units, matched := m.walk(t, first, n)
			away := m.sent.Captured(n).Add(-t.Presented(first)).Sub(hint).Abs()
			if matched > most || matched == most && away < nearest {
				best, most, nearest = units, matched, away
			}
		}
		if best != nil {
			break
		}
	}
	if best == nil {
		return strangers(len(t.Frames))
	}
	return best
}

// strangers are frames none of which was sent.
func strangers(n int) []int64 {
	units := make([]int64, n)
	for i := range units {
		units[i] = none
	}
	return units
}

// matchKey names what a match was worked out from.
type matchKey struct {
	frames   *matroska.Frame
	ssrc     uint32
	units    int
	from, to int64
	hint     int64
}

func units(c *check.Case, t matroska.Track, sent *evidence.Published, from, to, hint time.Time) []int64 {
	if len(t.Frames) == 0 {
		return nil
	}
	m := newMatcher(sent, from, to)
	if len(m.sums) == 0 {
		return strangers(len(t.Frames))
	}
	key := matchKey{&t.Frames[0], sent.SSRC, sent.Units, m.lo, m.hi, hint.UnixNano()}
	return check.Keep(c.Facts, key, func() []int64 { return m.match(t, hint) })
}
