//go:build linux && (amd64 || arm64)

package libav

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// Option is an option of FFmpeg's encoders with its value.
type Option struct{ Name, Value string }

// Encoder encodes one stream of pictures or of sound.
type Encoder struct {
	*Library
	context, packet unsafe.Pointer
}

// NewVideoEncoder opens the named FFmpeg encoder for planar 4:2:0 pictures. The time of a picture is its number.
func (l *Library) NewVideoEncoder(name string, width, height, rate int, options []Option) (*Encoder, error) {
	return l.newEncoder(name, options, func(context unsafe.Pointer) error {
		*field[[2]int32](context, l.fields.timeBase) = [2]int32{1, int32(rate)}
		*field[int32](context, l.fields.width) = int32(width)
		*field[int32](context, l.fields.height) = int32(height)
		*field[int32](context, l.fields.format) = l.pixelFormatOf("yuv420p")
		return nil
	})
}

// NewAudioEncoder opens the named FFmpeg encoder for mono float32 samples. The time of a frame is the number of its
// first sample.
func (l *Library) NewAudioEncoder(name string, rate int, options []Option) (*Encoder, error) {
	return l.newEncoder(name, append([]Option{{"ch_layout", "mono"}}, options...), func(context unsafe.Pointer) error {
		return l.setSampleFormat(context, rate)
	})
}

// setSampleFormat sets the sample rate and the format. No option sets the format, but it lies soon after the rate and
// has a default value.
func (l *Library) setSampleFormat(context unsafe.Pointer, rate int) error {
	const ints, none = 512 / 4, -1
	before := *field[[ints]int32](context, 0)
	if code := l.setOption(context, "ar", int64(rate), 0); code < 0 {
		return fmt.Errorf("sample rate %d: libav error %d", rate, code)
	}
	after := *field[[ints]int32](context, 0)
	for i := range ints - 2 {
		if before[i] == after[i] {
			continue
		}
		for _, next := range []int{i + 1, i + 2} { // old releases have the channels in between
			if after[next] == none {
				*field[int32](context, 4*next) = l.sampleFormatOf("fltp")
				return nil
			}
		}
		break
	}
	return errUnknownFields
}

var errUnknownFields = errors.New("the fields of these libraries are in unknown places")

func (l *Library) newEncoder(name string, options []Option, fill func(context unsafe.Pointer) error) (*Encoder, error) {
	codec := l.findEncoder(name)
	if codec == nil {
		return nil, fmt.Errorf("libavcodec has no encoder %q", name)
	}
	e := &Encoder{Library: l, context: l.newContext(codec), packet: l.newPacket()}
	var entries unsafe.Pointer
	defer l.freeEntries(unsafe.Pointer(&entries))
	for _, o := range options {
		if l.setEntry(unsafe.Pointer(&entries), o.Name, o.Value, 0) < 0 {
			return nil, errors.Join(errNoMemory, e.Close())
		}
	}
	if e.context == nil || e.packet == nil {
		return nil, errors.Join(errNoMemory, e.Close())
	}
	if err := fill(e.context); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if code := l.open(e.context, codec, unsafe.Pointer(&entries)); code < 0 {
		return nil, errors.Join(fmt.Errorf("opening encoder %q: libav error %d", name, code), e.Close())
	}
	if n := l.entries(entries); n > 0 {
		return nil, errors.Join(fmt.Errorf("encoder %q does not know %d of its options", name, n), e.Close())
	}
	return e, nil
}

// Close frees the encoder.
func (e *Encoder) Close() error {
	e.freeContext(unsafe.Pointer(&e.context))
	e.freePacket(unsafe.Pointer(&e.packet))
	return nil
}

// Encode encodes a frame and calls each with what comes out, of this frame or earlier ones. The bytes are valid during
// the call.
func (e *Encoder) Encode(f *Frame, time int64, each func([]byte) error) error {
	*field[int64](f.frame, frameTime) = time
	code := e.sendFrame(e.context, f.frame)
	runtime.KeepAlive(f.memory)
	if code < 0 {
		return fmt.Errorf("encoding: libav error %d", code)
	}
	return e.receive(each)
}

// Drain calls each with what is left when no frame follows.
func (e *Encoder) Drain(each func([]byte) error) error {
	if code := e.sendFrame(e.context, nil); code < 0 {
		return fmt.Errorf("ending an encoder: libav error %d", code)
	}
	return e.receive(each)
}

