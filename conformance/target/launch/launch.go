// Package launch starts or finds the target, ends it, and checks whether it can be judged.
package launch

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/target/config"
)

// maxReadyLine is the longest ready line in bytes.
const maxReadyLine = 64 << 10

// stopGrace is how long a launched target may take to end after SIGTERM.
const stopGrace = 10 * time.Second

// Target is a running implementation.
type Target struct {
	File config.File
	// Credentials are those in the ready line or in the target file.
	Credentials config.Credentials
	// Log is the path of the file with the stderr of a launched target.
	Log string

	process *process
}

// UnreachableError says that the target, or what the suite itself needs, could not be started or found.
type UnreachableError struct {
	What string // "target" if empty
	Err  error
}

func (e *UnreachableError) Error() string {
	return cmp.Or(e.What, "target") + " unreachable: " + e.Err.Error()
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// Start launches or finds the target that f describes. A launched target gets the host:port of the mail sink, and logs
// to a file in logDir. The caller must end it with Close. Errors are *UnreachableError unless ctx ended.
func Start(ctx context.Context, f config.File, mail, logDir string) (*Target, error) {
	t := &Target{File: f}
	var err error
	switch {
	case f.Launch != nil:
		t.Log = filepath.Join(logDir, "target.log")
		t.process, t.Credentials, err = launch(ctx, *f.Launch, mail, t.Log)
	case f.Ready != "":
		var b []byte
		if b, err = bounded.File(f.Ready, maxReadyLine); err == nil {
			t.Credentials, err = config.DecodeReady(b)
		}
	default:
		if f.Credentials != nil {
			t.Credentials = *f.Credentials
		}
		t.Credentials.URL = f.URL
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &UnreachableError{Err: err}
	}
	t.Credentials.URL = strings.TrimRight(t.Credentials.URL, "/")
	return t, nil
}

// Exited is closed when a launched target has ended. It is nil for other targets.
func (t *Target) Exited() <-chan struct{} {
	if t.process == nil {
		return nil
	}
	return t.process.done
}

// Ended says how a launched target ended, as in "exit status 2". The caller must wait for [Target.Exited].
func (t *Target) Ended() string { return t.process.cmd.ProcessState.String() }

// Close ends a launched target, first with SIGTERM, reaps it, and removes its temporary directory.
func (t *Target) Close() error {
	if t.process == nil {
		return nil
	}
	return t.process.stop()
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when reaped
	err  error         // of Wait; read after done
	temp string
	log  *boundedLog
}

func launch(ctx context.Context, l config.Launch, mail, logPath string) (_ *process, c config.Credentials, err error) {
	p := &process{done: make(chan struct{})}
	if p.temp, err = os.MkdirTemp("", "conform-target-"); err != nil {
		return nil, c, err
	}
	if p.log, err = createLog(logPath); err != nil {
		_ = os.RemoveAll(p.temp)
		return nil, c, err
	}
	told := strings.NewReplacer("{{tempdir}}", p.temp, "{{mail}}", mail)
	args := make([]string, len(l.Command))
	for i, a := range l.Command {
		args[i] = told.Replace(a)
	}
	// Not CommandContext: the target must outlive ctx until Close, so that the clean-up can still call it.
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = l.Dir
	p.cmd.Env = os.Environ()
	for k, v := range l.Env {
		p.cmd.Env = append(p.cmd.Env, k+"="+told.Replace(v))
	}
	p.cmd.Stderr = p.log
	p.cmd.WaitDelay = stopGrace                             // for a child that keeps the pipe open
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its own group: Ctrl-C reaches only us, and its children die with it
	endWithParent(p.cmd.SysProcAttr)
	ready := make(chan []byte, 1)
	if err := p.start(ready); err != nil {
		_ = p.log.Close()
		_ = os.RemoveAll(p.temp)
		return nil, c, fmt.Errorf("launch %q: %w", args[0], err)
	}
	c, err = p.awaitReady(ctx, ready, l.ReadyWithin.Or(30*time.Second))
	if err != nil {
		_ = p.stop()
		return nil, c, fmt.Errorf("launch %q: %w%s", args[0], err, tail(logPath))
	}
	return p, c, nil
}

// start starts the process, and reads and reaps it until done is closed.
func (p *process) start(ready chan<- []byte) error {
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	started := make(chan error, 1)
	go func() { // owned by p; it ends with the process and closes done
		runtime.LockOSThread() // see endWithParent; the thread ends with this goroutine
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.readOutput(stdout, ready)
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return <-started
}

// readOutput sends the first line to ready and the rest of stdout to the log.
func (p *process) readOutput(stdout io.Reader, ready chan<- []byte) {
	defer close(ready)
	r := bufio.NewReaderSize(stdout, maxReadyLine)
	line, err := r.ReadSlice('\n')
	if len(bytes.TrimSpace(line)) > 0 && !errors.Is(err, bufio.ErrBufferFull) {
		ready <- bytes.Clone(line)
	}
	_, _ = io.Copy(p.log, r) // to the end, or the target would wait for a reader
}

func (p *process) awaitReady(ctx context.Context, ready <-chan []byte, within time.Duration) (config.Credentials, error) {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case line, ok := <-ready:
		if !ok {
			return config.Credentials{}, errors.New("ended without a ready line")
		}
		return config.DecodeReady(line)
	case <-t.C:
		return config.Credentials{}, fmt.Errorf("no ready line on stdout within %v", within)
	case <-ctx.Done():
		return config.Credentials{}, ctx.Err()
	}
}

func (p *process) stop() error {
	var err error
	select {
	case <-p.done: // it had already ended
		if p.err != nil {
			err = fmt.Errorf("target ended by itself: %w", p.err)
		}
	default:
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		t := time.NewTimer(stopGrace)
		defer t.Stop()
		select {
		case <-p.done:
		case <-t.C:
			err = fmt.Errorf("target did not end within %v of SIGTERM; killed", stopGrace)
		}
	}
	// Children that nobody reaps may outlive the leader of the group.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
	_ = p.log.Close()
	if rerr := os.RemoveAll(p.temp); err == nil {
		err = rerr
	}
	return err
}

// tail returns the end of a log, for an error message.
func tail(path string) string {
	const most = 800
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	b, _ := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-most), most))
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return ""
	}
	return "; its stderr ends with:\n" + string(b)
}
