package rtp

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
	"reelcheck/reference/internal/ingest/rtp/rtptest"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// count counts by reason the packets that the receiver does not record.
func (l *line) count() map[unrecorded.Reason]int {
	counts := map[unrecorded.Reason]int{}
	l.Unrecorded = func(reason unrecorded.Reason, n int) { counts[reason] += n }
	return counts
}

// TestEveryPacketIsAccountedFor checks that every packet is recorded or counted, once, however late it comes and whatever is missing before it.
func TestEveryPacketIsAccountedFor(t *testing.T) {
	for _, codec := range []av.Codec{av.VP8, av.VP9, av.H264, av.Opus} {
		t.Run(string(codec), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { accounted(t, codec) })
		})
	}
}

func accounted(t *rapid.T, codec av.Codec) {
	l := newLine(codec).publish()
	counts := l.count()
	sent := packets(codec, 40, rapid.Uint16().Draw(t, "first sequence number"), 0)
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	type due struct {
		at int
		frames.Packet
	}
	var way []due
	arrived, of := 0, map[uint32]int{} // of: packets by timestamp
	for i, a := range sent {
		if random.IntN(20) == 0 {
			continue
		}
		if a.Stamp%7 == 6 { // for all packets of a frame
			a.Format = 77
		}
		if arrived++; a.Format != 77 {
			of[a.Stamp]++
		}
		late := random.IntN(20) / 19 * 600
		for range 1 + random.IntN(8)/7 {
			way = append(way, due{i + late + random.IntN(30), a})
		}
	}
	slices.SortStableFunc(way, func(a, b due) int { return a.at - b.at })
	start := l.now
	for _, d := range way {
		l.pass(start.Add(time.Duration(d.at) * 2 * time.Millisecond).Sub(l.now))
		d.Packet.At = l.now
		l.Receive(l.sources[index(codec)], d.Packet)
	}
	l.pass(3 * time.Second)
	l.Flush(l.now)
	total := 0
	for _, s := range l.sink.Samples(t, codec.Video()) {
		total += of[uint32(s.Stamp)]
	}
	for _, n := range counts {
		total += n
	}
	if total != arrived {
		t.Fatalf("%d packets came, %d are accounted for: %v", arrived, total, counts)
	}
}

// broken is a sink that fails to store anything.
type broken struct{ discard }

func (broken) Append(av.Sample) error { return errors.New("full") }

// TestReasons checks the reason under which packets are counted.
func TestReasons(t *testing.T) {
	for name, c := range map[string]struct {
		codec av.Codec
		do    func(l *line) // runs before anything is published
		want  map[unrecorded.Reason]int
	}{
		"recorded": {av.VP8, func(l *line) { send(l, av.VP8, packets(av.VP8, 10, 0, 0)) }, map[unrecorded.Reason]int{}},
		"padding":  {av.VP8, func(l *line) { send(l, av.VP8, []frames.Packet{{Format: 77}}) }, map[unrecorded.Reason]int{}},
		"format": {av.VP8, func(l *line) {
			send(l, av.VP8, []frames.Packet{{Format: 77, Payload: []byte{1}}, {Seq: 1, Format: 77, Payload: []byte{1}}})
		}, map[unrecorded.Reason]int{unrecorded.Unnegotiated: 2}},
		"no key frame": {av.Opus, func(l *line) {
			all := packets(av.VP8, 10, 0, 0)
			for all[0].Stamp == 0 {
				all = all[1:]
			}
			send(l, av.VP8, all[:2])
		}, map[unrecorded.Reason]int{unrecorded.KeyFrames: 2}},
		"malformed": {av.VP8, func(l *line) {
			send(l, av.VP8, []frames.Packet{{Format: videoFormat, Payload: []byte{0x90}}})
		}, map[unrecorded.Reason]int{unrecorded.Malformed: 1}},
		"another stream": {av.Opus, func(l *line) {
			l.Attach(false, 9, nil)
			send(l, av.Opus, packets(av.Opus, 3, 0, 0))
		}, map[unrecorded.Reason]int{unrecorded.Superseded: 3}},
		"no parameter sets": {av.H264, func(l *line) {
			send(l, av.H264, []frames.Packet{{Format: videoFormat, Marker: true, Payload: []byte{0x65, 0x88, 1}}})
		}, map[unrecorded.Reason]int{unrecorded.Parameters: 1}},
		"storage": {av.Opus, func(l *line) {
			l.Begin(broken{}, l.now)
			send(l, av.Opus, packets(av.Opus, 3, 0, 0))
		}, map[unrecorded.Reason]int{unrecorded.Storage: 3}},
		"refused": {av.Opus, func(l *line) {
			send(l, av.Opus, packets(av.Opus, 3, 0, 0))
			l.Flush(l.now)
		}, map[unrecorded.Reason]int{unrecorded.Refused: 3}},
		"overflow": {av.VP8, func(l *line) {
			for n := range 8 {
				payload := append([]byte{0x10}, rtptest.Frame(mimes[av.VP8], n, true, maxPending/8)...)
				send(l, av.VP8, []frames.Packet{{Seq: uint16(n), Stamp: uint32(n), Marker: true, Format: videoFormat, Payload: payload}})
			}
		}, map[unrecorded.Reason]int{unrecorded.Overflow: 8}},
		"a frame too large": {av.VP8, func(l *line) {
			send(l, av.VP8, []frames.Packet{{Format: videoFormat, Payload: append([]byte{0x10}, make([]byte, frames.MaxSize+1)...)}})
		}, map[unrecorded.Reason]int{unrecorded.Overflow: 1}},
		"codecs": {av.VP8, func(l *line) {
			l.sources[1] = l.Attach(true, 3, map[uint8]Format{videoFormat: {av.VP8, true}, videoFormat + 1: {av.VP9, true}})
			for n := range maxChanges + 2 {
				send(l, av.VP8, []frames.Packet{{Seq: uint16(n), Stamp: uint32(n), Format: videoFormat + uint8(n%2), Payload: []byte{0x98}}})
			}
		}, map[unrecorded.Reason]int{unrecorded.Malformed: maxChanges + 1, unrecorded.Codecs: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(c.codec)
			got := l.count()
			c.do(l)
			expectReasons(t, got, c.want)
		})
	}
}

// expectReasons compares the counts, and checks that each reason has a description.
func expectReasons(t *testing.T, got, want map[unrecorded.Reason]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for reason := range got {
		if unrecorded.Reasons[reason] == "" {
			t.Errorf("%s has no description", reason)
		}
	}
}

// send sends packets at once, and lets time pass until none is waited for any more.
func send(l *line, codec av.Codec, sent []frames.Packet) {
	for _, a := range sent {
		a.At = l.now
		l.Receive(l.sources[index(codec)], a)
	}
	l.pass(3 * time.Second)
}

// TestLatePackets checks that a packet that comes after it was given up counts as late, once, and that a duplicate does not.
func TestLatePackets(t *testing.T) {
	l := newLine(av.VP8).publish()
	counts := l.count()
	sent := packets(av.Opus, 10, 100, 0)
	receive := func(i int) {
		sent[i].At = l.now
		l.Receive(l.sources[0], sent[i])
	}
	for _, i := range []int{3, 4, 6, 7, 7} {
		receive(i)
	}
	l.pass(2 * time.Second)
	for _, i := range []int{1, 5, 5, 4} {
		receive(i)
	}
	if n := counts[unrecorded.Late]; n != 2 || len(counts) != 1 {
		t.Errorf("%v", counts)
	}
}
