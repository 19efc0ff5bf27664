// Package bounded reads what others wrote up to a limit, so that a file without an end is an error and not the end of the memory:
//
//	b, err := bounded.File("target.yaml", 1<<20)
package bounded

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Error says that there is more to read than a limit.
type Error struct{ Most int64 } // bytes

func (e *Error) Error() string {
	switch {
	case e.Most > 0 && e.Most%(1<<20) == 0:
		return fmt.Sprintf("more than %d MiB, which is the limit", e.Most>>20)
	case e.Most > 0 && e.Most%(1<<10) == 0:
		return fmt.Sprintf("more than %d KiB, which is the limit", e.Most>>10)
	}
	return fmt.Sprintf("more than %d bytes, which is the limit", e.Most)
}

// File returns the content of a file. One with more than most bytes is an error that wraps an [Error].
func File(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(Reader(f, most))
	if over := new(Error); errors.As(err, &over) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, err
}

// Reader returns a reader of at most most bytes of r. If r has more, it then fails with an [Error].
func Reader(r io.Reader, most int64) io.Reader { return &reader{r, most, max(most, 0)} }

type reader struct {
	io.Reader
	most, left int64
}

func (r *reader) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.Reader.Read(p)
	if int64(n) > r.left {
		n = int(r.left)
		r.left = 0
		return n, &Error{r.most}
	}
	r.left -= int64(n)
	return n, err
}

// Values returns a reader of JSON with at most most commas. With more it fails: a short list of empty objects fills the memory when it is
// decoded.
func Values(r io.Reader, most int) io.Reader { return &values{r, most, most} }

type values struct {
	io.Reader
	most, left int
}

func (v *values) Read(p []byte) (int, error) {
	n, err := v.Reader.Read(p)
	if v.left -= bytes.Count(p[:n], []byte{','}); v.left < 0 {
		return 0, fmt.Errorf("more than %d values, which is the limit", v.most)
	}
	return n, err
}
