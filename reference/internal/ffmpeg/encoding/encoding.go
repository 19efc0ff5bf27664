// Package encoding is the protocol between archived and archived-encoder, the program that encodes for it with FFmpeg's
// libraries.
//
// The program is started with a [Job] as its arguments. Frames of the output lie in slots of shared memory, descriptor
// [MemoryFile]. For every frame one byte comes on stdin: the number of its slot, which belongs to the program until it
// gives the slot back. Encoded media and slots go to stdout as [Message]s.
package encoding

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unsafe"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

// Program is the name of the encoding program.
const Program = "archived-encoder"

const (
	MemoryFile = 3
	// Slots is the number of frames that fit into the shared memory. Batch is the number of frames after which the
	// program must answer.
	Slots = 12
	Batch = Slots / 2
)

// Job says what to encode: pictures, sound, or both.
type Job struct {
	Width, Height int // of the pictures; 0 without video
	FrameRate     int // frames/s
	Video         []string
	Samples       int // mono samples in a frame of the output; 0 without sound
	SampleRate    int
	AACFrame      int // samples in an AAC frame
	Audio         []string
}

// Memory returns how the job's frames lie in memory.
func (j Job) Memory() Memory {
	return Memory{Picture: decoding.Packed(j.Width, j.Height), Samples: j.Samples}
}

// Args returns the arguments of the program. Options are written name=value.
func (j Job) Args() []string {
	args := []string{"-rate=" + strconv.Itoa(j.FrameRate)}
	if j.Width > 0 {
		args = append(args, fmt.Sprintf("-video=libx264 %dx%d", j.Width, j.Height))
		for _, o := range j.Video {
			args = append(args, "-v="+o)
		}
	}
	if j.Samples > 0 {
		args = append(args, fmt.Sprintf("-audio=aac %d/%d/%d", j.Samples, j.AACFrame, j.SampleRate))
		for _, o := range j.Audio {
			args = append(args, "-a="+o)
		}
	}
	return args
}

// ParseJob reads the program's arguments.
func ParseJob(args []string) (j Job, err error) {
	flags := flag.NewFlagSet(Program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&j.FrameRate, "rate", 0, "")
	options := func(list *[]string) func(string) error {
		return func(s string) error {
			if name, _, ok := strings.Cut(s, "="); !ok || name == "" {
				return fmt.Errorf("option %q is not name=value", s)
			}
			*list = append(*list, s)
			return nil
		}
	}
	flags.Func("v", "", options(&j.Video))
	flags.Func("a", "", options(&j.Audio))
	flags.Func("video", "", func(s string) error {
		_, err := fmt.Sscanf(s, "libx264 %dx%d", &j.Width, &j.Height)
		return err
	})
	flags.Func("audio", "", func(s string) error {
		_, err := fmt.Sscanf(s, "aac %d/%d/%d", &j.Samples, &j.AACFrame, &j.SampleRate)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return Job{}, err
	}
	return j, j.validate()
}

func (j Job) validate() error {
	const most = 1 << 14
	picture := j.Width == 0 && j.Height == 0 || min(j.Width, j.Height) >= 2 && max(j.Width, j.Height) <= most && (j.Width|j.Height)&1 == 0
	sound := j.Samples == 0 || min(j.Samples, j.AACFrame, j.SampleRate) > 0 && max(j.Samples, j.AACFrame, j.SampleRate) <= 1<<20
	if !picture || !sound || j.Width == 0 && j.Samples == 0 || j.FrameRate < 1 {
		return errors.New("wants pictures of even size, or sound, and a rate; this program is started by archived")
	}
	return nil
}

// Memory describes how a frame of the output lies in memory: the picture, then the sound that is heard with it.
type Memory struct {
	Picture decoding.Raster
	Samples int
}

// alignment is the alignment of slots in bytes: the length of a cache line.
const alignment = 64

func aligned(n int) int { return (n + alignment - 1) / alignment * alignment }

// Size returns the size of a frame in bytes.
func (l Memory) Size() int { return aligned(l.Picture.Size()) + aligned(4*l.Samples) }

// Slot returns the n-th frame in the shared memory.
func (l Memory) Slot(memory []byte, n int) (picture []byte, sound []float32) {
	size, at := l.Size(), aligned(l.Picture.Size())
	slot := memory[n*size : (n+1)*size : (n+1)*size]
	if l.Samples > 0 {
		sound = unsafe.Slice((*float32)(unsafe.Pointer(&slot[at])), l.Samples)
	}
	return slot[:l.Picture.Size():l.Picture.Size()], sound
}

// Kind says what a message holds.
type Kind byte

const (
	// Ready is the first message: the encoders are open.
	Ready Kind = iota + 1
	// Back gives a slot back; the data is its number.
	Back
	// Video holds an access unit.
	Video
	// Audio holds an AAC frame.
	Audio
)

const (
	headSize    = 5
	largestData = 16 << 20
)

// Message is a message from the program.
type Message struct {
	Kind Kind
	Data []byte
}

// Write writes the encoded message.
func (m Message) Write(w io.Writer) error {
	var head [headSize]byte
	head[0] = byte(m.Kind)
	binary.LittleEndian.PutUint32(head[1:], uint32(len(m.Data)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(m.Data)
	return err
}

// ReadMessage reads a message into the memory that buffer returns for a kind and a number of bytes. It returns io.EOF at
// the end.
func ReadMessage(r *bufio.Reader, buffer func(Kind, int) []byte) (Message, error) {
	head, err := r.Peek(headSize)
	if err != nil {
		if len(head) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Message{}, err
	}
	kind, size := Kind(head[0]), binary.LittleEndian.Uint32(head[1:])
	if kind < Ready || kind > Audio || size > largestData {
		return Message{}, fmt.Errorf("not a message: % x", head)
	}
	m := Message{Kind: kind, Data: buffer(kind, int(size))}
	if _, err := r.Discard(headSize); err != nil {
		return Message{}, err
	}
	if _, err := io.ReadFull(r, m.Data); err != nil {
		return Message{}, fmt.Errorf("message cut short: %w", io.ErrUnexpectedEOF)
	}
	return m, nil
}
