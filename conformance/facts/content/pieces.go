package content

import (
	"math"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media"
)

// Piece is a stretch of a session that a file holds without a break, and its place in the file.
type Piece struct {
	facts.Span           // when streams were published within the archive
	Zero       time.Time // the instant at which time zero of the file would lie
	Begin, End float64   // in seconds of the file
	// Aligned means that the content of the file says where Zero is. Otherwise Zero assumes a recorder without delay.
	Aligned bool
	// Seen means that pictures say so. The whole seconds of a sound have no numbers, and may be taken for their neighbours.
	Seen bool
}

// Begun returns the instant at which the file begins to hold the piece.
func (p Piece) Begun() time.Time { return p.Zero.Add(seconds(p.Begin)) }

// Time returns where in the file an instant lies that is within the piece.
func (p Piece) Time(at time.Time) float64 { return at.Sub(p.Zero).Seconds() }

func seconds(s float64) time.Duration { return time.Duration(s*1_000_000) * time.Microsecond }

// Pieces are the pieces of a file, in order.
type Pieces []Piece

// PiecesOf returns the pieces of a file by a recorder that begins, pauses, goes on and ends without delay.
func PiecesOf(recorded []facts.Span) Pieces {
	var out Pieces
	at := 0.0
	for _, r := range recorded {
		p := Piece{Span: r, Zero: r.From.Add(-seconds(at)), Begin: at, End: at + r.To.Sub(r.From).Seconds()}
		out, at = append(out, p), p.End
	}
	return out
}

// Time returns where in the file an instant of the session lies. Instants that the file does not hold lie where it goes on.
func (ps Pieces) Time(at time.Time) float64 {
	for _, p := range ps {
		if !at.After(p.To) {
			return min(max(p.Time(at), p.Begin), p.End)
		}
	}
	if len(ps) == 0 {
		return 0
	}
	return ps[len(ps)-1].End
}

// Aligned returns the pieces where the content of a file places them. Each frame tells its stream and number, and so the
// instant at which it was captured; where nothing is seen, the whole seconds of a sound tell it. This shows whether a recorder
// began late, went on late after a pause, or ended early. Content that comes later in the file than from a recorder without
// delay has waited in a buffer. It does not move time zero, because calls and departures take effect without waiting.
func Aligned(recorded []facts.Span, sources []Source, r media.Report) Pieces {
	ps := PiecesOf(recorded)
	found := sightings(ps, sources, r)
	var waited time.Duration
	for i := range ps {
		p := &ps[i]
		if i > 0 {
			p.Zero = p.From.Add(-seconds(ps[i-1].End))
		}
		if zero, seen, ok := zeroOf(found, i); ok {
			if i == 0 {
				waited = max(0, p.Zero.Sub(zero))
			}
			p.Zero, p.Aligned, p.Seen = zero.Add(waited), true, seen
		}
		if i > 0 {
			// The end of the piece before may be missing, or the begin of this one: what was last seen tells which.
			before, from := &ps[i-1], p.Time(p.From)
			before.End = max(before.Begin, min(before.End, max(lastSeen(found, i-1), from)))
			p.Begin = max(before.End, from)
		}
		p.End = max(p.Begin, p.Time(p.To))
	}
	if n := len(ps); n > 0 && r.Plays() > 0 {
		ps[n-1].End = max(ps[n-1].Begin, min(ps[n-1].End, r.Plays()))
	}
	return ps
}

// sighting is a stretch of a file in which a track is seen or heard.
type sighting struct {
	piece int
	until float64     // in the file
	zeros []time.Time // instants of the file's time zero, as the content tells them
	heard bool
}

// zeroOf returns the lower quartile of the time zeros of a piece, so that what stands behind a cut in the middle does not
// pass for a late begin. It asks the sounds only where no picture tells one.
func zeroOf(found []sighting, piece int) (zero time.Time, seen, ok bool) {
	for _, heard := range []bool{false, true} {
		var zeros []time.Time
		for _, s := range found {
			if s.piece == piece && s.heard == heard {
				zeros = append(zeros, s.zeros...)
			}
		}
		if n := len(zeros); n > 0 {
			slices.SortFunc(zeros, time.Time.Compare)
			return zeros[n/4], !heard, true
		}
	}
	return time.Time{}, false, false
}

func lastSeen(found []sighting, piece int) (last float64) {
	for _, s := range found {
		if s.piece == piece {
			last = max(last, s.until)
		}
	}
	return last
}

// sightings returns what of the sources is found in a file.
func sightings(ps Pieces, sources []Source, r media.Report) []sighting {
	var out []sighting
	for _, same := range byFixture(sources) {
		p := same[0]
		if p.LoopUnits == 0 || p.Rate == 0 {
			continue
		}
		loop := float64(p.LoopUnits) / p.Rate
		if p.Kind == "video" {
			for _, a := range r.Picture.OfStream(p.Fixture) {
				out = append(out, ps.sight(same, sighting{until: a.To}, []moment{
					{a.From, float64(a.FirstMark) / p.Rate, loop}, {a.To, float64(a.LastMark+1) / p.Rate, loop}})...)
			}
			continue
		}
		for _, t := range r.Sound.OfTone(p.Fixture) {
			for _, run := range runs(t) {
				out = append(out, ps.sight(same, sighting{until: run.until, heard: true}, run.moments(loop))...)
			}
		}
	}
	return out
}

