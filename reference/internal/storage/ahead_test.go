package storage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

var errTold = errors.New("told")

// limited fails once it has received a number of bytes.
type limited struct {
	bytes.Buffer
	limit int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.limit {
		return 0, errTold
	}
	return l.Buffer.Write(p)
}

func TestCopyAhead(t *testing.T) {
	for _, size := range []int{0, 1, aheadBytes, 3*aheadBytes - 1, 5 * aheadBytes} {
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(rand.Uint32())
		}
		var got bytes.Buffer
		if err := copyAhead(t.Context(), &got, iotest.HalfReader(bytes.NewReader(content))); err != nil || !bytes.Equal(got.Bytes(), content) {
			t.Errorf("%d bytes: %d came, %v", size, got.Len(), err)
		}
		got.Reset()
		for _, broken := range []error{errTold, io.ErrUnexpectedEOF} {
			err := copyAhead(t.Context(), &got, io.MultiReader(bytes.NewReader(content), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) {
				t.Errorf("%d bytes and %v: %v", size, broken, err)
			}
		}
		w := &limited{limit: size - 1}
		if err := copyAhead(t.Context(), w, bytes.NewReader(content)); !errors.Is(err, errTold) {
			t.Errorf("into less than %d bytes: %v", size, err)
		}
	}
}

// TestCopyAheadEnds checks that copyAhead stops reading an endless reader when writing fails or the context ends.
func TestCopyAheadEnds(t *testing.T) {
	endless := readerFunc(func(p []byte) (int, error) { return len(p), nil })
	if err := copyAhead(t.Context(), &limited{limit: 10 * aheadBytes}, endless); !errors.Is(err, errTold) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := copyAhead(ctx, io.Discard, readerFunc(func(p []byte) (int, error) {
		if n++; n == 10 {
			cancel()
		}
		return len(p), nil
	}))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
