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

// Program is one of ours that works with FFmpeg's libraries. It costs less than the ffmpeg program, which is used where it is missing or
// finds no libraries that it knows.
type Program struct {
	Path string
	Log  *slog.Logger

	works   atomic.Bool           // it was ready once
	useless atomic.Pointer[error] // why it is not started any more
	refused sync.Once
}

// Beside finds a program beside the one that is running; nil where it is not.
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

// usable tells why the program does not work here, when that is known.
func (l *Program) usable() error {
	if err := l.useless.Load(); err != nil {
		return *err
	}
	return nil
}

// await reads what a program says when it is ready. One that is not is reaped; when it says that it will never be, it is not started again.
func (l *Program) await(p *process, read func() error) error {
	p.asked.Store(1)
	err := read()
	p.asked.Store(0)
	if err == nil {
		l.works.Store(true)
		return nil
	}
	_ = p.cmd.Process.Kill() // an error says that it has ended already
	err = errors.Join(err, p.wait())
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == decoding.Unusable {
		l.useless.Store(&err)
	}
	return err
}

// refuse says, once, that the ffmpeg program does the work, and why.
func (l *Program) refuse(err error) {
	l.refused.Do(func() {
		l.Log.Warn("using the ffmpeg program, which takes longer", "instead of", l.Path, "error", err)
	})
}
