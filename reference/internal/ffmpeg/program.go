package ffmpeg

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

// Program is one of our programs that use FFmpeg's libraries. It costs less than the ffmpeg program, which is used where
// it is missing or finds no libraries that it knows.
type Program struct {
	Path string
	Log  *slog.Logger

	works   atomic.Bool           // it has been ready once
	useless atomic.Pointer[error] // why it is not started any more; nil while it may be
	refused sync.Once
}

// Beside returns the program of that name in the directory of the running program, or nil if there is none.
func Beside(name string, log *slog.Logger) *Program {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return &Program{Path: path, Log: log}
}

// usable returns why the program does not work here, or nil if that is not known.
func (l *Program) usable() error {
	if err := l.useless.Load(); err != nil {
		return *err
	}
	return nil
}

// await waits until a program reports that it works. It reaps one that does not, and never starts one again that found
// no libraries.
func (l *Program) await(p *process, read func() error) error {
	p.asked.Store(1)
	err := read()
	p.asked.Store(0)
	if err == nil {
		l.works.Store(true)
		return nil
	}
	_ = p.cmd.Process.Kill() // an error means that it has ended already
	err = errors.Join(err, p.wait())
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == decoding.Unusable {
		l.useless.Store(&err)
	}
	return err
}

// refuse logs, once, that the ffmpeg program does the work, and why.
func (l *Program) refuse(err error) {
	l.refused.Do(func() {
		l.Log.Warn("using the ffmpeg program, which is slower", "replaces", l.Path, "error", err)
	})
}
