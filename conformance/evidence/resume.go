package evidence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Resume goes on with a bundle that was closed, or cut off by a kill. It removes a torn last line. now stamps the records; nil
// means the wall clock. The caller must register secrets again, and must call Close.
func Resume(dir string, now func() time.Time) (*Journal, About, error) {
	if now == nil {
		now = time.Now
	}
	f, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_RDWR|os.O_APPEND, 0o644)
	if err == nil {
		err = lock(f)
	}
	if err != nil {
		return nil, About{}, fmt.Errorf("resume bundle: %w", err)
	}
	v, about, err := Open(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, tmpDir), 0o755)
	}
	var torn *TornError
	if _, unread := Read(f); err == nil && errors.As(unread, &torn) {
		err = f.Truncate(torn.Offset)
	}
	if err != nil {
		return nil, about, fmt.Errorf("resume bundle: %w", errors.Join(err, f.Close()))
	}
	j := &Journal{dir: dir, now: now, f: f, waiters: map[chan struct{}]struct{}{}, records: v.Records}
	if last, ok := v.Last(); ok {
		j.seq, j.synced = last.Seq, last.Seq
	}
	return j, about, nil
}

// ErrInUse means that another process writes the evidence.
var ErrInUse = errors.New("another conform is writing this evidence")

// Tidy clears what a writer that was killed has left of a bundle: blobs that are not complete, and a torn last line. It reports whether
// there was such a line. While the writer goes on it clears nothing, and its error is [ErrInUse].
func Tidy(dir string) (torn bool, err error) {
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, journalFile))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	before := size()
	j, _, err := Resume(dir, nil)
	if err != nil {
		return false, err
	}
	return size() < before, j.Close()
}

// lock claims a journal for this process, until it is closed. It closes a journal that another conform is writing.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}
