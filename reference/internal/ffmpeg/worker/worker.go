//go:build linux && (amd64 || arm64)

// Package worker is what the programs have in common that call FFmpeg's libraries for archived.
package worker

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/libav"
)

// memory is how much Go may have before it collects. Pictures lie elsewhere.
const memory = 32 << 20

// Run runs main with FFmpeg's libraries and the program's arguments, and returns the program's exit code: [decoding.Unusable] where the libraries
// are not to be had.
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
