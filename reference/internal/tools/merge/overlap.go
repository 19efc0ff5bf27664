package merge

import (
	"context"
	"errors"
	"math"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/tools/merge/align"
)

// overlap says how the times of two recordings relate.
type overlap struct {
	align.Overlap
	found   bool
	picture float64  // presentation time of B minus that of A in whole pictures, in seconds
	same    [2]int64 // composition times of B between which both show the same
}

// end is the decoded end of A or beginning of B.
type end struct {
	view
	heard *align.Listener
	from  float64 // presentation time at which heard begins
}

// compare decodes the end of a and the beginning of b and finds the overlap.
func (j *joiner) compare(ctx context.Context, a, b *part) (overlap, error) {
	var ends [2]end
	g, decoding := errgroup.WithContext(ctx)
	g.SetLimit(2)
	window := j.MaxOverlap.Seconds()
	for i, p := range []*part{a, b} {
		e := &ends[i]
		if t := p.video.track; t != nil {
			from, to := t.Start, min(t.End, t.Start+t.Ticks(window))
			if i == 0 {
				from, to = max(t.Start, t.End-t.Ticks(window)), t.End
			}
			g.Go(func() (err error) { e.view, err = j.look(decoding, p, from, to); return err })
		}
		if t := p.audio.track; t != nil {
			from, to := t.Start, min(t.End, t.Start+t.Ticks(window))
			if i == 0 {
				from, to = max(t.Start, t.End-t.Ticks(window)), t.End
			}
			e.heard = align.NewListener(t.Sound.Rate)
			g.Go(func() error { return j.listen(decoding, p, e, from, to) })
		}
	}
	if err := g.Wait(); err != nil {
		return overlap{}, err
	}
	return j.find(ctx, a, b, ends)
}

// listen collects the changes in the sound between two times.
func (j *joiner) listen(ctx context.Context, p *part, e *end, from, to int64) error {
	t := p.audio.track
	begun := false
	return j.hear(ctx, p, from, to, 1, func(start int64, samples []float32) {
		if !begun { // sound before this is not presented
			skip := min(max(0, from-start), int64(len(samples)))
			e.from, begun = t.Seconds(t.Present(start+skip)), true
			samples = samples[skip:]
		}
		e.heard.Hear(samples)
	})
}

var errOrder = errors.New("the second recording ends before the first does; are they in the order of their recording?")

func (j *joiner) find(ctx context.Context, a, b *part, ends [2]end) (overlap, error) {
	var pictures, sounds [2]align.Changes
	for i, p := range []*part{a, b} {
		if t := p.video.track; t != nil {
			pictures[i] = align.PictureChanges(ends[i].pictures, t.Seconds(t.Present(ends[i].start)), t.Seconds(t.Interval()))
		}
		if p.audio.track != nil {
			sounds[i] = ends[i].heard.Changes(ends[i].from)
		}
	}
	var o overlap
	if o.Overlap, o.found = align.Find(pictures, sounds); !o.found {
		o.Offset = a.ends()
		o.picture = o.Offset
		return o, nil
	}
	if b.ends()+o.Offset < a.ends() {
		return overlap{}, errOrder
	}
	if o.Sound {
		if err := j.refine(ctx, a, b, &o); err != nil {
			return overlap{}, err
		}
	}
	o.picture = o.Offset
	if len(ends[0].pictures) > 0 && len(ends[1].pictures) > 0 {
		o.match(a, b, ends)
	}
	return o, nil
}

// match finds which picture of B continues which of A.
func (o *overlap) match(a, b *part, ends [2]end) {
	t, u := a.video.track, b.video.track
	interval := t.Interval()
	// Distance of the first pictures of both windows.
	apart := t.Seconds(t.Present(ends[0].start)) - u.Seconds(u.Present(ends[1].start))
	expected := int(math.Round((o.Offset - apart) / t.Seconds(interval)))
	lag := align.Frame(ends[0].pictures, ends[1].pictures, expected)
	o.picture = apart + t.Seconds(int64(lag)*interval)
	if !o.Sound {
		o.Offset = o.picture
	}
	first, last := align.Same(ends[0].pictures, ends[1].pictures, lag)
	o.same = [2]int64{ends[1].start + int64(first)*interval, ends[1].start + int64(last)*interval}
	if first == last {
		o.Picture = false
	}
}

const (
	// refineOver is the length in seconds of the sound that is compared, refineReach the distance in seconds within
	// which it is moved.
	refineOver, refineReach = 6.0, 0.05
)

// refine makes the offset exact to the sample.
func (j *joiner) refine(ctx context.Context, a, b *part, o *overlap) error {
	t, u := a.audio.track, b.audio.track
	low, high := max(o.Offset, 0), a.ends()
	if high-low > refineOver {
		low = (low+high)/2 - refineOver/2
		high = low + refineOver
	}
	from, length := t.Ticks(low), t.Ticks(high-low)
	reach := t.Ticks(refineReach)
	startA := from - t.Delay + t.Start - reach
	startB := u.Ticks(low-o.Offset) - u.Delay + u.Start
	x, err := j.sound(ctx, a, startA, startA+length+2*reach, 1)
	if err != nil {
		return err
	}
	y, err := j.sound(ctx, b, startB, startB+length, 1)
	if err != nil {
		return err
	}
	if len(x.Samples) == 0 || len(y.Samples) == 0 {
		return nil
	}
	// Both begin with a packet, not at the requested time.
	relative := t.Ticks(o.Offset) + (u.Present(y.Start)) - t.Present(x.Start)
	exact, ok := align.Exact(x.Samples, y.Samples, int(relative), int(reach))
	if ok {
		o.Offset = t.Seconds(t.Present(x.Start) + int64(exact) - u.Present(y.Start))
	}
	return nil
}
