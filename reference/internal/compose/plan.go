package compose

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
)

const (
	frameTime    = time.Second / ffmpeg.FrameRate
	maxAudio     = 50
	forever      = av.Instant(1<<63 - 1)
	streamScreen = "screen"
)

// span is an uninterrupted piece of the recording. Its frames are numbered in output time, where pauses do not exist;
// spans begin and end on whole frames of the output, and the rounding does not add up.
type span struct {
	start, end         av.Instant // end is forever while it is not known
	firstFrame, frames int64      // frames is set with end
}

// instant is where frame n of the output lies in media time.
func (s span) instant(n int64) av.Instant {
	return s.start.Add(time.Duration(n-s.firstFrame) * frameTime)
}

// scene is who is seen and heard from an instant on.
type scene struct {
	from      av.Instant
	recording bool
	streams   int // in the archive
	tiles     []layout.Tile
	audio     []string // in the order in which they were added
}

func (s scene) tile(stream string) (layout.Tile, bool) {
	for _, t := range s.tiles {
		if t.Stream == stream {
			return t, s.recording
		}
	}
	return layout.Tile{}, false
}

// plan is what one archive makes of the timeline. It only grows, and what it says about instants before known is
// final: everything that decides about pixels and samples asks it, never the clock.
type plan struct {
	archive       string
	width, height int
	layout        layout.Layout
	added         func(journal.Event) // called for every stream, from the goroutine that follows

	streams  []journal.Event              // live, in the order in which they were added
	selected map[string]journal.Selection // by stream; nil while the archive takes all
	recorded time.Duration                // before the current span

	mu      sync.Mutex // guards the rest
	scenes  []scene
	spans   []span
	known   av.Instant
	stopped bool
	changed chan struct{}
	atStop  []context.CancelFunc
}

// follow brings the plan up to date until the archive has stopped.
func (p *plan) follow(ctx context.Context, j *journal.Journal) error {
	index := 0
	known := av.Instant(-1 << 63)
	for {
		list, until, err := j.Events(ctx, index, known)
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
		if p.changed != nil {
			close(p.changed)
			p.changed = nil
		}
		p.mu.Unlock()
		if stopped {
			return nil
		}
	}
}

// apply takes one event and reports whether it stopped the archive.
func (p *plan) apply(e journal.Event) (stopped bool) {
	same := func(s journal.Event) bool { return s.Stream == e.Stream }
	switch e.Kind {
	case journal.StreamAdded:
		if slices.ContainsFunc(p.streams, same) {
			return false
		}
		p.streams = append(p.streams, e)
		p.added(e)
	case journal.StreamRemoved:
		p.streams = slices.DeleteFunc(p.streams, same)
	case journal.Classified:
		if i := slices.IndexFunc(p.streams, same); i >= 0 {
			p.streams[i].Classes = e.Classes
		}
	case journal.Arranged:
		if e.Archive != p.archive {
			return false
		}
		p.arrange(*e.Layout)
	case journal.Recording, journal.Paused, journal.Stopped:
		if e.Archive != p.archive {
			return false
		}
		p.span(e)
		stopped = e.Kind == journal.Stopped
	case journal.Selected:
		if e.Archive != p.archive {
			return false
		}
		p.selected = map[string]journal.Selection{}
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

// arrange changes the layout. It was checked before it came onto the timeline.
func (p *plan) arrange(s layout.Spec) {
	if l, err := layout.New(s); err == nil {
		p.layout = l
	}
}

// span begins or ends a span. Repeated events change nothing.
func (p *plan) span(e journal.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.spans) - 1
	open := last >= 0 && p.spans[last].end == forever
	switch {
	case e.Kind == journal.Recording && !open:
		p.spans = append(p.spans, span{start: e.At, end: forever, firstFrame: wholeFrames(p.recorded)})
	case e.Kind != journal.Recording && open:
		s := &p.spans[last]
		s.end = e.At
		p.recorded += s.end.Sub(s.start)
		s.frames = wholeFrames(p.recorded) - s.firstFrame
	}
}

func wholeFrames(d time.Duration) int64 { return int64((d + frameTime/2) / frameTime) }

// scene is the scene after the events so far. The caller holds mu.
func (p *plan) scene(from av.Instant) scene {
	s := scene{from: from}
	if n := len(p.spans); n > 0 {
		s.recording = p.spans[n-1].end == forever
	}
	var seen []layout.Stream
	for _, e := range p.streams {
		wanted, selected := p.selected[e.Stream]
		if p.selected == nil {
			wanted, selected = journal.Selection{HasAudio: true, HasVideo: true}, true
		}
		if !selected {
			continue
		}
		s.streams++
		if e.HasVideo && wanted.HasVideo {
			seen = append(seen, layout.Stream{
				ID: e.Stream, Connection: e.Connection, Screen: e.VideoType == streamScreen, Classes: e.Classes,
			})
		}
		if e.HasAudio && wanted.HasAudio && len(s.audio) < maxAudio {
			s.audio = append(s.audio, e.Stream)
		}
	}
	s.tiles = p.layout.Arrange(seen, p.width, p.height)
	return s
}

// at is the scene at t, which must be known.
func (p *plan) at(t av.Instant) scene {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.scenes) - 1; i >= 0; i-- {
		if p.scenes[i].from <= t {
			return p.scenes[i]
		}
	}
	return scene{}
}

// between lists the scenes that hold at some point of [from, to), which must be known.
func (p *plan) between(from, to av.Instant) []scene {
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

// errOver is returned by waits for something that will not come.
var errOver = errors.New("archive has stopped")

// wait blocks until done, called with the plan locked, says so. It fails with errOver once the archive has stopped.
func (p *plan) wait(ctx context.Context, done func() bool) error {
	for {
		p.mu.Lock()
		if done() {
			p.mu.Unlock()
			return nil
		}
		if p.stopped {
			p.mu.Unlock()
			return errOver
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// untilStopped returns a context that ends when the archive has stopped.
func (p *plan) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atStop = append(p.atStop, cancel)
	if p.stopped {
		cancel()
	}
	return ctx, cancel
}

// over reports whether nothing from t on is part of the recording.
func (p *plan) over(t av.Instant) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped && (len(p.spans) == 0 || t >= p.spans[len(p.spans)-1].end)
}

// waitKnown blocks until everything before and at t is known.
func (p *plan) waitKnown(ctx context.Context, t av.Instant) error {
	return p.wait(ctx, func() bool { return p.known > t })
}

// waitSpan returns span i once it has begun, or errOver when it never will.
func (p *plan) waitSpan(ctx context.Context, i int) (s span, err error) {
	err = p.wait(ctx, func() bool {
		if i < len(p.spans) {
			s = p.spans[i]
			return true
		}
		return false
	})
	return s, err
}

// waitFrame returns span i once it is known until beyond frame n and margin, or has ended.
func (p *plan) waitFrame(ctx context.Context, i int, n int64, margin time.Duration) (s span, err error) {
	err = p.wait(ctx, func() bool {
		s = p.spans[i]
		return s.end != forever || p.known >= s.instant(n+1).Add(margin)
	})
	return s, err
}
