// Package plan derives from a session's timeline what one archive records: which parts of it, and which streams are seen
// where and heard in them.
package plan

import (
	"context"
	"errors"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

const (
	// FrameTime is the duration of one frame of the output.
	FrameTime = time.Second / av.FrameRate // ARC-COMP-08
	// MaxAudio is the number of streams that are heard at once.
	MaxAudio = 50 // ARC-COMP-21, ARC-SEL-06

	forever      = av.Instant(1<<63 - 1)
	streamScreen = "screen"
)

// Span is an uninterrupted part of the recording. Its frames are numbered in output time, where pauses do not exist.
// Spans begin and end on whole frames of the output, and the rounding does not add up over spans.
type Span struct {
	Start, End         av.Instant // End is forever while it is not known
	FirstFrame, frames int64      // frames is set together with End
}

// Instant returns the media time at which frame n of the output begins.
func (s Span) Instant(n int64) av.Instant {
	return s.Start.Add(time.Duration(n-s.FirstFrame) * FrameTime)
}

// Shown returns the instant whose pictures frame n shows. It is the middle of the frame, so that no picture is more than
// half a frame early or late, whoever sent it (ARC-COMP-14, ARC-COMP-36).
func (s Span) Shown(n int64) av.Instant { return min(s.Instant(n).Add(FrameTime/2), s.End-1) }

// Has reports whether frame n belongs to the span, as far as is known.
func (s Span) Has(n int64) bool { return s.End == forever || n < s.FirstFrame+s.frames }

// Scene says which streams are seen and heard from an instant on.
type Scene struct {
	from      av.Instant
	recording bool
	Streams   int // number of streams that the archive takes
	Tiles     []layout.Tile
	Audio     []string // ids of the streams that are heard, in the order in which they were added
}

// Tile returns the place of a stream. The result is false when it has none or the archive is not recording.
func (s Scene) Tile(stream string) (layout.Tile, bool) {
	for _, t := range s.Tiles {
		if t.Stream == stream {
			return t, s.recording
		}
	}
	return layout.Tile{}, false
}

// Plan follows the timeline for one archive. It only grows, and what it says about instants before known is final.
// Everything that decides about pixels and samples asks the plan, never the clock.
type Plan struct {
	Archive       string
	Width, Height int
	Layout        layout.Layout        // at the start
	Added         func(timeline.Event) // called for every stream, from the goroutine that follows

	streams  []timeline.Event              // live streams, in the order in which they were added
	dark     map[string]bool               // streams that send no video
	selected map[string]timeline.Selection // by stream; nil while the archive takes all
	recorded time.Duration                 // recorded time before the current span

	mu      await.Mutex // guards the fields below
	scenes  []Scene
	spans   []Span
	known   av.Instant
	stopped bool
	atStop  []context.CancelFunc
}

// Timeline is the source of the events of a session.
type Timeline interface {
	// Events returns the events from index on, and the instant up to which they are known: later events have that
	// instant or a later one. It blocks until there is another event, or until known is later than after.
	Events(ctx context.Context, index int, after av.Instant) (events []timeline.Event, known av.Instant, err error)
}

// Follow updates the plan until the archive has stopped.
func (p *Plan) Follow(ctx context.Context, t Timeline) error {
	index := 0
	known := av.Instant(-1 << 63)
	for {
		list, until, err := t.Events(ctx, index, known)
		if err != nil {
			return err
		}
		index, known = index+len(list), until
		stopped := false
		for _, e := range list {
			if stopped = p.apply(e); stopped {
				break
			}
		}
		p.mu.Lock()
		p.known, p.stopped = known, stopped
		if stopped {
			p.known = forever
			for _, cancel := range p.atStop {
				cancel()
			}
		}
		p.mu.Wake()
		p.mu.Unlock()
		if stopped {
			return nil
		}
	}
}

// apply applies one event and reports whether it stopped the archive.
func (p *Plan) apply(e timeline.Event) (stopped bool) {
	same := func(s timeline.Event) bool { return s.Stream == e.Stream }
	switch e.Kind {
	case timeline.StreamAdded:
		if slices.ContainsFunc(p.streams, same) {
			return false
		}
		p.streams = append(p.streams, e)
		p.Added(e)
	case timeline.StreamRemoved:
		p.streams = slices.DeleteFunc(p.streams, same) // ARC-COMP-23
	case timeline.VideoStopped:
		if p.dark == nil {
			p.dark = map[string]bool{}
		}
		p.dark[e.Stream] = true // ARC-COMP-28
	case timeline.VideoResumed:
		delete(p.dark, e.Stream)
	case timeline.Classified:
		if i := slices.IndexFunc(p.streams, same); i >= 0 {
			p.streams[i].Classes = e.Classes // ARC-LAY-11
		}
	case timeline.Arranged:
		if e.Archive != p.Archive {
			return false
		}
		p.Layout = *e.Layout // ARC-LAY-05
	case timeline.Recording, timeline.Paused, timeline.Stopped:
		if e.Archive != p.Archive {
			return false
		}
		p.span(e)
		stopped = e.Kind == timeline.Stopped
	case timeline.Selected:
		if e.Archive != p.Archive {
			return false
		}
		p.selected = map[string]timeline.Selection{}
		for _, s := range e.Selection {
			p.selected[s.Stream] = s
		}
	default:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.scenes); n > 0 && p.scenes[n-1].from == e.At {
		p.scenes = p.scenes[:n-1]
	}
	p.scenes = append(p.scenes, p.scene(e.At))
	return stopped
}

// span begins or ends a span. Repeated events change nothing.
func (p *Plan) span(e timeline.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.spans) - 1
	open := last >= 0 && p.spans[last].End == forever
	switch {
	case e.Kind == timeline.Recording && !open:
		p.spans = append(p.spans, Span{Start: e.At, End: forever, FirstFrame: wholeFrames(p.recorded)})
	case e.Kind != timeline.Recording && open:
		s := &p.spans[last]
		s.End = e.At
		p.recorded += s.End.Sub(s.Start) // ARC-STAT-06, ARC-COMP-15
		s.frames = wholeFrames(p.recorded) - s.FirstFrame
	}
}

