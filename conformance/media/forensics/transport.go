package forensics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"reelcheck/conformance/media"
)

// A transport stream is packets of this size that begin with this byte (ISO/IEC 13818-1 section 2.4.3).
const (
	packetSize = 188
	packetSync = 0x47
)

// transport reports whether a file begins as a transport stream does.
func transport(f io.ReaderAt) bool {
	var b [1]byte
	for i := range int64(4) {
		if _, err := f.ReadAt(b[:], i*packetSize); err != nil || b[0] != packetSync {
			return false
		}
	}
	return true
}

// remuxed analyzes a transport stream through an MP4 file of the same samples.
func remuxed(ctx context.Context, path string, size int64, o Options) (r media.Report, err error) {
	dir, err := os.MkdirTemp("", "reelcheck-transport-")
	if err != nil {
		return r, fmt.Errorf("analyze: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, "copied.mp4")
	complaint, err := decode(ctx, o.FFmpeg, []string{"-f", "mpegts", "-i", path, "-map", "0", "-c", "copy", "-f", "mp4", copied}, func(io.Reader) error { return nil })
	if err != nil {
		return r, fmt.Errorf("analyze transport stream: %w", err)
	}
	if _, statErr := os.Stat(copied); statErr != nil {
		r.Size, r.Transport = size, true
		note(&r, media.Broken, "transport stream: %s", complaint)
		return r, nil
	}
	if r, err = Analyze(ctx, copied, o); err != nil {
		return r, err
	}
	r.Size, r.Transport = size, true
	if complaint != "" {
		note(&r, media.Undecodable, "transport stream: %s", complaint)
	}
	if size%packetSize != 0 {
		note(&r, media.Broken, "transport stream: %d bytes after the last whole packet", size%packetSize)
	}
	return r, nil
}
