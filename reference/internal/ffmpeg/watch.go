package ffmpeg

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"reelcheck/reference/internal/clock"
)

const (
	// patience is how long a child may show no sign of life while its work is awaited. Children give way to everything
	// else, so a slow child is normal; one that gets less than breath of CPU time within patience hangs.
	patience = time.Minute
	breath   = 5 * time.Millisecond
	// looks is the number of times a child is checked within its patience. Checks are counted, not time, so that no
	// child looks dead after the machine slept or the server was stopped together with its children.
	looks = 20
)

// errHung is the reason for killing a child that hung.
var errHung = errors.New("hung and was killed")

// errLies is the reason for killing a decoder that announces a picture in a slot that it does not have.
var errLies = errors.New("announced a picture in a slot that it does not have")

// life is what can be seen of a child from outside.
type life struct {
	reading, writing atomic.Bool  // a Read or a Write is waiting for it
	told             atomic.Bool  // it knows that no more input comes
	stuck            atomic.Bool  // it waits for something other than input
	asked, answered  atomic.Int64 // numbers of the last picture that a decoder must return, and of the last one that it returned
	read, written    atomic.Int64 // how often Read and Write returned
	hung             atomic.Bool
}

// owes reports whether the child is expected to make progress now, so that silence means that it hangs.
func (l *life) owes() bool {
	return l.reading.Load() && !l.stuck.Load() && (l.writing.Load() || l.told.Load() || l.answered.Load() < l.asked.Load())
}

// watch kills the child when it hangs: when it owes progress and does nothing, or computes for ever without reading or
// writing.
func (p *process) watch(ctx context.Context, patience time.Duration) {
	var seen, moved int64
	var busy, since time.Duration // CPU time at its last sign of life, and when it last read or wrote something
	idle := 0
	clock.Every(ctx, patience/looks, func() {
		read, used, owes := p.read.Load(), worked(p.cmd.Process.Pid), p.owes()
		if both := read + p.written.Load(); !owes || both != moved {
			moved, since = both, used
		}
		idle++
		if !owes || read != seen || used-busy >= breath {
			seen, busy, idle = read, used, 0
		}
		if idle >= looks || used-since >= patience {
			p.hung.Store(true)
			_ = p.cmd.Process.Kill() // an error means that it has ended after all
		}
	})
}
