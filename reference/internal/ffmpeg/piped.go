package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

// piped decodes with the ffmpeg program. It writes pictures to stdout, and to descriptor 3 the number of the frame that
// each was made of.
type piped struct {
	slots
	process *process
	free    chan byte
	names   *bufio.Scanner
	side    *os.File
}

// pipe starts the ffmpeg program.
//
// The IVF demuxer passes on a frame as soon as it is there. Raw pictures have no timestamps, and a frame that cannot be
// decoded yields none, so the metadata filter writes the number of every picture to a pipe of its own. Probing more than
// the first frame would delay it by a second. With "nobuffer" the probed frame would be lost. With more than one thread
// pictures would come late.
func (c Config) pipe(ctx context.Context, width, height int) (*process, pictures, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	filter := fmt.Sprintf(`%s,scale=%d:%d:flags=`+Scaling+`:out_range=limited,format=yuv420p,metadata=mode=add:key=n:value=1,`+
		`metadata=mode=print:file=pipe\\:3:direct=1`, decoding.Filter(), width, height)
	p, err := c.start(ctx, []string{
		"-filter_threads", "1",
		"-probesize", "32", "-analyzeduration", "0", "-flags", "low_delay", "-threads", "1",
		"-max_pixels", strconv.Itoa(decoding.MaxPixels), "-copyts", "-f", "ivf", "-i", "pipe:0",
		"-map", "0:v:0", "-vf", filter, "-fps_mode", "passthrough", "-threads", "1", "-flush_packets", "1", "-f", "rawvideo", "pipe:1",
	}, write)
	err = errors.Join(err, write.Close())
	if err != nil {
		return nil, nil, errors.Join(err, read.Close())
	}
	widen(p.stdout, 4*width*height*3/2)
	raster := decoding.Packed(width, height)
	d := &piped{process: p, free: make(chan byte, decoding.Slots), names: bufio.NewScanner(read), side: read}
	d.slots = slots{raster: raster, memory: make([]byte, decoding.Slots*raster.Size()), hand: d.hand}
	d.hand(allSlots)
	return p, d, nil
}

func (d *piped) hand(slots []byte) {
	for _, slot := range slots {
		d.free <- slot // never full
	}
}

// next reads a picture, then its number, which is there by then.
func (d *piped) next(ctx context.Context) (tick int64, slot byte, err error) {
	select {
	case slot = <-d.free:
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
	if _, err := io.ReadFull(d.process, d.raster.Slot(d.memory, int(slot))); err != nil {
		return 0, 0, io.EOF
	}
	for d.names.Scan() {
		if tick, ok := frameNumber(d.names.Text()); ok {
			return tick, slot, nil
		}
	}
	return 0, 0, io.EOF // it died between the two
}

func (d *piped) close() error { return d.side.Close() }

// frameNumber parses a line like "frame:3    pts:3       pts_time:0.1".
func frameNumber(line string) (int64, bool) {
	if !strings.HasPrefix(line, "frame:") {
		return 0, false
	}
	_, rest, ok := strings.Cut(line, "pts:")
	if !ok {
		return 0, false
	}
	field, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	n, err := strconv.ParseInt(field, 10, 64)
	return n, err == nil
}
