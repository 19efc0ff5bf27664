package storage

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"
)

// aheadBytes is the size of each of the two buffers that are read ahead.
const aheadBytes = 256 << 10

// copyAhead copies r to w and reads the next bytes while it writes, because files of individual archives are made while they are read.
func copyAhead(ctx context.Context, w io.Writer, r io.Reader) error {
	g, ctx := errgroup.WithContext(ctx)
	empty, full := make(chan []byte, 2), make(chan []byte)
	empty <- make([]byte, aheadBytes)
	empty <- make([]byte, aheadBytes)
	g.Go(func() error {
		defer close(full)
		for ctx.Err() == nil { // select takes a buffer that is there as often as it looks at ctx
			var b []byte
			select {
			case b = <-empty:
			case <-ctx.Done():
				return ctx.Err()
			}
			n, err := fill(r, b[:cap(b)])
			select {
			case full <- b[:n]:
			case <-ctx.Done():
				return ctx.Err()
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	g.Go(func() error {
		for b := range full {
			if _, err := w.Write(b); err != nil {
				return err
			}
			empty <- b
		}
		return nil
	})
	return g.Wait()
}

// fill reads until b is full or r returns an error.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}