func wholeFrames(d time.Duration) int64 { return int64((d + FrameTime/2) / FrameTime) }

// scene returns the scene after the events so far. The caller holds mu.
func (p *Plan) scene(from av.Instant) Scene {
	s := Scene{from: from}
	if n := len(p.spans); n > 0 {
		s.recording = p.spans[n-1].End == forever
	}
	var seen []layout.Stream
	for _, e := range p.streams {
		wanted, selected := p.selected[e.Stream]
		if p.selected == nil {
			wanted, selected = timeline.Selection{HasAudio: true, HasVideo: true}, true // ARC-SEL-01
		}
		if !selected { // ARC-SEL-03, ARC-SIM-04
			continue
		}
		s.Streams++
		if e.HasVideo && wanted.HasVideo && !p.dark[e.Stream] { // ARC-COMP-12, ARC-COMP-28, ARC-COMP-31, ARC-COMP-32, ARC-SEL-05
			seen = append(seen, layout.Stream{
				ID: e.Stream, Connection: e.Connection, Screen: e.VideoType == streamScreen, Classes: e.Classes,
			})
		}
		if e.HasAudio && wanted.HasAudio && len(s.Audio) < MaxAudio { // ARC-COMP-13, ARC-COMP-21, ARC-COMP-22, ARC-COMP-34
			s.Audio = append(s.Audio, e.Stream)
		}
	}
	s.Tiles = p.Layout.Arrange(seen, p.Width, p.Height)
	return s
}

// At returns the scene at t, which must be known.
func (p *Plan) At(t av.Instant) Scene {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.scenes) - 1; i >= 0; i-- {
		if p.scenes[i].from <= t {
			return p.scenes[i]
		}
	}
	return Scene{}
}

// Since returns the instant since which the stream, which has a place at t, has had one without a break.
func (p *Plan) Since(stream string, t av.Instant) av.Instant {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := len(p.scenes) - 1
	for i > 0 && p.scenes[i].from > t {
		i--
	}
	for i > 0 {
		if _, shown := p.scenes[i-1].Tile(stream); !shown {
			break
		}
		i--
	}
	return p.scenes[i].from
}

// Between returns the scenes that hold at some point of [from, to), which must be known.
func (p *Plan) Between(from, to av.Instant) []Scene {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := len(p.scenes)
	for first > 0 && p.scenes[first-1].from >= to {
		first--
	}
	last := first
	for first > 0 {
		first--
		if p.scenes[first].from <= from {
			break
		}
	}
	return slices.Clone(p.scenes[first:last])
}

// ErrOver is returned by waits for something that will not come.
var ErrOver = errors.New("archive has stopped")

// wait blocks until done returns true; done is called with the plan locked. It returns ErrOver if the archive stops
// first.
func (p *Plan) wait(ctx context.Context, done func() bool) error {
	found := false
	err := p.mu.Until(ctx, func() bool {
		found = done()
		return found || p.stopped
	})
	if err == nil && !found {
		return ErrOver
	}
	return err
}

// UntilStopped returns a context that ends when the archive has stopped.
func (p *Plan) UntilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atStop = append(p.atStop, cancel)
	if p.stopped {
		cancel()
	}
	return ctx, cancel
}

// Samples reports whether a frame of the output shows a picture that is new at from and replaced at to. Both must be
// known. In doubt it returns true.
func (p *Plan) Samples(from, to av.Instant) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.spans) - 1; i >= 0; i-- {
		s := p.spans[i]
		if s.Start > from {
			continue
		}
		next := s.FirstFrame + int64((from.Sub(s.Start)+FrameTime/2-1)/FrameTime)
		return to >= s.End || to > s.Shown(next)
	}
	return true
}

// Over reports whether nothing from t on is recorded.
func (p *Plan) Over(t av.Instant) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped && (len(p.spans) == 0 || t >= p.spans[len(p.spans)-1].End)
}

// WaitKnown blocks until everything up to and including t is known.
func (p *Plan) WaitKnown(ctx context.Context, t av.Instant) error {
	return p.wait(ctx, func() bool { return p.known > t })
}

// WaitSpan returns span i once it has begun, or ErrOver when it never will.
func (p *Plan) WaitSpan(ctx context.Context, i int) (s Span, err error) {
	err = p.wait(ctx, func() bool {
		if i < len(p.spans) {
			s = p.spans[i]
			return true
		}
		return false
	})
	return s, err
}

// WaitFrame returns span i once it is known to beyond frame n plus margin, or has ended.
func (p *Plan) WaitFrame(ctx context.Context, i int, n int64, margin time.Duration) (s Span, err error) {
	err = p.wait(ctx, func() bool {
		s = p.spans[i]
		return s.End != forever || p.known >= s.Instant(n+1).Add(margin)
	})
	return s, err
}
