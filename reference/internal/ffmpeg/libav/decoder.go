//go:build linux && (amd64 || arm64)

package libav

import (
	"fmt"
	"runtime"
	"strconv"
	"unsafe"
)

// Decoder decodes one video stream.
type Decoder struct {
	*Library
	context, packet, frame unsafe.Pointer
}

// NewDecoder opens the named FFmpeg decoder for a stream. It treats pictures of more than maxPixels as damage.
func (l *Library) NewDecoder(name string, maxPixels int) (*Decoder, error) {
	codec := l.findDecoder(name)
	if codec == nil {
		return nil, fmt.Errorf("libavcodec has no decoder %q", name)
	}
	d := &Decoder{Library: l, context: l.newContext(codec), packet: l.newPacket(), frame: l.newFrame()}
	if d.context == nil || d.packet == nil || d.frame == nil {
		d.Close()
		return nil, errNoMemory
	}
	var options unsafe.Pointer
	defer l.freeEntries(unsafe.Pointer(&options))
	// With more than one thread, or without low delay, pictures come late.
	for key, value := range map[string]string{"threads": "1", "flags": "+low_delay", "max_pixels": strconv.Itoa(maxPixels)} {
		if code := l.setEntry(unsafe.Pointer(&options), key, value, 0); code < 0 {
			d.Close()
			return nil, errNoMemory
		}
	}
	if code := l.open(d.context, codec, unsafe.Pointer(&options)); code < 0 {
		d.Close()
		return nil, fmt.Errorf("opening decoder %q: libav error %d", name, code)
	}
	return d, nil
}

// Close frees the decoder.
func (d *Decoder) Close() {
	d.freeContext(unsafe.Pointer(&d.context))
	d.freePacket(unsafe.Pointer(&d.packet))
	d.freeFrame(unsafe.Pointer(&d.frame))
}

// Decode decodes a coded frame and calls each with the pictures that come out. Damage is not an error: libav prints on
// stderr what it could not decode.
func (d *Decoder) Decode(time int64, data []byte, each func(Picture) error) error {
	if len(data) == 0 { // libav would take it for the end
		return nil
	}
	*field[int64](d.packet, packetTime) = time
	*field[unsafe.Pointer](d.packet, packetData) = unsafe.Pointer(unsafe.SliceData(data))
	*field[int32](d.packet, packetSize) = int32(len(data))
	code := d.sendPacket(d.context, d.packet)
	runtime.KeepAlive(data)
	if code < 0 {
		return nil // damage
	}
	return d.receive(each)
}

// Drain calls each with the pictures that are left when no frame follows.
func (d *Decoder) Drain(each func(Picture) error) error {
	_ = d.sendPacket(d.context, nil) // fails only when none are left
	return d.receive(each)
}

func (d *Decoder) receive(each func(Picture) error) error {
	for d.receiveFrame(d.context, d.frame) >= 0 {
		if err := each(Picture{d}); err != nil {
			return err
		}
	}
	return nil
}

// Picture is a decoded picture. It is valid until the decoder is called again.
type Picture struct{ *Decoder }

// Time returns the time of the frame that the picture was made of.
func (p Picture) Time() int64 { return *field[int64](p.frame, frameTime) }

// form holds what decides how a picture is scaled.
type form struct {
	width, height, format int32
	full                  bool // its levels take the full range
}

// fullRange is AVCOL_RANGE_JPEG.
const fullRange = 2

func (p Picture) form() form {
	var colours int64
	_ = p.option(p.context, "color_range", 0, unsafe.Pointer(&colours)) // on failure colours stays 0: not known
	return form{*field[int32](p.frame, frameWidth), *field[int32](p.frame, frameHeight), *field[int32](p.frame, frameFormat), colours == fullRange}
}
