package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

const (
	step = 20 * time.Millisecond
	// backlog is how far the work may be behind the recording. The recording waits for the work, so that recording an
	// hour takes only as long as the work, and the stop is as if the hour had come live.
	backlog = time.Second
)

// recording is a journal that is being written.
type recording struct {
	journal *journal.Journal
	zero    av.Instant
	players []*player
}

func record(dir string, loops ...media.Loop) (*recording, error) {
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return nil, err
	}
	r := &recording{journal: j, zero: av.InstantOf(time.Now())}
	if err := r.journal.Note(timeline.Event{Kind: timeline.Recording, Archive: archive, At: r.zero}); err != nil {
		return nil, err
	}
	for i, l := range loops {
		id := fmt.Sprintf("stream-%02d", i+1)
		w, err := r.journal.Stream(id)
		if err != nil {
			return nil, err
		}
		r.players = append(r.players, &player{Loop: l, writer: w})
		added := timeline.Event{Kind: timeline.StreamAdded, Stream: id, At: r.zero, VideoType: "camera", HasAudio: true, HasVideo: len(l.Video) > 0}
		if err := r.journal.Note(added); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// until records up to t.
func (r *recording) until(t time.Duration) error {
	for _, p := range r.players {
		if err := p.play(r.zero, t); err != nil {
			return err
		}
	}
	return r.journal.Advance(r.zero.Add(t))
}

func (r *recording) stop(t time.Duration) error {
	return r.journal.Note(timeline.Event{Kind: timeline.Stopped, Archive: archive, At: r.zero.Add(t)})
}

// progress lets the recording wait for the work that follows it.
type progress struct {
	mu   sync.Mutex
	at   av.Instant
	cond *sync.Cond
	over bool
}

func newProgress(zero av.Instant) *progress {
	p := &progress{at: zero}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *progress) set(t av.Instant, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.over = max(p.at, t), p.over || over
	p.cond.Broadcast()
}

// wait blocks until the work has reached t, and returns how far it is.
func (p *progress) wait(t av.Instant) av.Instant {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.at < t && !p.over {
		p.cond.Wait()
	}
	return p.at
}

// followed holds when a recording made faster than real time began and stopped, and when the work that follows it was
// done.
type followed struct {
	began, stopped, done time.Time
	behind               time.Duration // how far the work was behind at the stop
}

// follow records for length while work runs. work calls its argument with the instant that it has reached.
func (r *recording) follow(ctx context.Context, length time.Duration, work func(context.Context, func(av.Instant)) error) (f followed, err error) {
	at := newProgress(r.zero)
	f.began = time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer at.set(0, true)
		err := work(ctx, func(t av.Instant) { at.set(t, false) })
		f.done = time.Now()
		return err
	})
	g.Go(func() error {
		for t := time.Duration(0); t <= length && ctx.Err() == nil; t += step {
			if err := r.until(t); err != nil {
				return err
			}
			f.behind = r.zero.Add(t).Sub(at.wait(r.zero.Add(t - backlog)))
		}
		f.stopped = time.Now()
		return r.stop(length)
	})
	return f, g.Wait()
}

// eachLength calls measure for each length that minutes lists.
func eachLength(minutes string, measure func(minutes float64, length time.Duration) error) error {
	for _, field := range strings.Split(minutes, ",") {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("minutes %q is not a positive number", field)
		}
		if err := measure(n, time.Duration(n*float64(time.Minute)).Round(time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// stopToFile measures the time from the stop of recordings of hard content to their complete files.
func (b bench) stopToFile(ctx context.Context, minutes string) error {
	hard, err := media.Hard(ctx, b.cache)
	if err != nil {
		return err
	}
	return eachLength(minutes, func(minutes float64, length time.Duration) error { return b.stop(ctx, hard, minutes, length) })
}

func (b bench) stop(ctx context.Context, hard media.Loop, minutes float64, length time.Duration) error {
	dir, err := os.MkdirTemp(b.dir, "stop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := record(filepath.Join(dir, "journal"), hard)
	if err != nil {
		return err
	}
	var result compose.Result
	f, err := r.follow(ctx, length, func(ctx context.Context, progress func(av.Instant)) (err error) {
		options := compose.Options{FFmpeg: children(), Width: 640, Height: 480, HasAudio: true, HasVideo: true, Progress: progress}
		out := filepath.Join(dir, "archive")
		result, err = compose.Run(ctx, r.journal, archive, options, out, slog.Default())
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "bench: case="+stopCase+" minutes=%g seconds=%.3f backlog_s=%.2f size_mb=%.1f recorded_in_s=%.1f\n",
		minutes, f.done.Sub(f.stopped).Seconds(), f.behind.Seconds(), float64(result.Size)/1e6, f.stopped.Sub(f.began).Seconds())
	return r.journal.Close()
}

// player appends a loop to a stream's log.
type player struct {
	media.Loop
	writer *journal.Writer
	frames int
	blocks int
}

// play appends everything of the time before t since the recording began at zero.
func (p *player) play(zero av.Instant, t time.Duration) error {
	next := func(list []av.Sample, length time.Duration, i int) (av.Sample, bool) {
		s := list[i%len(list)]
		at := time.Duration(i/len(list))*length + time.Duration(s.Time)
		s.Time = zero.Add(at)
		return s, at < t
	}
	for len(p.Video) > 0 {
		s, ok := next(p.Video, p.VideoLength, p.frames)
		if !ok {
			break
		}
		if err := p.writer.Append(s); err != nil {
			return err
		}
		p.frames++
	}
	for {
		s, ok := next(p.Sound, p.SoundLength, p.blocks)
		if !ok {
			break
		}
		if err := p.writer.Append(s); err != nil {
			return err
		}
		p.blocks++
	}
	if err := p.writer.Advance(true, zero.Add(t)); err != nil {
		return err
	}
	return p.writer.Advance(false, zero.Add(t))
}
