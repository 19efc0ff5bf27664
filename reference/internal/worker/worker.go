//go:build linux && (amd64 || arm64)

// Package worker runs the programs that call FFmpeg's libraries for archived. A worker is one goroutine that waits for
// input or computes in C, and Go's runtime must not mistake either for a processor that others could use: its monitor
// would take the processor away, wake a thread for it, and then look every 20 us for a millisecond. That cost a tenth of
// what encoding one small stream does (decision 25). So:
//
//   - [Input] waits in raw system calls, of which the runtime does not know.
//   - There are two processors. While one of them is idle, the other is left for 10 ms to whoever computes in C.
//   - [Yield] tells the scheduler that a new piece of work begins, from which those 10 ms count.
package worker

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"

	"reelcheck/reference/internal/decoding"
	"reelcheck/reference/internal/libav"
)

// memory is how much Go may have before it collects. Pictures lie elsewhere.
const memory = 32 << 20

// Run runs main with FFmpeg's libraries and the program's arguments, and ends the program. Where the libraries are not to be had, its
// exit code is [decoding.Unusable].
func Run(main func(*libav.Library, []string) error) {
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memory)
	library, err := libav.Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(decoding.Unusable)
	}
	if err := main(library, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Yield begins a new piece of work. No piece should take 10 ms.
func Yield() { runtime.Gosched() }

// Input reads from a file descriptor. Nothing else of the program runs while it waits.
type Input uintptr

// Read implements io.Reader.
func (in Input) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(in), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return 0, os.NewSyscallError("read", errno)
		case n == 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}
