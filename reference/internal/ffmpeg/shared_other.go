//go:build !linux

package ffmpeg

import (
	"context"
	"errors"
)

// sharePictures is for Linux alone.
func (Config) sharePictures(context.Context, int, int) (*process, pictures, error) {
	return nil, nil, errors.ErrUnsupported
}
