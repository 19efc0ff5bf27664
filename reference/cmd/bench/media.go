package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
)

// loop is media that repeats.
type loop struct {
	video, sound []av.Sample // times count from the start of the loop
	videoLength  time.Duration
	soundLength  time.Duration
}

// hard returns ten seconds of media that is hard to encode: textures that move under noise, with the sound of a fixture.
func (b bench) hard(ctx context.Context) (loop, error) {
	name := filepath.Join(b.cache, "hard.ivf")
	if _, err := os.Stat(name); err != nil {
		cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error", "-y",
			"-f", "lavfi", "-i", "mandelbrot=size=640x480:rate=30:maxiter=300:end_scale=0.02", "-t", "10",
			"-vf", "noise=alls=13:allf=t,format=yuv420p", "-c:v", "libvpx", "-b:v", "8M", "-g", "60", "-deadline", "realtime",
			"-cpu-used", "8", "-threads", "2", name)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return loop{}, fmt.Errorf("generating hard content: %w", err)
		}
	}
	l, err := pictures(name)
	if err != nil {
		return loop{}, err
	}
	s, err := sound(1)
	l.sound, l.soundLength = s.sound, s.soundLength
	return l, err
}

// sound returns the n-th tone of the fixtures, without video.
func sound(n int) (loop, error) {
	m, err := fixtures.Load()
	if err != nil {
		return loop{}, err
	}
	tone, err := m.Tone(fmt.Sprintf("tone-%02d", n))
	if err != nil {
		return loop{}, err
	}
	packets, err := tone.Packets()
	if err != nil {
		return loop{}, err
	}
	var l loop
	for _, p := range packets {
		l.sound = append(l.sound, av.Sample{Codec: av.Opus, Time: av.Instant(p.PTS), Data: p.Data})
		l.soundLength = p.PTS + p.Duration
	}
	return l, nil
}

// player appends a loop to a stream's log.
type player struct {
	loop
	writer *journal.Writer
	frames int
	blocks int
}

// play appends everything before t, counted from zero, the beginning of the recording.
func (p *player) play(zero av.Instant, t time.Duration) error {
	next := func(list []av.Sample, length time.Duration, i int) (av.Sample, bool) {
		s := list[i%len(list)]
		at := time.Duration(i/len(list))*length + time.Duration(s.Time)
		s.Time = zero.Add(at)
		return s, at < t
	}
	for len(p.video) > 0 {
		s, ok := next(p.video, p.videoLength, p.frames)
		if !ok {
			break
		}
		if err := p.writer.Append(s); err != nil {
			return err
		}
		p.frames++
	}
	for {
		s, ok := next(p.sound, p.soundLength, p.blocks)
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
