// Package decodingtest builds the program that decodes, for tests that start it.
package decodingtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"reelcheck/reference/internal/decoding"
)

// Build builds the program in a directory that remove removes.
func Build() (program string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "decoder-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	program = filepath.Join(dir, decoding.Program)
	build := exec.CommandContext(context.Background(), "go", "build", "-o", program, "reelcheck/reference/cmd/"+decoding.Program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("%v: %w: %s", build.Args, err, out)
	}
	return program, remove, nil
}