// Results of avcodec_receive_packet: nothing now, and nothing ever again.
const (
	again = -11
	ended = -('E' | 'O'<<8 | 'F'<<16 | ' '<<24)
)

func (e *Encoder) receive(each func([]byte) error) error {
	for {
		switch code := e.receivePacket(e.context, e.packet); {
		case code == again || code == ended:
			return nil
		case code < 0:
			return fmt.Errorf("encoding: libav error %d", code)
		}
		data, size := *field[*byte](e.packet, packetData), *field[int32](e.packet, packetSize)
		if err := each(unsafe.Slice(data, size)); err != nil {
			return err
		}
	}
}

// Frame is memory that libav reads a picture or sound from. It is never freed.
type Frame struct {
	frame  unsafe.Pointer
	memory []byte
}

// NewPicture returns a planar 4:2:0 picture of planes that lie one behind the other in memory.
func (l *Library) NewPicture(width, height int, strides [3]int, memory []byte) (*Frame, error) {
	f, err := l.share(memory)
	if err != nil {
		return nil, err
	}
	*field[int32](f.frame, frameWidth) = int32(width)
	*field[int32](f.frame, frameHeight) = int32(height)
	*field[int32](f.frame, frameFormat) = l.pixelFormatOf("yuv420p")
	at := unsafe.Pointer(unsafe.SliceData(memory))
	for i, stride := range strides {
		*field[unsafe.Pointer](f.frame, frameData+8*i) = at
		*field[int32](f.frame, frameStrides+4*i) = int32(stride)
		rows := height
		if i > 0 {
			rows /= 2
		}
		at = unsafe.Add(at, stride*rows)
	}
	return f, nil
}

// NewSound returns a frame of mono float32 samples.
func (l *Library) NewSound(samples []float32) (*Frame, error) {
	memory := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), 4*len(samples))
	f, err := l.share(memory)
	if err != nil {
		return nil, err
	}
	*field[int32](f.frame, frameFormat) = l.sampleFormatOf("fltp")
	*field[unsafe.Pointer](f.frame, frameData) = unsafe.Pointer(unsafe.SliceData(samples))
	*field[int32](f.frame, frameStrides) = int32(len(memory))
	f.SetSamples(len(samples))
	return f, nil
}

// SetSamples sets how many samples of the frame count.
func (f *Frame) SetSamples(n int) { *field[int32](f.frame, frameSamples) = int32(n) }

// share returns a frame whose memory libav does not copy. libav treats it as its own buffer that somebody else uses too.
func (l *Library) share(memory []byte) (*Frame, error) {
	place, err := l.bufferPlace()
	if err != nil {
		return nil, err
	}
	f := &Frame{frame: l.newFrame(), memory: memory}
	buffer := l.newBuffer(unsafe.Pointer(unsafe.SliceData(memory)), uintptr(len(memory)), nil, nil, 0)
	if f.frame == nil || buffer == nil {
		return nil, errNoMemory
	}
	*field[unsafe.Pointer](f.frame, place) = buffer
	return f, nil
}

// bufferPlace returns the offset of the first buffer in an AVFrame. It is the one pointer after the known fields that is
// set when a picture gets its memory.
func (l *Library) bufferPlace() (int, error) {
	const size = 16
	frame := l.newFrame()
	if frame == nil {
		return 0, errNoMemory
	}
	defer l.freeFrame(unsafe.Pointer(&frame))
	*field[int32](frame, frameWidth) = size
	*field[int32](frame, frameHeight) = size
	*field[int32](frame, frameFormat) = l.pixelFormatOf("gray")
	const from, to = (frameTime + 8) / 8, 256 / 8
	before := *field[[to]uintptr](frame, 0)
	if l.fillFrame(frame, 0) < 0 {
		return 0, errNoMemory
	}
	after := *field[[to]uintptr](frame, 0)
	place := 0
	for i := from; i < to; i++ {
		if before[i] == after[i] {
			continue
		}
		if place != 0 || before[i] != 0 {
			return 0, errUnknownFields
		}
		place = 8 * i
	}
	if place == 0 {
		return 0, errUnknownFields
	}
	return place, nil
}
