package adapter

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// StopGrace is how long an adapter may take to end after it was asked to.
	StopGrace = 5 * time.Second
	// logLimit is how much of an adapter's log is kept: the end.
	logLimit = 16 << 10
)

// Child is a process in a group of its own, so that its children die with it.
type Child struct {
	command *exec.Cmd
	log     tail
	done    chan struct{} // closed when it was reaped
	err     error         // of Wait; read after done
}

// StartChild starts a command and keeps the end of its stderr. The caller must call Stop.
func StartChild(command *exec.Cmd) (*Child, error) {
	c := &Child{command: command, done: make(chan struct{})}
	command.Stderr = &c.log
	command.WaitDelay = StopGrace // a child of it may hold its stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() { // Stop waits for it
		c.err = command.Wait()
		close(c.done)
	}()
	return c, nil
}

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Kill ends the process and its children at once. It does not wait.
func (c *Child) Kill() { _ = syscall.Kill(-c.command.Process.Pid, syscall.SIGKILL) }

// Ended waits for the end of the process and returns why it failed.
func (c *Child) Ended() error {
	<-c.done
	return c.err
}

// Log returns the end of its stderr.
func (c *Child) Log() string { return c.log.String() }

// Stop waits for the end of a process that was asked to end, kills what is left, and reaps it.
func (c *Child) Stop() error {
	t := time.NewTimer(StopGrace)
	defer t.Stop()
	var err error
	select {
	case <-c.done:
	case <-t.C:
		err = fmt.Errorf("%s did not end within %v; killed", c.command.Path, StopGrace)
	}
	c.Kill()
	<-c.done
	return err
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
	cut  bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b[max(0, len(b)-logLimit):]...)
	if over := len(t.kept) - logLimit; over > 0 {
		t.kept, t.cut = append([]byte(nil), t.kept[over:]...), true
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.ToValidUTF8(strings.TrimSpace(string(t.kept)), "?")
	if t.cut {
		s = "… " + s
	}
	return s
}
