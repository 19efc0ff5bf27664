//go:build !linux

package ffmpeg

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// shareEncoding works only on Linux.
func (Config) shareEncoding(context.Context, *errgroup.Group, Output) (*Encoding, error) {
	return nil, errors.ErrUnsupported
}
