package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal/segment"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/timeline"
)

// secret is part of every record that secretive writes.
const secret = "known plaintext of the publisher"

// secretive writes a record of every kind to a journal with this key; nil = without a key.
func secretive(t *testing.T, dir string, key []byte) {
	t.Helper()
	j := openWith(t, dir, key)
	say(t, j, "s")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func say(t *testing.T, j *Journal, stream string) {
	t.Helper()
	note(t, j, recording, timeline.Event{Kind: timeline.Arranged, Archive: "a", At: 2, Layout: new(layouttest.New(layout.Spec{Type: layout.Custom, Stylesheet: "/* " + secret + stream + " */ stream{left:0}"}))})
	w := begin(t, j, stream)
	for i := range 3 {
		if err := w.Append(av.Sample{Codec: av.Opus, Time: av.Instant(10 + i), Data: []byte(secret)}); err != nil {
			t.Fatal(err)
		}
	}
}

// telling returns how often the secret occurs in each file below dir that contains it.
func telling(t *testing.T, dir string) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		if n := bytes.Count(b, []byte(secret)); n > 0 {
			found[path] = n
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSealedSaysNothing(t *testing.T) {
	plain, sealed := t.TempDir(), t.TempDir()
	secretive(t, plain, nil)
	if found := telling(t, plain); len(found) != 2 {
		t.Fatalf("plain: the secret is in %v, want timeline and stream", found)
	}
	secretive(t, sealed, seal.NewKey())
	if found := telling(t, sealed); len(found) != 0 {
		t.Errorf("sealed: the secret is in %v", found)
	}
}

// TestSealedFromNowOn checks that plain records stay readable and that no plain ones are added, even if the process
// ends in between.
func TestSealedFromNowOn(t *testing.T) {
	for _, reopen := range []bool{false, true} {
		dir, key := t.TempDir(), seal.NewKey()
		j := open(t, dir)
		say(t, j, "before")
		before := telling(t, dir)
		if reopen {
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = openWith(t, dir, key)
		} else if err := errors.Join(j.Seal(key), j.Seal(seal.NewKey())); err != nil {
			t.Fatal(err)
		}
		say(t, j, "after")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if after := telling(t, dir); len(after) != 2 || after["streams/before/00000001.seg"] != 3 || after["timeline/00000001.seg"] != before["timeline/00000001.seg"] {
			t.Errorf("reopened %v: the secret was in %v, is in %v", reopen, before, after)
		}
		j = openWith(t, dir, key)
		for _, id := range []string{"before", "after"} {
			if got, err := readAll(t, j, id, false, 0); err != nil || len(got) != 3 || string(got[2].Data) != secret {
				t.Errorf("reopened %v: stream %s: %d items, %v", reopen, id, len(got), err)
			}
		}
		if list, _, err := j.Events(t.Context(), 0, 0); err != nil || len(list) != 3 {
			t.Errorf("reopened %v: events %+v, %v", reopen, list, err)
		}
	}
}

// TestStreamGoesOnSealed checks that an open log continues in a sealed segment, and its reader with it.
func TestStreamGoesOnSealed(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	note(t, j, recording)
	w := begin(t, j, "s")
	if err := errors.Join(w.Append(packetAt(1)), j.Seal(seal.NewKey()), w.Append(packetAt(2)), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(t, j, "s", false, 0); err != nil || len(got) != 2 {
		t.Errorf("%d packets: %v", len(got), err)
	}
	b, err := os.ReadFile(segmentPath(j, streamLog("s"), 2))
	if err != nil || !strings.HasPrefix(string(b), "reeljnl2") {
		t.Errorf("the second segment begins with %.8q: %v", b, err)
	}
}

// TestWrongKey checks that a journal that cannot be opened is not changed.
func TestWrongKey(t *testing.T) {
	dir := t.TempDir()
	secretive(t, dir, seal.NewKey())
	path := filepath.Join(dir, "streams/s/00000001.seg")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  []byte
		want error
	}{"none": {nil, segment.ErrNoKey}, "another": {seal.NewKey(), seal.ErrForged}} {
		if _, err := Open(dir, Options{Key: c.key}); !errors.Is(err, c.want) {
			t.Errorf("key %s: %v, want %v", name, err, c.want)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
			t.Errorf("key %s: the log was changed: %v", name, err)
		}
	}
}
