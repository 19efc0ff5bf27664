package segment

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

// plainAndSealed runs a test on a log without a key and on one with a key.
func plainAndSealed(t *testing.T, test func(t *testing.T, key []byte)) {
	t.Run("plain", func(t *testing.T) { test(t, nil) })
	t.Run("sealed", func(t *testing.T) { test(t, seal.NewKey()) })
}

// boxFor returns the box of the log of the tests; nil without a key.
func boxFor(t testing.TB, key []byte) *seal.Box {
	t.Helper()
	if key == nil {
		return nil
	}
	box, err := seal.NewBox(key, "streams/s")
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// create begins a log that is closed when the test ends.
func create(t testing.TB, key []byte) *Log {
	t.Helper()
	l, err := Create(filepath.Join(t.TempDir(), "s"), boxFor(t, key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func frameAt(i int) av.Sample {
	return av.Sample{Codec: av.VP8, Time: av.Instant(1000 + i), Key: i%3 == 0, Gap: i == 4, Data: bytes.Repeat([]byte{byte(i + 1)}, 1+i*7)}
}

// add appends the frame with a number.
func add(t testing.TB, l *Log, i int) {
	t.Helper()
	b, err := EncodeSample(frameAt(i))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(b); err != nil {
		t.Fatal(err)
	}
}

// TestTruncatedAnywhere cuts a log at every offset. All records before the cut must be read, and no others.
func TestTruncatedAnywhere(t *testing.T) { plainAndSealed(t, truncatedAnywhere) }

func truncatedAnywhere(t *testing.T, key []byte) {
	l := create(t, key)
	ends := []int{len(magic)}
	for i := range 5 {
		add(t, l, i)
		ends = append(ends, int(l.size))
	}
	whole, err := os.ReadFile(path(l.dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		var other byte // a byte that differs from the original, so that the tail cannot complete a record
		if cut < len(whole) {
			other = ^whole[cut]
		}
		for _, tail := range [][]byte{nil, append([]byte{other}, make([]byte, 99)...), bytes.Repeat([]byte{other}, 40)} {
			dir := t.TempDir()
			name := path(dir, 1)
			if err := os.WriteFile(name, append(bytes.Clone(whole[:cut]), tail...), 0o644); err != nil {
				t.Fatal(err)
			}
			want := -1
			for _, e := range ends {
				if e <= cut {
					want++
				}
			}
			want = max(want, 0)
			var got int
			l, torn, err := Open(dir, boxFor(t, key), func(Record) error { got++; return nil }, nil)
			if err != nil || got != want {
				t.Fatalf("cut at %d with a tail of %d: %d records, want %d: %v", cut, len(tail), got, want, err)
			}
			if torn != nil && (cut >= len(magic) && torn.Offset != int64(ends[want]) || torn.Path != name) {
				t.Fatalf("cut at %d: %v", cut, torn)
			}
			clean := len(tail) == 0 && (cut == ends[want])
			if clean != (torn == nil) {
				t.Fatalf("cut at %d with a tail of %d: torn %v", cut, len(tail), torn)
			}
			if err := errors.Join(l.End(), err); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSyncWaits checks that Sync waits for records that another sync is still making durable.
func TestSyncWaits(t *testing.T) {
	l := create(t, nil)
	add(t, l, 0)
	l.syncing.Lock() // as if another sync ran
	l.mu.Lock()
	l.dirty = false
	l.mu.Unlock()
	synced := make(chan error, 1)
	go func() { synced <- l.Sync() }()
	select {
	case <-synced:
		t.Error("a sync did not wait for the one that had begun")
	case <-time.After(20 * time.Millisecond):
		l.syncing.Unlock()
		if err := <-synced; err != nil {
			t.Error(err)
		}
	}
}

// TestEndWhileSyncing checks that a log that ends during a sync is durable.
func TestEndWhileSyncing(t *testing.T) {
	l := create(t, nil)
	add(t, l, 0)
	if err := l.End(); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	l.dirty = true // as a sync saw it that was about to begin when the log ended
	l.mu.Unlock()
	if err := l.Sync(); err != nil {
		t.Error(err)
	}
}

// FuzzReader reads the same bytes with scan and with the reader, which reads ahead and skips.
func FuzzReader(f *testing.F) {
	sample, err := EncodeSample(frameAt(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(append([]byte(magic), sample...), sample...))
	f.Add(append([]byte(magic), 1, 0, 0, 0, 0, 0, 0, 0, 1))
	key := make([]byte, seal.KeySize)
	f.Add(append([]byte(magicSealed), frame(boxFor(f, key).Seal(make([]byte, headerSize), sample[headerSize:], seal.Place{Segment: 1, Offset: firstRecord}))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < len(magic) {
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(path(dir, 1), b, 0o644); err != nil {
			t.Fatal(err)
		}
		l := &Log{dir: dir, seq: 1, size: int64(len(b)), ended: true, box: boxFor(t, key)}
		r := NewReader(l, First)
		defer r.Close()
		for range len(b) + 1 {
			if _, err := r.Next(t.Context(), func(r Record) bool { return r.Kind == Mark || r.Kind == Sample && r.Track == Video }); err != nil {
				return
			}
		}
		t.Fatal("more records than bytes")
	})
}
