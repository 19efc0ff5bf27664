package await

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"
)

// What fails for want of a resource is tried again after a while, which grows from the one to the other.
const (
	againAfter = 200 * time.Millisecond
	againMost  = 30 * time.Second
)

// scarce lists what a machine lacks for a while only: room on the disk, descriptors, processes, memory.
var scarce = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM}

// Scarce reports whether something failed because the machine lacks a resource for a while.
func Scarce(err error) bool {
	return slices.ContainsFunc(scarce, func(e error) bool { return errors.Is(err, e) })
}

// Resources calls try until it fails for no want of resources, or ctx ends, and returns what it returned last. Before each pause it
// calls waiting.
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
