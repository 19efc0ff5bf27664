//go:build linux && (amd64 || arm64)

// Package worker holds what the programs that call FFmpeg's libraries for archived have in common.
package worker

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/libav"
)

// memory is the Go heap, in bytes, at which garbage collection begins. Pictures lie elsewhere.
const memory = 32 << 20

// Run calls main with FFmpeg's libraries and the program's arguments, and returns the exit code of the program. It
// returns [decoding.Unusable] if the libraries cannot be loaded.
func Run(main func(*libav.Library, []string) error) int {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memory)
	library, err := libav.Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return decoding.Unusable
	}
	if err := main(library, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
