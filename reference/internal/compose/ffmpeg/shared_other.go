//go:build !linux

package ffmpeg

import (
	"context"
	"errors"
)

// share is for Linux alone.
func (Config) share(context.Context, int, int) (*process, pictures, error) {
	return nil, nil, errors.ErrUnsupported
}
