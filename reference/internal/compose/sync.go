package compose

import (
	"errors"
	"os"
)

// Sync makes a finished composition durable, so that its journal is no longer needed.
func Sync(out string) error {
	for _, suffix := range []string{mediaSuffix, headSuffix} {
		f, err := os.OpenFile(out+suffix, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
