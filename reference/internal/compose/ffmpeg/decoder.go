package ffmpeg

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"reelcheck/reference/internal/av"
)

// Decoder is a child that decodes one video stream and scales it to one size, without bars. Write and CloseInput belong to
// one goroutine, Read to another.
type Decoder struct {
	process *process
	names   *bufio.Scanner // of descriptor 3: which frame comes next on stdout
	side    *os.File
	frame   []byte
}

// Scaling is how pictures are scaled: every pixel counts, linearly with its distance.
const Scaling = "bilinear"

var fourCC = map[av.Codec]string{av.VP8: "VP80", av.VP9: "VP90", av.H264: "H264"}

// Decode starts a decoder for frames of width x height, both even. It begins with a key frame.
//
// Frames go in as IVF, which also takes H.264 access units: a demuxer that hands on a frame as soon as it is there.
// Raw pictures have no timestamps, and a frame that cannot be decoded yields none: the metadata filter writes down the
// number of every picture on a pipe of its own. Probing more than the first frame would delay it by a second; with
// "nobuffer" the probed frame would be lost; with more than one thread pictures would lag behind.
func (c Config) Decode(ctx context.Context, codec av.Codec, width, height int) (*Decoder, error) {
	cc, ok := fourCC[codec]
	if !ok {
		return nil, fmt.Errorf("no decoder for codec %q", codec)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	filter := fmt.Sprintf(`select=not(mod(pts\,2)),scale=%d:%d:flags=`+Scaling+`,format=yuv420p,metadata=mode=add:key=n:value=1,`+
		`metadata=mode=print:file=pipe\\:3:direct=1`, width, height)
	p, err := c.start(ctx, []string{
		"-filter_threads", "1",
		"-probesize", "32", "-analyzeduration", "0", "-flags", "low_delay", "-threads", "1", "-copyts", "-f", "ivf", "-i", "pipe:0",
		"-map", "0:v:0", "-vf", filter, "-fps_mode", "passthrough", "-threads", "1", "-flush_packets", "1", "-f", "rawvideo", "pipe:1",
	}, write)
	err = errors.Join(err, write.Close())
	if err != nil {
		return nil, errors.Join(err, read.Close())
	}
	widen(p.stdout, 4*width*height*3/2)
	widen(p.stdin, 256<<10)
	d := &Decoder{process: p, names: bufio.NewScanner(read), side: read}
	_, _ = p.Write(ivfHeader(cc)) // when it died at once, reading will tell why
	return d, nil
}

// hidden is set in the timestamps of frames that are not to be shown.
const hidden = 1

// ivfHeader announces a codec. Size and rate are read from the frames; a tick is half a frame number.
func ivfHeader(cc string) []byte {
	b := make([]byte, 32)
	copy(b, "DKIF")
	binary.LittleEndian.PutUint16(b[6:], 32)
	copy(b[8:], cc)
	binary.LittleEndian.PutUint16(b[12:], 16)
	binary.LittleEndian.PutUint16(b[14:], 16)
	binary.LittleEndian.PutUint32(b[16:], 30)
	binary.LittleEndian.PutUint32(b[20:], 1)
	return b
}

// Write feeds one frame. Numbers increase. Of a frame that is not to be shown no picture comes: it is decoded for the sake of others only.
func (d *Decoder) Write(number int64, show bool, data []byte) error {
	stamp := uint64(number) << 1
	if !show {
		stamp |= hidden
	}
	d.frame = binary.LittleEndian.AppendUint32(d.frame[:0], uint32(len(data)))
	d.frame = binary.LittleEndian.AppendUint64(d.frame, stamp)
	d.frame = append(d.frame, data...)
	if show {
		d.process.asked.Store(number)
	}
	_, err := d.process.Write(d.frame)
	return err
}

// CloseInput tells the child that no more comes. It then hands out what it has.
func (d *Decoder) CloseInput() error { return d.process.closeInput() }

// Read fills picture, planar 4:2:0, with the next picture and returns the number of its frame; io.EOF at the end. The number is
// there before the picture: asked for in this order, it is not waited for.
func (d *Decoder) Read(picture []byte) (number int64, err error) {
	if _, err := io.ReadFull(d.process, picture); err != nil {
		return 0, io.EOF
	}
	for d.names.Scan() {
		if stamp, ok := frameNumber(d.names.Text()); ok {
			d.process.answered.Store(stamp >> 1)
			return stamp >> 1, nil
		}
	}
	return 0, io.EOF // died in between
}

// frameNumber reads a line like "frame:3    pts:3       pts_time:0.1".
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

// Kill ends the child without waiting for what it still has.
func (d *Decoder) Kill() { d.process.stop() }

// Wait reaps the child. Call it once Read has returned io.EOF.
func (d *Decoder) Wait() error { return errors.Join(d.process.wait(), d.side.Close()) }
