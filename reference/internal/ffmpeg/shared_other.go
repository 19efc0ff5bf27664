//go:build !linux

package ffmpeg

import (
	"context"
	"errors"
)

// sharePictures works only on Linux.
func (Config) sharePictures(context.Context, int, int) (*process, pictures, error) {
	return nil, nil, errors.ErrUnsupported
}
