package compose

import (
	"errors"
	"os"
)

// Sync makes a finished composition durable, so that its journal is no longer needed.
func Sync(out string) error {
	for _, suffix := range []string{mediaSuffix, headSuffix} {
		if err := syncFile(out + suffix); err != nil {
			return err
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
