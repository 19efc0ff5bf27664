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

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/journal"
)

const (
	step = 20 * time.Millisecond
	// backlog is how far the composition may be behind what was recorded: the recording waits for it, so that an hour
	// takes what composing it takes, and the stop is as if it had come live.
	backlog = time.Second
)

// recording is a journal being written.
type recording struct {
	journal *journal.Journal
	zero    av.Instant
	players []*player
}

func record(dir string, loops ...loop) (*recording, error) {
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return nil, err
	}
	r := &recording{journal: j, zero: av.InstantOf(time.Now())}
	if err := r.journal.Note(journal.Event{Kind: journal.Recording, Archive: archive, At: r.zero}); err != nil {
		return nil, err
	}
	for i, l := range loops {
		id := fmt.Sprintf("stream-%02d", i+1)
		w, err := r.journal.Stream(id)
		if err != nil {
			return nil, err
		}
		r.players = append(r.players, &player{loop: l, writer: w})
		added := journal.Event{Kind: journal.StreamAdded, Stream: id, At: r.zero, VideoType: "camera", HasAudio: true, HasVideo: len(l.video) > 0}
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
	return r.journal.Note(journal.Event{Kind: journal.Stopped, Archive: archive, At: r.zero.Add(t)})
}

// progress lets the recording wait for the composition.
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

// wait blocks until the composition has come to t, and returns where it is.
func (p *progress) wait(t av.Instant) av.Instant {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.at < t && !p.over {
		p.cond.Wait()
	}
	return p.at
}

// stopToFile measures from the stop of recordings of hard content to their complete files.
func (b bench) stopToFile(ctx context.Context, minutes string) error {
	hard, err := b.hard(ctx)
	if err != nil {
		return err
	}
	for _, field := range strings.Split(minutes, ",") {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("minutes %q is not a positive number", field)
		}
		if err := b.stop(ctx, hard, n); err != nil {
			return err
		}
	}
	return nil
}

func (b bench) stop(ctx context.Context, hard loop, minutes float64) error {
	dir, err := os.MkdirTemp(b.dir, "stop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := record(filepath.Join(dir, "journal"), hard)
	if err != nil {
		return err
	}
	length := time.Duration(minutes * float64(time.Minute)).Round(time.Second)
	done := newProgress(r.zero)
	options := compose.Options{FFmpeg: children(), Width: 640, Height: 480, HasAudio: true, HasVideo: true, Progress: func(t av.Instant) { done.set(t, false) }}
	var result compose.Result
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		defer done.set(0, true)
		out := filepath.Join(dir, "archive")
		if result, err = compose.Run(ctx, r.journal, archive, options, out, slog.Default()); err != nil {
			return err
		}
		return compose.Sync(out)
	})
	var stopped time.Time
	var behind time.Duration
	g.Go(func() error {
		for t := time.Duration(0); t <= length && ctx.Err() == nil; t += step {
			if err := r.until(t); err != nil {
				return err
			}
			behind = r.zero.Add(t).Sub(done.wait(r.zero.Add(t - backlog)))
		}
		stopped = time.Now()
		return r.stop(length)
	})
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "bench: case=stop-to-file minutes=%g seconds=%.3f backlog_s=%.2f size_mb=%.1f recorded_in_s=%.1f\n",
		minutes, time.Since(stopped).Seconds(), behind.Seconds(), float64(result.Size)/1e6, stopped.Sub(began).Seconds())
	return r.journal.Close()
}
