package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/journal"
)

const (
	archive = "archive"
	step    = 20 * time.Millisecond
	// backlog is how far the composition may be behind what was recorded: the recording waits for it, so that an hour
	// takes what composing it takes, and the stop is as if it had come live.
	backlog = time.Second
)

// recording is a journal being written.
type recording struct {
	journal *journal.Journal
	zero    av.Instant
	players []*player
	dir     string
}

func (b bench) record(loops ...loop) (*recording, error) {
	dir, err := os.MkdirTemp(b.dir, "recording-")
	if err != nil {
		return nil, err
	}
	r := &recording{dir: dir, zero: av.InstantOf(time.Now())}
	if r.journal, err = journal.Open(filepath.Join(dir, "journal"), journal.Options{}); err != nil {
		return nil, err
	}
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

func (r *recording) close() error {
	if err := r.journal.Close(); err != nil {
		return err
	}
	return os.RemoveAll(r.dir)
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

// stopToFile measures from the stop of a recording of hard content to its complete file.
func (b bench) stopToFile(ctx context.Context, minutes float64) error {
	hard, err := b.hard(ctx)
	if err != nil {
		return err
	}
	r, err := b.record(hard)
	if err != nil {
		return err
	}
	length := time.Duration(minutes * float64(time.Minute)).Round(time.Second)
	done := newProgress(r.zero)
	options := compose.Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true, Progress: func(t av.Instant) { done.set(t, false) }}
	var result compose.Result
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		defer done.set(0, true)
		out := filepath.Join(r.dir, "archive")
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
	return r.close()
}

// compose measures what composing streams costs that are all there already.
func (b bench) compose(ctx context.Context, streams, seconds int) error {
	var loops []loop
	for i := range streams {
		l, err := stream(i + 1)
		if err != nil {
			return err
		}
		loops = append(loops, l)
	}
	r, err := b.record(loops...)
	if err != nil {
		return err
	}
	length := time.Duration(seconds) * time.Second
	for t := time.Duration(0); t <= length; t += step {
		if err := r.until(t); err != nil {
			return err
		}
	}
	if err := r.stop(length); err != nil {
		return err
	}
	self, children := used(syscall.RUSAGE_SELF), used(syscall.RUSAGE_CHILDREN)
	began := time.Now()
	options := compose.Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true}
	result, err := compose.Run(ctx, r.journal, archive, options, filepath.Join(r.dir, "archive"), slog.Default())
	if err != nil {
		return err
	}
	self, children = used(syscall.RUSAGE_SELF)-self, used(syscall.RUSAGE_CHILDREN)-children
	fmt.Fprintf(b.out, "bench: case=compose streams=%d seconds=%d wall_s=%.1f cpu_s=%.1f cpu_self_s=%.1f size_mb=%.1f\n",
		streams, seconds, time.Since(began).Seconds(), (self + children).Seconds(), self.Seconds(), float64(result.Size)/1e6)
	return r.close()
}

func used(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
