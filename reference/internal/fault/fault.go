// Package fault makes IO fail for tests: requests to storage and to webhook receivers, encoders, and the disk. It never sets a state; the
// server's normal code handles the fault.
package fault

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"reelcheck/reference/internal/await"
)

// Kind is the place at which a fault occurs.
type Kind string

const (
	Storage Kind = "storage" // every request of one upload attempt
	Webhook Kind = "webhook" // one webhook attempt
	Encoder Kind = "encoder" // one composition attempt: its first encoder is killed
	Disk    Kind = "disk"    // one composition attempt, or one to write the plan of an individual archive: the disk is full
	Journal Kind = "journal" // one record, of media or of an event: the disk is full
)

// Mode says how a request goes wrong.
type Mode string

const (
	Status  Mode = "status"  // the request is answered with Status and is not sent
	Refused Mode = "refused" // the connection is refused
	Slow    Mode = "slow"    // the request is sent after Delay
)

// Fault is a fault that will occur Times times.
type Fault struct {
	Kind   Kind
	Times  int
	Mode   Mode // only for Storage and Webhook
	Status int
	Delay  time.Duration
}

// Board holds the armed faults by application. The zero value and nil have none. It is safe for concurrent use.
type Board struct {
	mu       sync.Mutex
	armed    map[string][]Fault
	encoders map[string][]*encoder // the first encoder of each running composition
}

type encoder struct{ kill func() }

// Arm adds a fault. An encoder fault kills up to Times running encoders at once; the rest waits for later ones.
func (b *Board) Arm(applicationID string, f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Kind == Encoder {
		for _, e := range b.encoders[applicationID] {
			if f.Times == 0 {
				break
			}
			e.kill()
			f.Times--
		}
	}
	if f.Times == 0 {
		return
	}
	if b.armed == nil {
		b.armed = map[string][]Fault{}
	}
	b.armed[applicationID] = append(b.armed[applicationID], f)
}

// Armed returns the faults that will still occur, oldest first, with their remaining Times.
func (b *Board) Armed(applicationID string) []Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.armed[applicationID])
}

// Clear disarms all faults of an application.
func (b *Board) Clear(applicationID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.armed, applicationID)
}

// take uses one occurrence of the oldest fault of a kind. struck is false if there is none.
func (b *Board) take(applicationID string, kind Kind) (f Fault, struck bool) {
	if b == nil {
		return f, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.takeLocked(applicationID, kind)
}

func (b *Board) takeLocked(applicationID string, kind Kind) (f Fault, struck bool) {
	armed := b.armed[applicationID]
	i := slices.IndexFunc(armed, func(f Fault) bool { return f.Kind == kind })
	if i < 0 {
		return f, false
	}
	f = armed[i]
	if armed[i].Times--; armed[i].Times == 0 {
		b.armed[applicationID] = slices.Delete(armed, i, i+1)
	}
	return f, true
}

// Transport returns the transport for one attempt: base, or one that fails.
func (b *Board) Transport(applicationID string, kind Kind, base http.RoundTripper) http.RoundTripper {
	f, struck := b.take(applicationID, kind)
	if !struck {
		return base
	}
	return transport{Fault: f, base: base}
}

// Encoder registers the first encoder of a composition attempt. kill must end it at once. The caller must call gone when the encoder has ended.
func (b *Board) Encoder(applicationID string, kill func()) (gone func()) {
	if b == nil {
		return func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, struck := b.takeLocked(applicationID, Encoder); struck {
		kill()
		return func() {}
	}
	e := &encoder{kill}
	if b.encoders == nil {
		b.encoders = map[string][]*encoder{}
	}
	b.encoders[applicationID] = append(b.encoders[applicationID], e)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.encoders[applicationID] = slices.DeleteFunc(b.encoders[applicationID], func(x *encoder) bool { return x == e })
	}
}

// Writer returns the writer for one composition attempt, which writes to w. Once a disk fault occurs, every further write fails.
func (b *Board) Writer(applicationID string, w io.Writer) io.Writer {
	if b == nil {
		return w
	}
	return &writer{board: b, applicationID: applicationID, Writer: w}
}

// Full returns the error for the next write to a journal, nil if it may succeed.
func (b *Board) Full(applicationID string) error {
	if _, struck := b.take(applicationID, Journal); struck {
		return fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return nil
}

type writer struct {
	io.Writer
	board         *Board
	applicationID string
	full          bool
}

func (w *writer) Write(p []byte) (int, error) {
	if !w.full {
		_, w.full = w.board.take(w.applicationID, Disk)
	}
	if w.full {
		return 0, fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return w.Writer.Write(p)
}

type transport struct {
	Fault
	base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch t.Mode {
	case Slow:
		if err := await.Pause(r.Context(), t.Delay); err != nil {
			return nil, errors.Join(err, closeBody(r))
		}
		return t.base.RoundTrip(r)
	case Refused:
		return nil, errors.Join(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, closeBody(r))
	default:
		if r.Body != nil { // as the other side would have read it
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return &http.Response{
			Status: http.StatusText(t.Status), StatusCode: t.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: r,
		}, closeBody(r)
	}
}

func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}