// byFixture groups the publications of each fixture, in the order in which they begin.
func byFixture(sources []Source) (groups [][]*evidence.Published) {
	for _, source := range sources {
		p := source.By.Published
		i := slices.IndexFunc(groups, func(g []*evidence.Published) bool { return g[0].Kind == p.Kind && g[0].Fixture == p.Fixture })
		if i < 0 {
			groups = append(groups, []*evidence.Published{p})
			continue
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}

// moment is a time of the file at which a place of a fixture is seen or heard. The place is known but for whole periods. All
// are in seconds.
type moment struct{ at, place, period float64 }

// run is a part of a tone whose beats are whole seconds apart. Where a file leaves out the pause between two publications of one
// fixture, it holds their runs as a single tone.
type run struct {
	beats []media.Beat
	until float64
}

// runs divides a tone by its beats.
func runs(t media.ToneSpan) []run {
	var out []run
	for i, b := range t.Beats {
		if i > 0 {
			apart := b.At - t.Beats[i-1].At
			if whole := math.Round(apart); whole >= 1 && math.Abs(apart-whole) < steady/2 {
				last := &out[len(out)-1]
				last.beats = append(last.beats, b)
				continue
			}
			out[len(out)-1].until = b.At
		}
		out = append(out, run{beats: []media.Beat{b}, until: t.To})
	}
	return out
}

// moments returns the whole seconds of a sound. They have no numbers, apart from the first one of a loop. The break that a run
// begins with may be wide because the sound only begins there.
func (r run) moments(loop float64) []moment {
	first := slices.IndexFunc(r.beats[1:], func(b media.Beat) bool { return b.First }) + 1
	var out []moment
	for _, b := range r.beats {
		if first == 0 {
			out = append(out, moment{b.At, 0, 1})
		} else {
			out = append(out, moment{b.At, math.Round(b.At - r.beats[first].At), loop})
		}
	}
	return out
}

// steady is the largest difference, in seconds, between the time zeros of one sighting. It is no limit: moments that differ by
// more tell nothing.
const steady = 0.2

// sight places s in the piece in which its moments were published, by one of the publications of a fixture: where it would lie
// without any delay, or next to that. It returns nothing if there is no such piece. Moments that disagree, because a picture
// stood still or pictures are missing, show no time zero.
func (ps Pieces) sight(same []*evidence.Published, s sighting, moments []moment) []sighting {
	if len(moments) == 0 {
		return nil
	}
	best := time.Duration(math.MaxInt64)
	for _, published := range same {
		for i, p := range ps {
			if s.heard && p.length(published) < brief {
				continue
			}
			zeros := zerosOf(p, published, moments)
			middle := zeros[0].Add(seconds((moments[0].at + moments[len(moments)-1].at) / 2))
			if off := zeros[0].Sub(p.Zero).Abs(); off < best && p.holds(middle, published) {
				best, s.piece, s.zeros = off, i, zeros
			}
		}
	}
	if best == math.MaxInt64 {
		return nil
	}
	if earliest, latest := slices.MinFunc(s.zeros, time.Time.Compare), slices.MaxFunc(s.zeros, time.Time.Compare); latest.Sub(earliest) > seconds(steady) {
		s.zeros = nil
	}
	return []sighting{s}
}

// brief is how long a sound lasts at most that tells no time: its one beat may be a break where a file leaves out a pause. It is no
// limit, because such a sound contradicts nothing.
const brief = 1500 * time.Millisecond

// length returns how long something was published within the piece.
func (p Piece) length(published *evidence.Published) time.Duration {
	last := p.To
	if published.Ended {
		last = published.Last
	}
	part, _ := p.Cut(published.First, last)
	return part.To.Sub(part.From)
}

// zerosOf returns the instants of time zero if the moments are of a publication, and as near as possible to where the piece places them.
func zerosOf(p Piece, published *evidence.Published, moments []moment) (zeros []time.Time) {
	for _, m := range moments {
		due := p.Zero.Add(seconds(m.at)).Sub(published.Epoch).Seconds()
		captured := published.Epoch.Add(seconds(m.place + m.period*math.Round((due-m.place)/m.period)))
		zeros = append(zeros, captured.Add(-seconds(m.at)))
	}
	return zeros
}

// holds reports whether something was published at an instant within the piece. The first unit is sent a moment after its time.
func (p Piece) holds(at time.Time, published *evidence.Published) bool {
	sent := at.Add(seconds(steady))
	return p.Covers(sent) && !sent.Before(published.First) && (!published.Ended || !at.After(published.Last))
}
