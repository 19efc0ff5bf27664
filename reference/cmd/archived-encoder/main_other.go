//go:build !linux || !(amd64 || arm64)

// Program archived-encoder works only on Linux; elsewhere archived encodes with the ffmpeg program.
package main

import (
	"fmt"
	"os"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

func main() {
	fmt.Fprintln(os.Stderr, "only for Linux on amd64 and arm64")
	os.Exit(decoding.Unusable)
}
