package await

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"
)

// Pauses between attempts that failed for want of a resource. They grow from the first to the second.
const (
	againAfter = 200 * time.Millisecond
	againMost  = 30 * time.Second
)

// scarce lists errors for what a machine may lack for a while: disk space, descriptors, processes, memory.
var scarce = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM}

// Scarce reports whether err means that the machine lacks a resource for a while.
func Scarce(err error) bool {
	return slices.ContainsFunc(scarce, func(e error) bool { return errors.Is(err, e) })
}

// Resources calls try until it succeeds or fails for another reason than missing resources, or until ctx ends. It returns the last error. Before
// each pause it calls waiting.
func Resources(ctx context.Context, try func() error, waiting func(pause time.Duration, err error)) error {
	for pause := againAfter; ; pause = min(2*pause, againMost) {
		err := try()
		if !Scarce(err) || ctx.Err() != nil {
			return err
		}
		waiting(pause, err)
		if Pause(ctx, pause) != nil {
			return err
		}
	}
}
