//go:build linux && (amd64 || arm64)

// Package libav decodes, scales and encodes with FFmpeg's libraries, which it loads at run time, without their headers or a C compiler. It
// relies on the few fields of AVFrame and AVPacket that have had the same place in all the releases it knows, and looks at start whether they
// are where it thinks. Damaged video makes such libraries crash at times: only programs that may end use this package.
package libav

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// release is which major versions of libavcodec, libavutil and libswscale belong to a release of FFmpeg.
type release struct {
	ffmpeg             int
	codec, util, scale int
	fields             contextFields
}

// contextFields is where an AVCodecContext has what no option sets. A major version never moves them.
type contextFields struct{ timeBase, width, height, format int }

var (
	since8   = contextFields{timeBase: 84, width: 112, height: 116, format: 136}
	since7   = contextFields{timeBase: 84, width: 116, height: 120, format: 140}
	since5   = contextFields{timeBase: 100, width: 116, height: 120, format: 136}
	releases = []release{{9, 63, 61, 10, since8}, {8, 62, 60, 9, since8}, {7, 61, 59, 8, since7}, {6, 60, 58, 7, since5}, {5, 59, 57, 6, since5}}
)

// Library is FFmpeg's libraries, loaded.
type Library struct {
	findDecoder   func(name string) unsafe.Pointer
	newContext    func(codec unsafe.Pointer) unsafe.Pointer
	open          func(context, codec, options unsafe.Pointer) int32
	freeContext   func(context unsafe.Pointer)
	sendPacket    func(context, packet unsafe.Pointer) int32
	receiveFrame  func(context, frame unsafe.Pointer) int32
	newPacket     func() unsafe.Pointer
	freePacket    func(packet unsafe.Pointer)
	newFrame      func() unsafe.Pointer
	freeFrame     func(frame unsafe.Pointer)
	setEntry      func(dictionary unsafe.Pointer, key, value string, flags int32) int32
	freeEntries   func(dictionary unsafe.Pointer)
	setOption     func(object unsafe.Pointer, name string, value int64, flags int32) int32
	option        func(object unsafe.Pointer, name string, flags int32, value unsafe.Pointer) int32
	setLogLevel   func(level int32)
	newScaler     func() unsafe.Pointer
	initScaler    func(scaler, from, to unsafe.Pointer) int32
	scale         func(scaler, from, strides unsafe.Pointer, y, height int32, to, toStrides unsafe.Pointer) int32
	freeScaler    func(scaler unsafe.Pointer)
	pixelFormatOf func(name string) int32

	findEncoder    func(name string) unsafe.Pointer
	sendFrame      func(context, frame unsafe.Pointer) int32
	receivePacket  func(context, packet unsafe.Pointer) int32
	entries        func(dictionary unsafe.Pointer) int32
	newBuffer      func(data unsafe.Pointer, size uintptr, free, opaque unsafe.Pointer, flags int32) unsafe.Pointer
	fillFrame      func(frame unsafe.Pointer, align int32) int32
	sampleFormatOf func(name string) int32

	fields contextFields
}

// logErrors is AV_LOG_ERROR.
const logErrors = 16

// Load loads the newest release there is.
func Load() (*Library, error) {
	var tried error
	for _, r := range releases {
		l, err := r.load()
		if err == nil {
			err = l.check()
		}
		if err == nil {
			l.setLogLevel(logErrors)
			return l, nil
		}
		tried = errors.Join(tried, err)
	}
	return nil, tried
}

func (r release) load() (*Library, error) {
	l := &Library{fields: r.fields}
	for _, library := range []struct {
		name      string
		version   int
		functions map[string]any
	}{
		{"libavutil", r.util, map[string]any{
			"av_frame_alloc": &l.newFrame, "av_frame_free": &l.freeFrame, "av_dict_set": &l.setEntry, "av_dict_free": &l.freeEntries,
			"av_opt_set_int": &l.setOption, "av_opt_get_int": &l.option, "av_log_set_level": &l.setLogLevel, "av_get_pix_fmt": &l.pixelFormatOf,
			"av_dict_count": &l.entries, "av_buffer_create": &l.newBuffer, "av_frame_get_buffer": &l.fillFrame, "av_get_sample_fmt": &l.sampleFormatOf,
		}},
		{"libswscale", r.scale, map[string]any{
			"sws_alloc_context": &l.newScaler, "sws_init_context": &l.initScaler, "sws_scale": &l.scale, "sws_freeContext": &l.freeScaler,
		}},
		{"libavcodec", r.codec, map[string]any{
			"avcodec_find_decoder_by_name": &l.findDecoder, "avcodec_alloc_context3": &l.newContext, "avcodec_open2": &l.open,
			"avcodec_free_context": &l.freeContext, "avcodec_send_packet": &l.sendPacket, "avcodec_receive_frame": &l.receiveFrame,
			"av_packet_alloc": &l.newPacket, "av_packet_free": &l.freePacket,
			"avcodec_find_encoder_by_name": &l.findEncoder, "avcodec_send_frame": &l.sendFrame, "avcodec_receive_packet": &l.receivePacket,
		}},
	} {
		handle, err := purego.Dlopen(fmt.Sprintf("%s.so.%d", library.name, library.version), purego.RTLD_LAZY|purego.RTLD_LOCAL)
		if err != nil {
			return nil, err
		}
		for name, function := range library.functions {
			symbol, err := purego.Dlsym(handle, name)
			if err != nil {
				return nil, err
			}
			purego.RegisterFunc(function, symbol)
		}
	}
	return l, nil
}

// Where the fields are on 64-bit machines: frame.h and packet.h of FFmpeg 5.1, 6.1, 7.1, 8.1 and 9.0.
const (
	frameData    = 0
	frameStrides = 64
	framePlanes  = 96 // points to frameData where there are no more than eight
	frameWidth   = 104
	frameHeight  = 108
	frameSamples = 112
	frameFormat  = 116
	frameTime    = 136
	packetTime   = 8
	packetData   = 24
	packetSize   = 32
	packetPlace  = 72
)

// noTime is AV_NOPTS_VALUE.
const noTime = -1 << 63

func field[T any](object unsafe.Pointer, offset int) *T { return (*T)(unsafe.Add(object, offset)) }

// check looks whether new frames and packets say nothing where nothing is to be said.
func (l *Library) check() error {
	frame, packet := l.newFrame(), l.newPacket()
	defer l.freeFrame(unsafe.Pointer(&frame))
	defer l.freePacket(unsafe.Pointer(&packet))
	if frame == nil || packet == nil {
		return errNoMemory
	}
	if *field[unsafe.Pointer](frame, framePlanes) != frame || *field[int32](frame, frameFormat) != -1 || *field[int64](frame, frameTime) != noTime ||
		*field[int64](packet, packetTime) != noTime || *field[int64](packet, packetPlace) != -1 {
		return errors.New("frames or packets of these libraries have other fields than known")
	}
	return nil
}

var errNoMemory = errors.New("libav has no memory")
