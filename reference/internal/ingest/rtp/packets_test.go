package rtp

import (
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
)

func FuzzPackets(f *testing.F) {
	for i, codec := range []av.Codec{av.VP8, av.VP9, av.H264, av.Opus} {
		var seed []byte
		for _, a := range packets(codec, 3, 65535, 0)[:3] {
			seed = append(seed, byte(a.Seq), byte(a.Stamp>>8), 3, byte(len(a.Payload)))
			seed = append(seed, a.Payload[:min(len(a.Payload), 255)]...)
		}
		f.Add(byte(i), seed)
	}
	f.Add(byte(2), []byte{0, 0, 1, 3, 28, 0x85, 1, 1, 0, 1, 2, 28, 0x45, 2, 0, 1, 3, 24, 0, 9})
	f.Fuzz(func(t *testing.T, kind byte, stream []byte) {
		codec := []av.Codec{av.VP8, av.VP9, av.H264, av.Opus}[kind%4]
		l := newLine(codec).publish()
		source := l.sources[index(codec)]
		seq := uint16(65500)
		for len(stream) >= 4 {
			size := min(int(stream[3]), len(stream)-4)
			seq += uint16(int8(stream[0]))
			if stream[2]&8 != 0 {
				seq += uint16(stream[0]) << 8
			}
			format := uint8(videoFormat)
			if !codec.Video() {
				format = audioFormat
			}
			if stream[2]&4 != 0 {
				format = stream[1]
			}
			l.Receive(source, frames.Packet{
				Seq: seq, Stamp: uint32(stream[1]) << (stream[2] >> 4), Marker: stream[2]&1 != 0, Format: format,
				Payload: stream[4 : 4+size], At: l.now,
			})
			if stream[2]&2 != 0 {
				l.pass(tick)
			}
			stream = stream[4+size:]
		}
		l.Flush(l.now)
		l.sink.Samples(t, codec.Video())
	})
}

// BenchmarkPackets measures the way of a packet from its arrival to the sink. Allocations are per packet.
func BenchmarkPackets(b *testing.B) {
	for _, codec := range []av.Codec{av.VP8, av.H264, av.Opus} {
		b.Run(string(codec), func(b *testing.B) {
			l := newLine(codec)
			l.Begin(discard{}, l.now)
			source := l.sources[index(codec)]
			sent := packets(codec, 1000, 0, 0)
			b.ReportAllocs()
			for i := range b.N {
				a := sent[i%len(sent)]
				a.Seq, a.Stamp = uint16(i), a.Stamp+uint32(i/len(sent))*1_800_000
				l.now = l.now.Add(time.Millisecond)
				a.At = l.now
				l.Receive(source, a)
			}
		})
	}
}

type discard struct{}

func (discard) Append(av.Sample) error               { return nil }
func (discard) Report(bool, int64, av.Instant) error { return nil }
func (discard) Advance(bool, av.Instant) error       { return nil }
