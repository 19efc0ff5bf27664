//go:build !linux

package ffmpeg

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// shareEncoding is for Linux alone.
func (Config) shareEncoding(context.Context, *errgroup.Group, Output) (*Encoding, error) {
	return nil, errors.ErrUnsupported
}
