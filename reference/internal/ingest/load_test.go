package ingest

import (
	"runtime"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/av"
)

// A server that was closed leaves no goroutine behind, whatever its publications were doing.
func TestCloseWaits(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRoom()
	s, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 10)
	eventually(t, "stream", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.streams) == 1 })
	if _, err := s.Offer(t.Context(), Publisher{StreamID: "other"}, browserOffer); err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
	if got := r.endings(); len(got) != 1 || got[0] != NetworkDisconnected {
		t.Fatalf("endings: %q", got)
	}
	if _, err := s.Offer(t.Context(), Publisher{StreamID: "late"}, browserOffer); !refusedWith(err, 503) {
		t.Fatalf("offer after close: %v", err)
	}
	must(t, c.pc.GracefulClose())
	web.Close()
	eventually(t, "goroutines gone", func() bool {
		web.Client().CloseIdleConnections()
		return runtime.NumGoroutine() <= before+2
	})
}

// BenchmarkPublications prints what one open, silent publication costs in memory and goroutines.
func BenchmarkPublications(b *testing.B) {
	r := newRoom()
	s, err := New(Config{Listen: "127.0.0.1:0", Now: r.now}, r)
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	for i := range b.N {
		if _, err := s.Offer(b.Context(), Publisher{StreamID: time.Duration(i).String()}, browserOffer); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/float64(b.N), "held-B/op")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/float64(b.N), "goroutines/op")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func FuzzPackets(f *testing.F) {
	for i, codec := range []av.Codec{av.VP8, av.VP9, av.H264, av.Opus} {
		var seed []byte
		for _, a := range packets(codec, 3, 65535, 0)[:3] {
			seed = append(seed, byte(a.seq), byte(a.stamp>>8), 3, byte(len(a.payload)))
			seed = append(seed, a.payload[:min(len(a.payload), 255)]...)
		}
		f.Add(byte(i), seed)
	}
	f.Add(byte(2), []byte{0, 0, 1, 3, 28, 0x85, 1, 1, 0, 1, 2, 28, 0x45, 2, 0, 1, 3, 24, 0, 9})
	f.Fuzz(func(t *testing.T, kind byte, stream []byte) {
		codec := []av.Codec{av.VP8, av.VP9, av.H264, av.Opus}[kind%4]
		l := newLine(codec).publish()
		track := l.tracks[index(codec)]
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
			l.receive(track, 1, arrival{
				seq: seq, stamp: uint32(stream[1]) << (stream[2] >> 4), marker: stream[2]&1 != 0, format: format,
				payload: stream[4 : 4+size], at: l.now,
			})
			if stream[2]&2 != 0 {
				l.pass(tick)
			}
			stream = stream[4+size:]
		}
		l.flush(l.now)
		if len(l.room.broken) > 0 {
			t.Fatal(l.room.broken)
		}
	})
}

// The path of a packet from its arrival to the sink; allocations are per packet.
func BenchmarkPackets(b *testing.B) {
	for _, codec := range []av.Codec{av.VP8, av.H264, av.Opus} {
		b.Run(string(codec), func(b *testing.B) {
			l := newLine(codec)
			l.begin(discard{}, l.now)
			track := l.tracks[index(codec)]
			sent := packets(codec, 1000, 0, 0)
			b.ReportAllocs()
			for i := range b.N {
				a := sent[i%len(sent)]
				a.seq, a.stamp = uint16(i), a.stamp+uint32(i/len(sent))*1_800_000
				l.now = l.now.Add(time.Millisecond)
				a.at = l.now
				l.receive(track, 1, a)
			}
		})
	}
}

type discard struct{}

func (discard) Append(av.Sample) error         { return nil }
func (discard) Advance(bool, av.Instant) error { return nil }
