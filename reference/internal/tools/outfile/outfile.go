// Package outfile checks the names of the output files of tools.
package outfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Check returns an error if the output file cannot be made.
func Check(out string, overwrite bool, inputs ...string) error {
	to, err := os.Stat(out)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case to.IsDir():
		return fmt.Errorf("output %q is a directory", out)
	case !overwrite:
		return fmt.Errorf("output %q exists; -y overwrites it", out)
	}
	for _, in := range inputs {
		if from, err := os.Stat(in); err == nil && to != nil && os.SameFile(from, to) {
			return fmt.Errorf("output %q is one of the inputs", out)
		}
	}
	if dir, err := os.Stat(filepath.Dir(out)); err != nil {
		return fmt.Errorf("output directory: %w", err)
	} else if !dir.IsDir() {
		return fmt.Errorf("output directory %q is not a directory", filepath.Dir(out))
	}
	return nil
}
