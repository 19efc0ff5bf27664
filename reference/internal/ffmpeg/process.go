// Package ffmpeg is where coded media crosses into child processes. Bitstreams from publishers are parsed there and
// not in the server.
package ffmpeg

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Versions is which releases of FFmpeg work: with older ones the program lacks options that are used, and of newer ones the libraries are
// not loaded, because nobody has looked where they keep their fields. The program was run with 5.1 to 8.
const Versions = "5.1 to 9"

// Config says which program to run.
type Config struct {
	Path string // default "ffmpeg", looked up in PATH
	// Decoder and Encoder do the work instead, where they can; either may be nil.
	Decoder, Encoder *Program
	// Patience is how long a child may do nothing while something is expected of it, default a minute. Then it is killed.
	Patience time.Duration

	nice int // of the next child, lowest by default
}

// lowest is the priority of children, higher that of one that encodes: it works on several pictures at once, each of which waits for another,
// and loses time when the decoders run ahead of it.
const lowest, higher = 19, 10

// maxMemory is how many bytes of memory of its own a child may have: more than 16 reference pictures of the largest size. Linux only.
const maxMemory = 1 << 30

// waitDelay is how long, after a child's end, whoever inherited its pipes may keep them open.
const waitDelay = 2 * time.Second

var quiet = []string{"-hide_banner", "-nostdin", "-loglevel", "error"}

// process is a running child. Whoever started it calls wait once, after it has read everything or killed it.
type process struct {
	cmd    *exec.Cmd
	stdin  *os.File
	stdout *os.File
	stderr tail
	stop   context.CancelFunc

	closeInput func() error

	life
	watched chan struct{} // closed when nobody looks any more
}

// start runs the ffmpeg program.
func (c Config) start(ctx context.Context, args []string, files ...*os.File) (*process, error) {
	return c.run(ctx, cmp.Or(c.Path, "ffmpeg"), append(append([]string(nil), quiet...), args...), files...)
}

// run runs a program with pipes on its stdin and stdout; files become its descriptors from 3 on. All pipes are closed on exec, so that no
// other child keeps them open. The child is killed when ctx ends.
func (c Config) run(ctx context.Context, path string, args []string, files ...*os.File) (*process, error) {
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inRead.Close(), inWrite.Close())
	}
	p := &process{stdin: inWrite, stdout: outRead, watched: make(chan struct{})}
	p.closeInput = sync.OnceValue(func() error {
		p.told.Store(true)
		return p.stdin.Close()
	})
	ctx, p.stop = context.WithCancel(ctx)
	p.cmd = exec.CommandContext(ctx, path, args...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = inRead, outWrite, &p.stderr
	p.cmd.WaitDelay = waitDelay
	p.cmd.Env = Environment()
	p.cmd.ExtraFiles = files
	err = patiently(p.cmd.Start)
	err = errors.Join(err, inRead.Close(), outWrite.Close())
	if err != nil {
		p.stop()
		return nil, errors.Join(fmt.Errorf("starting %s: %w", path, err), p.closeInput(), outRead.Close())
	}
	giveWay(p.cmd.Process.Pid, cmp.Or(c.nice, lowest))
	confine(p.cmd.Process.Pid)
	go func() {
		defer close(p.watched)
		p.watch(ctx, cmp.Or(c.Patience, patience))
	}()
	return p, nil
}

// Environment is what a child gets of ours: where programs and libraries are, and the language. It parses what strangers send, and does not
// get to know our secrets.
func Environment() []string {
	env := []string{} // nil would be all of ours
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Read reads what the child gives.
func (p *process) Read(b []byte) (int, error) {
	p.reading.Store(true)
	defer p.reading.Store(false)
	n, err := p.stdout.Read(b)
	p.read.Add(1)
	return n, err
}

// Write gives the child something.
func (p *process) Write(b []byte) (int, error) {
	p.writing.Store(true)
	defer p.writing.Store(false)
	n, err := p.stdin.Write(b)
	p.written.Add(1)
	return n, err
}

// starvation is what children say when the machine has no memory, thread, descriptor or room for them: FFmpeg in the words of strerror, the
// workers in those of Go's runtime.
var starvation = map[string]error{
	"Cannot allocate memory":           syscall.ENOMEM,
	"runtime: out of memory":           syscall.ENOMEM,
	"runtime: cannot allocate memory":  syscall.ENOMEM,
	"Resource temporarily unavailable": syscall.EAGAIN,
	"failed to create new OS thread":   syscall.EAGAIN,
	"pthread_create failed":            syscall.EAGAIN,
	"Too many open files":              syscall.EMFILE,
	"No space left on device":          syscall.ENOSPC,
}

// starved returns the want of a resource that a child died of, by its last words; nil if it was none.
func starved(said string) error {
	for words, cause := range starvation {
		if strings.Contains(said, words) {
			return cause
		}
	}
	return nil
}

// wait closes the pipes and reaps the child. Its error carries the end of what the child said, and what it starved of: that passes, and the
// caller may try again (decision 15).
func (p *process) wait() error {
	inErr := p.closeInput()
	err := p.cmd.Wait()
	p.stop()
	<-p.watched
	if p.hung.Load() {
		err = errors.Join(errHung, err)
	}
	err = errors.Join(err, inErr, p.stdout.Close())
	if err != nil {
		said := p.stderr.String()
		if cause := starved(said); cause != nil {
			return fmt.Errorf("%s: %w: %w: %s", p.cmd.Path, cause, err, said)
		}
		return fmt.Errorf("%s: %w: %s", p.cmd.Path, err, said)
	}
	return nil
}

// Killed reports whether a child's error says that somebody else killed it.
func Killed(err error) bool {
	var exit *exec.ExitError
	if errors.Is(err, errHung) || errors.Is(err, errLies) || !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// tail keeps the last bytes written to it. Only the copying goroutine of exec writes; String is for after Wait.
type tail struct{ b []byte }

const tailSize = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > tailSize {
		t.b = append(t.b[:0], t.b[len(t.b)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	return strings.Join(strings.Fields(string(bytes.ToValidUTF8(t.b, []byte("?")))), " ")
}

// Encoder is a child that turns raw media into an elementary stream. Input and output are used by one goroutine each.
type Encoder struct {
	io.Reader // the elementary stream, until io.EOF

	process *process
}

// Write feeds raw media.
func (e *Encoder) Write(b []byte) (int, error) { return e.process.Write(b) }

// CloseInput tells the child that no more comes.
func (e *Encoder) CloseInput() error { return e.process.closeInput() }

// Kill ends the child at once. It may be called at any time.
func (e *Encoder) Kill() { _ = e.process.cmd.Process.Kill() } // an error says that it has ended already

// Wait reaps the child. Call it once everything was read, or after the context ended.
func (e *Encoder) Wait() error { return e.process.wait() }

func (c Config) encoder(ctx context.Context, args []string) (*Encoder, error) {
	p, err := c.start(ctx, args)
	if err != nil {
		return nil, err
	}
	return &Encoder{Reader: p, process: p}, nil
}
