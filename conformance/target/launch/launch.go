// Package launch starts or finds the target, ends it, and looks whether it is fit to be judged.
package launch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"reelcheck/conformance/target/config"
)

// stopGrace is how long a launched target may take to end after SIGTERM.
const stopGrace = 10 * time.Second

// Target is a running implementation.
type Target struct {
	File config.File
	// Credentials are those of the ready line or of the target file.
	Credentials config.Credentials
	// Log is the file that holds what a launched target wrote to stderr.
	Log string

	process *process
}

// UnreachableError says that the target could not be started or found.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return "target unreachable: " + e.Err.Error() }
func (e *UnreachableError) Unwrap() error { return e.Err }

// Start launches or finds the target that f describes. A launched one is told of the mail sink at host:port, logs to a file in
// logDir and must be ended with Close. Errors are *UnreachableError unless ctx ended.
func Start(ctx context.Context, f config.File, mail, logDir string) (*Target, error) {
	t := &Target{File: f}
	var err error
	switch {
	case f.Launch != nil:
		t.Log = filepath.Join(logDir, "target.log")
		t.process, t.Credentials, err = launch(ctx, *f.Launch, mail, t.Log)
	case f.Ready != "":
		var b []byte
		if b, err = os.ReadFile(f.Ready); err == nil {
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

// Exited is closed when a launched target has ended; nil for one that was not launched.
func (t *Target) Exited() <-chan struct{} {
	if t.process == nil {
		return nil
	}
	return t.process.done
}

// Kill ends a launched target at once, as a crash would.
func (t *Target) Kill() {
	if t.process != nil {
		t.process.kill()
	}
}

// Close ends a launched target, politely first, reaps it, and removes its temporary directory.
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
	log  *os.File
	pump sync.WaitGroup
}

func launch(ctx context.Context, l config.Launch, mail, logPath string) (_ *process, c config.Credentials, err error) {
	p := &process{done: make(chan struct{})}
	if p.temp, err = os.MkdirTemp("", "conform-target-"); err != nil {
		return nil, c, err
	}
	if p.log, err = os.Create(logPath); err != nil {
		_ = os.RemoveAll(p.temp)
		return nil, c, err
	}
	told := strings.NewReplacer("{{tempdir}}", p.temp, "{{mail}}", mail)
	args := make([]string, len(l.Command))
	for i, a := range l.Command {
		args[i] = told.Replace(a)
	}
	// Not CommandContext: the target outlives ctx until Close, so that clean-up can still talk to it.
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = l.Dir
	p.cmd.Env = os.Environ()
	for k, v := range l.Env {
		p.cmd.Env = append(p.cmd.Env, k+"="+told.Replace(v))
	}
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its own group: Ctrl-C reaches us first, and its children die with it
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		_ = p.log.Close()
		_ = os.RemoveAll(p.temp)
		return nil, c, fmt.Errorf("launch %q: %w", args[0], err)
	}
	ready := make(chan []byte, 1)
	p.pump.Go(func() { p.readOutput(stdout, ready) })
	go func() { // owned by p: ends when the process does, awaited through done
		p.pump.Wait()
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	c, err = p.awaitReady(ctx, ready, l.ReadyWithin.Or(30*time.Second))
	if err != nil {
		_ = p.stop()
		return nil, c, fmt.Errorf("launch %q: %w%s", args[0], err, tail(logPath))
	}
	return p, c, nil
}

// readOutput hands over the first line and sends the rest of stdout to the log.
func (p *process) readOutput(stdout io.Reader, ready chan<- []byte) {
	defer close(ready)
	r := bufio.NewReader(stdout)
	line, err := r.ReadBytes('\n')
	if len(bytes.TrimSpace(line)) > 0 {
		ready <- line
	}
	if err == nil {
		_, _ = io.Copy(p.log, r)
	}
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

func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

func (p *process) stop() error {
	var err error
	select {
	case <-p.done: // it had ended before we asked
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
	// The group may outlive its leader: children that nobody reaps.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
	_ = p.log.Close()
	if rerr := os.RemoveAll(p.temp); err == nil {
		err = rerr
	}
	return err
}

// tail is the end of a log, for an error message.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return ""
	}
	b = bytes.TrimSpace(b)
	if len(b) > 800 {
		b = b[len(b)-800:]
	}
	return "; its stderr ends with:\n" + string(b)
}
