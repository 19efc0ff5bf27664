//go:build linux && (amd64 || arm64)

package libav

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Scaler scales pictures to one size, planar 4:2:0, limited range, like FFmpeg's filter scale with
// flags=bilinear:out_range=limited (ARC-COMP-35).
type Scaler struct {
	library       *Library
	width, height int
	strides       [4]int32
	target        int32
	scaler        unsafe.Pointer
	from          form
}

// NewScaler returns a scaler for an even width and height. strides are the bytes from line to line of Y, U and V.
func (l *Library) NewScaler(width, height int, strides [3]int) *Scaler {
	s := &Scaler{library: l, width: width, height: height, target: l.pixelFormatOf("yuv420p")}
	for i, n := range strides {
		s.strides[i] = int32(n)
	}
	return s
}

// Close frees the scaler.
func (s *Scaler) Close() {
	if s.scaler != nil {
		s.library.freeScaler(s.scaler)
		s.scaler = nil
	}
}

// Scale writes the picture to the planes.
func (s *Scaler) Scale(p Picture, planes [3][]byte) error {
	from := p.form()
	if from.format == s.target && !from.full && int(from.width) == s.width && int(from.height) == s.height {
		s.copy(p, planes)
		return nil
	}
	if s.scaler == nil || from != s.from {
		if err := s.prepare(from); err != nil {
			return err
		}
	}
	var to [4]unsafe.Pointer
	for i, plane := range planes {
		to[i] = unsafe.Pointer(unsafe.SliceData(plane))
	}
	code := s.library.scale(s.scaler, unsafe.Add(p.frame, frameData), unsafe.Add(p.frame, frameStrides), 0, from.height,
		unsafe.Pointer(&to), unsafe.Pointer(&s.strides))
	runtime.KeepAlive(planes)
	if code < 0 {
		return fmt.Errorf("scaling: libav error %d", code)
	}
	return nil
}

// copy copies a picture that has the right size already.
func (s *Scaler) copy(p Picture, planes [3][]byte) {
	for i, to := range planes {
		from, stride := *field[unsafe.Pointer](p.frame, frameData+8*i), int(*field[int32](p.frame, frameStrides+4*i))
		width, height := s.width, s.height
		if i > 0 {
			width, height = width/2, height/2
		}
		for y := range height {
			copy(to[y*int(s.strides[i]):], unsafe.Slice((*byte)(unsafe.Add(from, y*stride)), width))
		}
	}
}

// bilinear is SWS_BILINEAR.
const bilinear = 2

func (s *Scaler) prepare(from form) error {
	s.Close()
	l := s.library
	if s.scaler = l.newScaler(); s.scaler == nil {
		return errNoMemory
	}
	var full int64
	if from.full {
		full = 1
	}
	for name, value := range map[string]int64{
		"srcw": int64(from.width), "srch": int64(from.height), "src_format": int64(from.format), "src_range": full,
		"dstw": int64(s.width), "dsth": int64(s.height), "dst_format": int64(s.target), "dst_range": 0, "sws_flags": bilinear,
	} {
		if code := l.setOption(s.scaler, name, value, 0); code < 0 {
			return fmt.Errorf("scaler option %s=%d: libav error %d", name, value, code)
		}
	}
	if code := l.initScaler(s.scaler, nil, nil); code < 0 {
		return fmt.Errorf("scaling %dx%d of format %d to %dx%d: libav error %d", from.width, from.height, from.format, s.width, s.height, code)
	}
	s.from = from
	return nil
}
