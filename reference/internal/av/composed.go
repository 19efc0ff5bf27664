package av

import (
	"encoding/binary"
	"math"
)

// What the service composes.
const (
	// FrameRate is in frames/s (ARC-COMP-08).
	FrameRate = 25
	// SampleRate is in samples/s (ARC-COMP-04).
	SampleRate = 48000
	// BlockSamples is how many samples are heard during one picture.
	BlockSamples = SampleRate / FrameRate
	// AACFrame is how many samples a frame of AAC-LC has, and how many FFmpeg's encoder puts in front of the sound.
	AACFrame = 1024
)

// AppendFloats appends samples as raw little-endian numbers, FFmpeg's f32le.
func AppendFloats(b []byte, samples []float32) []byte {
	for _, x := range samples {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// Floats is the inverse of [AppendFloats]. Bytes that are not a whole sample are left out.
func Floats(raw []byte) []float32 {
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}
