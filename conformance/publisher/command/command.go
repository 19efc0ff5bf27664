// Package command runs an adapter as a child process, which reads lines from stdin and writes lines to stdout.
package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher/adapter"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target/config"
)

// AnswerWithin is how long an adapter may take to answer unless a target file says otherwise.
const AnswerWithin = 20 * time.Second

// Start starts the adapter of a target file and waits for its first line. The media for it lie below folder. The caller
// must call Close, before it closes the journal.
func Start(ctx context.Context, c config.Publisher, folder string, j *evidence.Journal) (*adapter.Driver, error) {
	a := c.Command
	p, err := start(a)
	if err != nil {
		return nil, fmt.Errorf("adapter %q: %w", a.Run[0], err)
	}
	d, err := adapter.Open(ctx, p, adapter.Settings{Folder: filepath.Join(folder, "media"), Within: a.AnswerWithin.Or(AnswerWithin), At: c.WHIP}, j)
	if err != nil {
		return nil, fmt.Errorf("adapter %q: %w", a.Run[0], err)
	}
	return d, nil
}

// process is an adapter with its pipes.
type process struct {
	*adapter.Child
	in, out *os.File // its stdin and stdout
	writing sync.Mutex
}

func start(a config.Adapter) (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	c := exec.Command(a.Run[0], a.Run[1:]...)
	c.Dir, c.Env = a.Dir, os.Environ()
	for k, v := range a.Env {
		c.Env = append(c.Env, k+"="+v)
	}
	c.Stdin, c.Stdout = childIn, childOut
	child, err := adapter.StartChild(c)
	_, _ = childIn.Close(), childOut.Close()
	if err != nil {
		_, _ = in.Close(), out.Close()
		return nil, err
	}
	return &process{Child: child, in: in, out: out}, nil
}

// Write implements adapter.Lines.
func (p *process) Write(line []byte, within time.Duration) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.in.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	_, err := p.in.Write(line)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the adapter did not read its stdin for %v", within)
	}
	return err
}

// Read implements adapter.Lines.
func (p *process) Read(each func([]byte) error) error {
	s := bufio.NewScanner(p.out)
	s.Buffer(make([]byte, 0, 64<<10), wire.MaxLine)
	for n := 1; s.Scan(); n++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		if err := each(s.Bytes()); err != nil {
			return fmt.Errorf("line %d of the adapter: %w", n, err)
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line of the adapter is longer than %d bytes", wire.MaxLine)
	}
	return s.Err()
}

// Close implements adapter.Lines.
func (p *process) Close() error {
	_ = p.in.Close()
	err := p.Stop()
	_ = p.out.Close()
	return err
}
