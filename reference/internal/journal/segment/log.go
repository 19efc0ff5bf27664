// Package segment stores records in an append-only log: a folder of segment files, of which only the last one grows. It
// is the part of a journal that knows files: the format of a record, what a crash leaves incomplete, what is damaged,
// and what is encrypted. What the records mean is up to its caller.
//
//	l, err := segment.Create(dir, box)
//	b, err := segment.EncodeSample(sample)
//	err = l.Append(b)
//
//	r := segment.NewReader(l, segment.First)
//	record, err := r.Next(ctx, wanted) // waits for records that are still to come
//
// A record is durable when a later Sync or End has returned. The caller must open a folder only once at a time, call
// Sync often enough, end or close every log, and give each log a box of its own.
package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/seal"
)

// Size is the size in bytes at which a log begins its next file. After a crash, opening scans at most this much per log.
const Size = 16 << 20

// ErrEnded is returned when a log has ended and cannot be appended to.
var ErrEnded = errors.New("stream log has ended")

// Log is one append-only log. It is safe for concurrent use.
type Log struct {
	// Full, if set, is called before a record is written. The write fails with its error. Set it before the first Append.
	Full func() error

	dir string

	syncing sync.Mutex // held while the file is made durable; taken before mu

	mu     await.Mutex // guards everything below
	seq    int
	f      *os.File
	size   int64     // bytes of segment seq that readers may see
	sealed bool      // segment seq is encrypted
	box    *seal.Box // encrypts the segments begun from now on; nil = they are plain
	buf    []byte    // for sealing
	dirty  bool      // written since the last sync
	ended  bool
	err    error // permanent: the log cannot be trusted any more
}

func path(dir string, seq int) string { return filepath.Join(dir, fmt.Sprintf("%08d.seg", seq)) }

// Create creates the folder and its first segment, durably. With a box, the log is encrypted.
func Create(dir string, box *seal.Box) (*Log, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	l := &Log{dir: dir, box: box}
	if err := l.next(); err != nil {
		return nil, err
	}
	return l, durable.Sync(filepath.Dir(dir))
}

// next creates the following segment. It syncs the folder, so that the file survives a crash.
func (l *Log) next() error {
	f, err := os.OpenFile(path(l.dir, l.seq+1), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(l.magic()); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err := durable.Sync(l.dir); err != nil {
		return errors.Join(err, f.Close())
	}
	l.f, l.seq, l.size, l.sealed, l.dirty = f, l.seq+1, firstRecord, l.box != nil, true
	return nil
}

// magic returns the magic of the segments begun from now on.
func (l *Log) magic() string {
	if l.box != nil {
		return magicSealed
	}
	return magic
}

// Seal encrypts everything that is appended from now on.
func (l *Log) Seal(box *seal.Box) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.box = box
	if l.ended || l.sealed || l.err != nil {
		return l.err
	}
	return l.roll()
}

// stored returns the bytes on disk of a framed record at the end of the current segment. They are valid until the next
// call.
func (l *Log) stored(b []byte) []byte {
	if !l.sealed {
		return b
	}
	l.buf = l.box.Seal(append(l.buf[:0], b[:headerSize]...), b[headerSize:], seal.Place{Segment: l.seq, Offset: l.size})
	return frame(l.buf)
}

// Append writes one record, as one of the Encode functions returned it. If the write fails, it cuts the partial record
// off again, so that the log stays readable and can go on when there is room.
func (l *Log) Append(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return l.err
	case l.ended:
		return ErrEnded
	}
	if l.size+int64(len(b)) > Size && l.size > firstRecord {
		if err := l.roll(); err != nil {
			return err
		}
	}
	return l.write(b)
}

func (l *Log) write(b []byte) error {
	if l.Full != nil {
		if err := l.Full(); err != nil {
			return err
		}
	}
	b = l.stored(b)
	if _, err := l.f.WriteAt(b, l.size); err != nil {
		if cut := l.f.Truncate(l.size); cut != nil {
			l.err = errors.Join(err, cut)
		}
		return err
	}
	l.size += int64(len(b))
	l.dirty = true
	l.mu.Wake()
	return nil
}

// roll ends the current segment, durably, and starts the next one. Readers see the roll record only when the next file
// exists.
func (l *Log) roll() error {
	if _, err := l.f.WriteAt(l.stored(encodeBare(Roll, nil)), l.size); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		l.err = err
		return err
	}
	old := l.f
	if err := l.next(); err != nil {
		return errors.Join(err, old.Truncate(l.size))
	}
	l.mu.Wake()
	return old.Close()
}

// Sync makes durable everything that was appended before the call. A failed sync is final, because the kernel may have
// dropped the pages. Sync waits for one that is under way, because the records of that one may not be durable yet.
func (l *Log) Sync() error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	f, dirty, seq := l.f, l.dirty, l.seq
	l.dirty = false
	l.mu.Unlock()
	if !dirty {
		return nil
	}
	err := f.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil || errors.Is(err, os.ErrClosed) && (seq != l.seq || l.ended) { // the segment was rolled or ended meanwhile, which synced it
		return nil
	}
	l.err = fmt.Errorf("syncing journal: %w", err)
	l.mu.Wake()
	return l.err
}

