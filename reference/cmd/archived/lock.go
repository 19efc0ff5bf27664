package main

import (
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lock locks the data directory until it is closed or the process ends in any way. A second server would treat the recordings of the first
// one as left by a crash and end them.
func lock(data string) (*flock.Flock, error) {
	l := flock.New(filepath.Join(data, "lock"), flock.SetPermissions(0o600))
	held, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if !held {
		return nil, fmt.Errorf("data: %q is in use by another archived", data)
	}
	return l, nil
}
