// Package programtest builds the programs that decode and encode, for tests that start them.
package programtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/encoding"
)

// Build builds the programs in a directory that remove removes.
func Build() (decoder, encoder string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "programs-")
	if err != nil {
		return "", "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	build := exec.CommandContext(context.Background(), "go", "build", "-o", dir+string(filepath.Separator),
		"reelcheck/reference/cmd/"+decoding.Program, "reelcheck/reference/cmd/"+encoding.Program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", "", nil, fmt.Errorf("%v: %w: %s", build.Args, err, out)
	}
	return filepath.Join(dir, decoding.Program), filepath.Join(dir, encoding.Program), remove, nil
}
