package await_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"reelcheck/reference/internal/await"
)

// TestResources checks that an attempt without resources is repeated, with growing pauses, and that other errors end it.
func TestResources(t *testing.T) {
	for _, lacking := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM} {
		synctest.Test(t, func(t *testing.T) {
			began, tries := time.Now(), 0
			var pauses []time.Duration
			err := await.Resources(t.Context(), func() error {
				if tries++; tries == 12 {
					return io.ErrUnexpectedEOF
				}
				return fmt.Errorf("starting: %w", os.NewSyscallError("pipe2", lacking))
			}, func(pause time.Duration, _ error) { pauses = append(pauses, pause) })
			if !errors.Is(err, io.ErrUnexpectedEOF) || tries != 12 {
				t.Errorf("%v: %v after %d tries", lacking, err, tries)
			}
			if first, last := pauses[0], pauses[len(pauses)-1]; first > time.Second || last != 30*time.Second {
				t.Errorf("%v: pauses from %v to %v", lacking, first, last)
			}
			if took := time.Since(began); took < 2*time.Minute {
				t.Errorf("%v: all tries within %v", lacking, took)
			}
		})
	}
}

// TestResourcesNobodyWaitsFor checks that Resources ends with its context.
func TestResourcesNobodyWaitsFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := await.Resources(ctx, func() error { return syscall.EMFILE }, func(time.Duration, error) { cancel() })
	if !errors.Is(err, syscall.EMFILE) {
		t.Error(err)
	}
}