// End writes the end record, durably. It may be called twice.
func (l *Log) End() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil
	}
	// For the readers of this process, a log that cannot be written any more ends too.
	err := l.err
	if err == nil {
		err = l.write(encodeBare(End, nil))
	}
	if err == nil {
		err = l.f.Sync()
	}
	l.ended, l.dirty = true, false
	l.mu.Wake()
	return errors.Join(err, l.f.Close())
}

// visible waits until readers may see more than offset bytes of segment seq, and returns how many they may see. It
// returns io.EOF if there will be no more.
func (l *Log) visible(ctx context.Context, seq int, offset int64) (limit int64, err error) {
	sealed := false
	waiting := l.mu.Until(ctx, func() bool {
		switch {
		case seq < l.seq:
			sealed = true
		case offset < l.size:
			limit = l.size
		case l.ended:
			err = io.EOF
		case l.err != nil:
			err = l.err
		default:
			return false
		}
		return true
	})
	switch {
	case waiting != nil:
		return 0, waiting
	case !sealed:
		return limit, err
	}
	info, err := os.Stat(path(l.dir, seq))
	if err != nil {
		return 0, err
	}
	if info.Size() <= offset {
		return 0, &TornError{path(l.dir, seq), offset, errShort}
	}
	return info.Size(), nil
}

// Open opens a log of an earlier process, cuts an incomplete tail off its last segment and passes every whole record
// of that segment to seen. torn describes the tail; err is nil even if a tail was cut off. crash, if set, reports
// whether a crash can have damaged the segment. If not, Open cuts nothing, and readers report the damage. The log has
// ended if its end record is there.
func Open(dir string, box *seal.Box, seen func(Record) error, crash func(seq int) (bool, error)) (l *Log, torn *TornError, err error) {
	l = &Log{dir: dir, box: box}
	if err := l.last(); err != nil {
		return nil, nil, err
	}
	if l.seq == 0 { // the crash came after the folder was created, before the file was
		return l, nil, l.next()
	}
	l.f, err = os.OpenFile(path(dir, l.seq), os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	if torn, err = l.repair(seen, crash); err != nil {
		return nil, nil, errors.Join(err, l.f.Close())
	}
	if l.ended {
		if err := l.f.Close(); err != nil {
			return nil, nil, err
		}
	}
	return l, torn, nil
}

// OpenEnded opens a log that has ended and does not change it.
func OpenEnded(dir string, box *seal.Box) (*Log, error) {
	l := &Log{dir: dir, box: box, ended: true}
	if err := l.last(); err != nil || l.seq == 0 {
		return l, err
	}
	info, err := os.Stat(path(dir, l.seq))
	if err == nil {
		l.size = info.Size()
	}
	return l, err
}

// last finds the last segment.
func (l *Log) last() error {
	for {
		_, err := os.Stat(path(l.dir, l.seq+1))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		l.seq++
	}
}

func (l *Log) repair(seen func(Record) error, crash func(seq int) (bool, error)) (*TornError, error) {
	size, sealed, scanErr := scan(l.f, l.seq, l.box, func(r Record) error {
		l.ended = l.ended || r.Kind == End
		if r.Kind == Roll {
			return errBody // the next segment was never created: cut the roll record off
		}
		return seen(r)
	})
	l.size, l.sealed = size, sealed
	if scanErr == nil {
		return nil, nil
	}
	var torn *TornError
	if !errors.As(scanErr, &torn) {
		return nil, scanErr
	}
	torn.Path = l.f.Name()
	if crash != nil {
		if can, err := crash(l.seq); err != nil || !can {
			return nil, errors.Join(err, l.leave())
		}
	}
	if err := l.f.Truncate(size); err != nil {
		return nil, err
	}
	if size < firstRecord {
		if _, err := l.f.WriteAt([]byte(l.magic()), 0); err != nil {
			return nil, err
		}
		l.size, l.sealed = firstRecord, l.box != nil
	}
	return torn, l.f.Sync()
}

// leave accepts a damaged segment without a change.
func (l *Log) leave() error {
	info, err := l.f.Stat()
	if err == nil {
		l.size = info.Size()
	}
	return err
}

// Current returns the number of the last segment.
func (l *Log) Current() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

// Dirty reports whether records were written that no sync has begun to make durable.
func (l *Log) Dirty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dirty
}

// opener returns the box that decrypts sealed segments.
func (l *Log) opener() *seal.Box {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.box
}

// Empty removes the media of a log that has ended from disk.
func (l *Log) Empty() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; l.ended && l.seq > 1; l.seq-- {
		if err := os.Remove(path(l.dir, l.seq)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		l.size = firstRecord
	}
	if !l.ended || l.seq == 0 {
		return nil
	}
	if err := os.Truncate(path(l.dir, 1), firstRecord); err != nil {
		return err
	}
	l.size = firstRecord
	return nil
}

// Close closes the file without ending the log.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil
	}
	l.ended = true
	l.mu.Wake()
	return l.f.Close()
}
