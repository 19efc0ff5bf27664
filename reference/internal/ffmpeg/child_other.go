//go:build !linux

package ffmpeg

import (
	"os"
	"time"

	"reelcheck/reference/internal/clock"
)

// widen does nothing: pipes keep their size.
func widen(*os.File, int) {}

// giveWay does nothing: children compete with the server.
func giveWay(int, int) {}

// patiently starts a child.
func patiently(start func() error) error { return start() }

// confine does nothing: the memory of children is not limited.
func confine(int) {}

// worked pretends that a child has worked all the time.
func worked(int) time.Duration { return time.Duration(clock.Media()) }
