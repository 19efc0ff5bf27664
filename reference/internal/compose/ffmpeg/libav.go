package ffmpeg

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"reelcheck/reference/internal/decoding"
)

// Libav is the program that decodes with FFmpeg's libraries. It costs less than the ffmpeg program, which is used where it is missing or
// finds no libraries that it knows.
type Libav struct {
	Path string
	Log  *slog.Logger

	tried   sync.Once
	err     error // of that
	refused sync.Once
}

// Beside finds the program beside the one that is running; nil where it is not.
func Beside(log *slog.Logger) *Libav {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	path := filepath.Join(filepath.Dir(self), decoding.Program)
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return &Libav{Path: path, Log: log}
}

// trial is how long the program may take to see whether it works.
const trial = 30 * time.Second

// try tells why the program does not work here. It is tried once.
func (l *Libav) try(ctx context.Context) error {
	l.tried.Do(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trial)
		defer cancel()
		if out, err := exec.CommandContext(ctx, l.Path).CombinedOutput(); err != nil {
			l.err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
		}
	})
	return l.err
}

// refuse says, once, that another program decodes, and why.
func (l *Libav) refuse(err error) {
	l.refused.Do(func() {
		l.Log.Warn("decoding with the ffmpeg program, which takes longer", "decoder", l.Path, "err", err)
	})
}
