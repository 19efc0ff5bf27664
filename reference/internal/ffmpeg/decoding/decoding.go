// Package decoding is the protocol between archived and archived-decoder, the program that decodes for it with FFmpeg's
// libraries.
//
// The program is started with the width and height of the pictures as its arguments. Coded frames come on stdin as IVF.
// The program leaves pictures in shared memory, descriptor [MemoryFile], in one of [Slots] slots, and announces each on
// stdout by a [Notice]. A slot belongs to the program from the moment at which its number comes on descriptor
// [SlotsFile] until the program has announced a picture in it.
package decoding

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Program is the name of the decoding program.
const Program = "archived-decoder"

const (
	MemoryFile = 3
	SlotsFile  = 4
	// Slots is the number of pictures that fit into the shared memory.
	Slots = 9
	// MaxPixels is the largest number of pixels of a picture: twice what browsers send at most, 3840x2160.
	MaxPixels = 4096 * 4096
	// Unusable is the program's exit code when the libraries cannot be loaded.
	Unusable = 3
)

// ticks is the number of ticks of a sample. The frame that makes its picture has the last of them; frames that are not
// shown have others.
const ticks, last = 16, ticks - 1

// Tick returns the time of a frame: the last tick of the sample if it is shown, otherwise tick part, which is below 15.
func Tick(sample int64, part int, shown bool) int64 {
	if shown {
		part = last
	}
	return sample*ticks + int64(part)
}

// Sample returns the number of the sample that a tick belongs to.
func Sample(tick int64) int64 { return tick / ticks }

// Shown reports whether the frame at a tick is to be shown.
func Shown(tick int64) bool { return tick%ticks == last }

// Filter returns Shown as a filter of FFmpeg.
func Filter() string { return fmt.Sprintf(`select=eq(mod(pts\,%d)\,%d)`, ticks, last) }

const (
	headerSize, frameHeaderSize = 32, 12
	largestFrame                = 64 << 20
)

// rate is the approximate number of ticks per second. With a much lower rate FFmpeg would take frames to be hours apart,
// and damaged.
const rate = 160000

// AppendHeader appends the IVF header for a codec. It has no size: decoders read that from the frames.
func AppendHeader(b []byte, fourCC string) []byte {
	b = append(b, "DKIF\x00\x00"...)
	b = binary.LittleEndian.AppendUint16(b, headerSize)
	b = append(b, fourCC...)
	b = append(b, 16, 0, 16, 0)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, 1)
	return append(b, make([]byte, 8)...)
}

// AppendFrame appends a coded frame in IVF.
func AppendFrame(b []byte, tick int64, data []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint64(b, uint64(tick))
	return append(b, data...)
}

// Frames reads IVF.
type Frames struct {
	FourCC string

	r    io.Reader
	data []byte
}

// NewFrames reads the IVF header.
func NewFrames(r io.Reader) (*Frames, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("IVF header: %w", err)
	}
	if string(head[:4]) != "DKIF" || binary.LittleEndian.Uint16(head[6:]) != headerSize {
		return nil, fmt.Errorf("IVF header: % x", head)
	}
	return &Frames{FourCC: string(head[8:12]), r: r}, nil
}

// Next returns the next frame, which is valid until the next call. It returns io.EOF at the end.
func (f *Frames) Next() (tick int64, data []byte, err error) {
	var head [frameHeaderSize]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, nil, err
	}
	size := int(binary.LittleEndian.Uint32(head[:]))
	if size > largestFrame {
		return 0, nil, fmt.Errorf("IVF frame of %d bytes, at most %d are read", size, largestFrame)
	}
	if cap(f.data) < size {
		f.data = make([]byte, size, 2*size)
	}
	f.data = f.data[:size]
	if _, err := io.ReadFull(f.r, f.data); err != nil {
		return 0, nil, fmt.Errorf("IVF frame cut short: %w", io.ErrUnexpectedEOF)
	}
	return int64(binary.LittleEndian.Uint64(head[4:])), f.data, nil
}

// Notice announces the picture of the frame at a tick, which lies in a slot.
type Notice struct {
	Tick int64
	Slot byte
}

// Ready is the first notice of the program: it has found its libraries.
var Ready = Notice{Tick: -1, Slot: 255}

// NoticeSize is the size of an encoded Notice in bytes.
const NoticeSize = 9

// Append appends the encoded notice.
func (n Notice) Append(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(n.Tick)), n.Slot)
}

// ReadNotice reads a notice.
func ReadNotice(r io.Reader) (Notice, error) {
	var b [NoticeSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return Notice{}, err
	}
	return Notice{Tick: int64(binary.LittleEndian.Uint64(b[:])), Slot: b[8]}, nil
}
