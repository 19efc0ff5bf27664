package media

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/av"
)

// Loop is media that repeats.
type Loop struct {
	Video, Sound []av.Sample // times count from the start of the loop
	VideoLength  time.Duration
	SoundLength  time.Duration
}

// Hard makes ten seconds of what is hard to encode: texture that moves under noise. Sound is a fixture's.
func Hard(ctx context.Context, cache string) (Loop, error) {
	name := filepath.Join(cache, "hard.ivf")
	if _, err := os.Stat(name); err != nil {
		cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error", "-y",
			"-f", "lavfi", "-i", "mandelbrot=size=640x480:rate=30:maxiter=300:end_scale=0.02", "-t", "10",
			"-vf", "noise=alls=13:allf=t,format=yuv420p", "-c:v", "libvpx", "-b:v", "8M", "-g", "60", "-deadline", "realtime",
			"-cpu-used", "8", "-threads", "2", name)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return Loop{}, fmt.Errorf("generating hard content: %w", err)
		}
	}
	l, err := pictures(name)
	if err != nil {
		return Loop{}, err
	}
	s, err := tone(1)
	l.Sound, l.SoundLength = s.Sound, s.SoundLength
	return l, err
}

// tone is the n-th tone of the fixtures, without video.
func tone(n int) (Loop, error) {
	m, err := fixtures.Load()
	if err != nil {
		return Loop{}, err
	}
	t, err := m.Tone(fmt.Sprintf("tone-%02d", n))
	if err != nil {
		return Loop{}, err
	}
	packets, err := t.Packets()
	if err != nil {
		return Loop{}, err
	}
	var l Loop
	for _, p := range packets {
		l.Sound = append(l.Sound, av.Sample{Codec: av.Opus, Time: av.Instant(p.PTS), Data: p.Data})
		l.SoundLength = p.PTS + p.Duration
	}
	return l, nil
}
