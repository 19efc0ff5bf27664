package ffmpeg

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"reelcheck/reference/internal/clock"
)

const (
	// patience is how long a child that somebody waits for may show no sign of life. Children give way to everything else: one
	// that gets less than breath of a processor in that time is not slow, it hangs.
	patience = time.Minute
	breath   = 5 * time.Millisecond
	// looks is how often a child is looked at within its patience. Looks are counted, not the time: a machine that slept, or
	// a server that was stopped together with its children, makes no child look dead.
	looks = 20
)

// errHung is why a child was killed that hung.
var errHung = errors.New("hung, and was killed")

// errLies is why a decoder is killed that announces pictures where there cannot be one.
var errLies = errors.New("announces a picture in a place that it does not have")

// life is what is seen of a child from outside.
type life struct {
	reading, writing atomic.Bool  // somebody waits for it in Read, in Write
	told             atomic.Bool  // that no more comes
	stuck            atomic.Bool  // until it is given something else than input
	asked, answered  atomic.Int64 // the last picture that a decoder is to give, and the last one that it gave
	read, written    atomic.Int64 // how often something came from it, went to it
	hung             atomic.Bool
}

// owes reports whether somebody waits for what the child must give, or take, without anything else happening first.
func (l *life) owes() bool {
	return l.reading.Load() && !l.stuck.Load() && (l.writing.Load() || l.told.Load() || l.answered.Load() < l.asked.Load())
}

// watch kills the child when it hangs: when it owes something and does nothing, or works and works and takes and gives nothing.
func (p *process) watch(ctx context.Context, patience time.Duration) {
	var seen, moved int64
	var busy, since time.Duration // what it had worked at its last sign of life, and when it last took or gave something
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
			_ = p.cmd.Process.Kill() // an error says that it has ended after all
		}
	})
}
