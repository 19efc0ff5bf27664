package main

import (
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lock takes the data directory for this process until it is closed or the process ends, however it ends. A second server would end what the
// first one records, as if after a crash.
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
