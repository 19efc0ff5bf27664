package av

import (
	"encoding/binary"
	"math"
)

// Constants of composed archives.
const (
	// FrameRate is the frame rate in frames/s (ARC-COMP-08).
	FrameRate = 25
	// SampleRate is the sample rate in samples/s (ARC-COMP-04).
	SampleRate = 48000
	// BlockSamples is the number of samples during one picture.
	BlockSamples = SampleRate / FrameRate
	// AACFrame is the number of samples in a frame of AAC-LC. FFmpeg's encoder puts as many before the sound.
	AACFrame = 1024
)

// AppendFloats appends samples as raw little-endian numbers, FFmpeg's f32le.
func AppendFloats(b []byte, samples []float32) []byte {
	for _, x := range samples {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// Floats is the inverse of [AppendFloats]. It ignores an incomplete sample at the end.
func Floats(raw []byte) []float32 {
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}
