// Package storagetest tests the contract of every place that stores files of archives.
package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/storage"
)

// Target is a place to test.
type Target struct {
	Put func(ctx context.Context, a archive.Archive, r io.Reader) (sum string, err error)
	// Get reads an object and List returns the names of all objects, both without the code under test.
	Get  func(t *testing.T, key string) []byte
	List func(t *testing.T) []string
}

// large is more than one part of any target, and not a multiple of the part size.
const large = 17<<20 + 3

// Run tests a target, which must be empty.
func Run(t *testing.T, target Target) {
	var want []string
	put := func(name string, size int) func(*testing.T) {
		return func(t *testing.T) {
			a := archive.Archive{ID: name, ApplicationID: "app", OutputMode: archive.Composed}
			for seed := range uint64(2) { // the second time over the first object, as after a crash
				content := noise(seed, size)
				sum, err := target.Put(t.Context(), a, reader{bytes.NewReader(content)})
				digest := sha256.Sum256(content)
				if err != nil || sum != base64.StdEncoding.EncodeToString(digest[:]) {
					t.Fatalf("sum %q, %v", sum, err)
				}
				if got := target.Get(t, storage.Key(a)); !bytes.Equal(got, content) {
					t.Fatalf("%d bytes came back, %d were put", len(got), len(content))
				}
			}
			want = append(want, storage.Key(a))
		}
	}
	t.Run("empty", put("empty", 0))
	t.Run("small", put("small", 1000))
	t.Run("in parts", put("large", large))
	t.Run("nothing of a failed one", func(t *testing.T) {
		broken := errors.New("the disk is gone")
		for name, size := range map[string]int{"none": 0, "short": 1000, "long": large} {
			a := archive.Archive{ID: name, ApplicationID: "app", OutputMode: archive.Individual}
			r := io.MultiReader(reader{bytes.NewReader(noise(9, size))}, failing{broken})
			if _, err := target.Put(t.Context(), a, r); !errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("nothing of a cancelled one", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := target.Put(ctx, archive.Archive{ID: "late", ApplicationID: "app"}, bytes.NewReader([]byte("x"))); err == nil {
			t.Error("no error")
		}
	})
	got := target.List(t)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("objects %q, want %q", got, want)
	}
}

func noise(seed uint64, size int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, size)
	_, _ = r.Read(b) // Read never fails
	return b
}

// reader hides the Seek method, because a composition is read once.
type reader struct{ io.Reader }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
