// Package ffmpeg decodes and encodes media in child processes, so that the bitstreams of strangers are parsed there and
// not in the server. A child that crashes or hangs is killed and reported; it harms nothing else.
//
//	c := ffmpeg.Config{Decoder: ffmpeg.Beside(decoding.Program, log)}
//	d, err := c.Decode(ctx, av.VP8, 640, 480)
//	err = d.Write(1, true, sample)
//	f, err := d.Read(ctx)
//	f.Release()
//
// The caller writes in one goroutine and reads in another until Read fails, releases every [Frame], and calls Wait for
// each child in the end, even after Kill. It must be able to start again: see [Killed] for children that died from
// outside. [Config.Encode] encodes a composition, [Config.Convert] does anything that the ffmpeg program can.
//
// Where the programs archived-decoder and archived-encoder work, they replace the ffmpeg program, which costs more.
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

// Versions is the range of FFmpeg releases that work. Older programs lack options that are used. The libraries of newer
// releases are not loaded, because the places of their fields are not known. The ffmpeg program itself was tried up to
// version 8.
const Versions = "5.1 to 9"

// Config says which programs to run, and how.
type Config struct {
	Path string // the ffmpeg program; default "ffmpeg", looked up in PATH
	// Decoder and Encoder are used in place of the ffmpeg program where they work. Either may be nil.
	Decoder, Encoder *Program
	// Patience is how long a child may do nothing while work is expected of it; the default is a minute. Then it is
	// killed.
	Patience time.Duration

	nice int // nice value of the next child; 0 means lowest
}

// lowest and higher are nice values. Encoders get higher: an encoder works on several pictures at once that wait for
// each other, and loses time when the decoders run ahead of it. Beside a busy process, decoders still have a tenth of a processor.
const lowest, higher = 10, 3

// maxMemory is the limit of a child's own memory in bytes, more than 16 reference pictures of the largest size need. It
// is enforced only on Linux.
const maxMemory = 1 << 30

// waitDelay is how long processes that inherited a child's pipes may keep them open after its end.
const waitDelay = 2 * time.Second

var quiet = []string{"-hide_banner", "-nostdin", "-loglevel", "error"}

// process is a running child. Its owner calls wait once, after it has read everything or killed the child.
type process struct {
	cmd    *exec.Cmd
	stdin  *os.File
	stdout *os.File
	stderr tail
	stop   context.CancelFunc

	closeInput func() error

	life
	watched chan struct{} // closed when watch has returned
}

// start starts the ffmpeg program.
func (c Config) start(ctx context.Context, args []string, files ...*os.File) (*process, error) {
	return c.run(ctx, cmp.Or(c.Path, "ffmpeg"), append(append([]string(nil), quiet...), args...), files...)
}

// run starts a program with pipes as its stdin and stdout; files become its descriptors from 3 on. All pipes are closed
// on exec, so that no other child keeps them open. The child is killed when ctx ends.
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

// Environment returns the environment of a child: where programs and libraries are, and the language. A child parses
// what strangers send, so it must not learn our secrets.
func Environment() []string {
	env := []string{} // nil would pass on all variables
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Read reads the child's output.
func (p *process) Read(b []byte) (int, error) {
	p.reading.Store(true)
	defer p.reading.Store(false)
	n, err := p.stdout.Read(b)
	p.read.Add(1)
	return n, err
}

// Write writes to the child's input.
func (p *process) Write(b []byte) (int, error) {
	p.writing.Store(true)
	defer p.writing.Store(false)
	n, err := p.stdin.Write(b)
	p.written.Add(1)
	return n, err
}

// starvation maps what children print when the machine lacks memory, threads, descriptors or space to the error for it.
// FFmpeg prints texts of strerror, the workers those of Go's runtime.
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

// starved returns the lack of a resource that a child's last words tell of, or nil.
func starved(said string) error {
	for words, cause := range starvation {
		if strings.Contains(said, words) {
			return cause
		}
	}
	return nil
}

// wait closes the pipes and reaps the child. Its error holds the end of what the child printed, and the lack of a
// resource that it died of. Such a lack passes, so the caller may try again (decision 15).
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

// Killed reports whether a child's error says that it was killed from outside.
func Killed(err error) bool {
	var exit *exec.ExitError
	if errors.Is(err, errHung) || errors.Is(err, errLies) || !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// tail keeps the last bytes written to it. Only the copying goroutine of exec writes; String may be called after Wait.
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

// Encoder is a child that turns raw media into an elementary stream. One goroutine uses the input, one the output.
type Encoder struct {
	io.Reader // the elementary stream, until io.EOF

	process *process
}

// Write writes raw media.
func (e *Encoder) Write(b []byte) (int, error) { return e.process.Write(b) }

// CloseInput notes that no more media comes.
func (e *Encoder) CloseInput() error { return e.process.closeInput() }

// Kill ends the child at once. Any goroutine may call it.
func (e *Encoder) Kill() { _ = e.process.cmd.Process.Kill() } // an error says that it has ended already

// Wait reaps the child. The caller calls it after it has read everything, or after the context ended.
func (e *Encoder) Wait() error { return e.process.wait() }

func (c Config) encoder(ctx context.Context, args []string) (*Encoder, error) {
	p, err := c.start(ctx, args)
	if err != nil {
		return nil, err
	}
	return &Encoder{Reader: p, process: p}, nil
}
