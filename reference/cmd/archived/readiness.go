package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/store/sqlstore"
)

// readiness finds out what keeps the server from recording.
type readiness struct {
	ffmpeg string
	store  *sqlstore.Store

	mu      sync.Mutex
	capable bool // FFmpeg was seen to have all encoders
}

// encoders are the encoders that composed archives need.
var encoders = []string{"libx264", "aac"}

func (r *readiness) missing(ctx context.Context) []string {
	missing := []string{}
	if err := r.store.Ping(ctx); err != nil {
		missing = append(missing, "store: "+err.Error())
	}
	return append(missing, r.encoders(ctx)...)
}

// encoders returns what FFmpeg lacks. It asks FFmpeg again until nothing is missing.
func (r *readiness) encoders(ctx context.Context) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.capable {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ask := exec.CommandContext(ctx, r.ffmpeg, "-hide_banner", "-encoders")
	ask.Env = ffmpeg.Environment()
	out, err := ask.Output()
	if err != nil {
		return []string{fmt.Sprintf("ffmpeg: %v", err)}
	}
	var missing []string
	have := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 1 {
			have[fields[1]] = true
		}
	}
	for _, name := range encoders {
		if !have[name] {
			missing = append(missing, "ffmpeg encoder "+name)
		}
	}
	r.capable = len(missing) == 0
	return missing
}
