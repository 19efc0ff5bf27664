package rtp

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
	"reelcheck/reference/internal/ingest/rtp/rtptest"
)

// line is a receiver with a video and an audio track and a manual clock.
type line struct {
	Receiver
	sources [2]*Source
	sink    *rtptest.Sink
	now     av.Instant
}

const videoFormat, audioFormat = 96, 111

const tick = 50 * time.Millisecond // the period of Advance

var mimes = map[av.Codec]string{
	av.VP8: webrtc.MimeTypeVP8, av.VP9: webrtc.MimeTypeVP9, av.H264: webrtc.MimeTypeH264, av.Opus: webrtc.MimeTypeOpus,
}

func newLine(video av.Codec) *line {
	l := &line{now: av.Instant(time.Hour)}
	l.Log = slog.New(slog.DiscardHandler)
	l.sink = rtptest.NewSink(func() av.Instant { return l.now })
	l.Expect(true, true)
	l.sources[0] = l.Attach(false, 1, map[uint8]Format{audioFormat: {av.Opus, true}})
	l.sources[1] = l.Attach(true, 2, map[uint8]Format{videoFormat: {video, true}})
	return l
}

func (l *line) publish() *line { l.Begin(l.sink, l.now); return l }

func (l *line) pass(d time.Duration) []rtcp.Packet {
	var out []rtcp.Packet
	for end := l.now.Add(d); l.now < end; {
		l.now = min(end, l.now.Add(tick))
		out = append(out, l.Advance(l.now)...)
	}
	return out
}

// packets splits frames into packets as pion's packetizers do.
func packets(codec av.Codec, pictures int, first uint16, stamp uint32) []frames.Packet {
	var out []frames.Packet
	pay := map[av.Codec]interface{ Payload(uint16, []byte) [][]byte }{
		av.VP8: &codecs.VP8Payloader{EnablePictureID: true}, av.VP9: &codecs.VP9Payloader{FlexibleMode: true},
		av.H264: &codecs.H264Payloader{}, av.Opus: &codecs.OpusPayloader{},
	}[codec]
	for n := range pictures {
		data := binary.BigEndian.AppendUint32([]byte{31 << 3}, uint32(n))
		format, step := uint8(audioFormat), uint32(960)
		if codec.Video() {
			data = rtptest.Frame(mimes[codec], n, n%10 == 0, 300+n%3*400)
			format, step = videoFormat, 1800
		}
		payloads := pay.Payload(300, data)
		for i, payload := range payloads {
			out = append(out, frames.Packet{
				Seq: first + uint16(len(out)), Stamp: stamp + uint32(n)*step, Marker: i == len(payloads)-1,
				Format: format, Payload: payload,
			})
		}
	}
	return out
}

// TestAnyOrder checks that frames come out whole, in order and once, for any order within the window and any duplicates. If packets are lost,
// only their frames are missing, and the next frame has Gap set.
func TestAnyOrder(t *testing.T) {
	for _, codec := range []av.Codec{av.VP8, av.VP9, av.H264, av.Opus} {
		t.Run(string(codec), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { anyOrder(t, codec) })
		})
	}
}

func anyOrder(t *rapid.T, codec av.Codec) {
	const pictures = 40
	l := newLine(codec).publish()
	seq := rapid.Uint16().Draw(t, "first sequence number")
	stamp := rapid.Uint32().Draw(t, "first timestamp")
	sent := packets(codec, pictures, seq, stamp)
	lost := rapid.SliceOfNDistinct(rapid.IntRange(0, len(sent)-1), 0, 6, rapid.ID[int]).Draw(t, "lost")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
	type due struct {
		at int
		frames.Packet
	}
	var way []due
	for i, a := range sent {
		if slices.Contains(lost, i) {
			continue
		}
		for range 1 + random.IntN(8)/7 {
			way = append(way, due{i + random.IntN(30), a})
		}
	}
	slices.SortStableFunc(way, func(a, b due) int { return a.at - b.at })
	for _, d := range way {
		l.now = l.now.Add(2 * time.Millisecond)
		d.Packet.At = l.now
		l.Receive(l.sources[index(codec)], d.Packet)
	}
	l.pass(3 * time.Second)
	whole := wholeFrames(sent, lost, codec)
	got := l.sink.Samples(t, codec.Video())
	for i, s := range got {
		n := frameNumber(s)
		if i >= len(whole) || n != whole[i] {
			t.Fatalf("frame %d is number %d; whole: %v", i, n, whole)
		}
		if i > 0 && s.Gap != (n != whole[i-1]+1) {
			t.Fatalf("frame number %d after %d: gap %v", n, whole[i-1], s.Gap)
		}
	}
	if len(got) != len(whole) {
		t.Fatalf("%d of %d whole frames came", len(got), len(whole))
	}
}

func index(codec av.Codec) int {
	if codec.Video() {
		return 1
	}
	return 0
}

// wholeFrames returns the frames that lost no packet, from the first key frame on.
func wholeFrames(sent []frames.Packet, lost []int, codec av.Codec) []int {
	broken := map[uint32]bool{}
	var stamps []uint32
	for i, a := range sent {
		if !slices.Contains(stamps, a.Stamp) {
			stamps = append(stamps, a.Stamp)
		}
		if slices.Contains(lost, i) {
			broken[a.Stamp] = true
		}
	}
	var whole []int
	for n, stamp := range stamps {
		key := !codec.Video() || n%10 == 0
		if !broken[stamp] && (key || len(whole) > 0) {
			whole = append(whole, n)
		}
	}
	return whole
}

func frameNumber(s av.Sample) int {
	if s.Codec == av.Opus {
		return int(binary.BigEndian.Uint32(s.Data[1:]))
	}
	return rtptest.Number(s)
}

// TestWrapTrace plays a recorded trace over the wrap of sequence number and timestamp, with reordering, a duplicate, a late repair and a loss.
func TestWrapTrace(t *testing.T) {
	l := newLine(av.Opus).publish()
	sent := packets(av.Opus, 12, 65530, 1<<32-4800)
	start := l.now
	for _, step := range []struct{ at, packet int }{
		{0, 0}, {20, 1}, {60, 3}, {65, 2}, {80, 4}, {80, 4}, {120, 6}, {140, 7}, {180, 9}, {200, 10}, {220, 11}, {400, 5},
	} {
		l.pass(start.Add(time.Duration(step.at) * time.Millisecond).Sub(l.now))
		a := sent[step.packet]
		a.At = l.now
		l.Receive(l.sources[0], a)
	}
	l.pass(2 * time.Second)
	var got []string
	samples := l.sink.Samples(t, false)
	for i, s := range samples {
		mark := ""
		if s.Gap {
			mark = "!"
		}
		got = append(got, fmt.Sprint(frameNumber(s), mark))
		if want := samples[0].Time.Add(time.Duration(frameNumber(s)) * 20 * time.Millisecond); (s.Time.Sub(want)).Abs() > 5*time.Millisecond {
			t.Errorf("packet %d at %v, want %v", i, s.Time.Sub(samples[0].Time), want.Sub(samples[0].Time))
		}
	}
	if want := "[0 1 2 3 4 5 6 7 9! 10 11]"; fmt.Sprint(got) != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// TestSequenceReset checks that a new sequence on the same SSRC is followed from its second packet on, without loss.
func TestSequenceReset(t *testing.T) {
	l := newLine(av.Opus).publish()
	feed := func(sent []frames.Packet) {
		for _, a := range sent {
			l.pass(20 * time.Millisecond)
			a.At = l.now
			l.Receive(l.sources[0], a)
		}
	}
	feed(packets(av.Opus, 10, 100, 0))
	feed(packets(av.Opus, 10, 30000, 9600))
	l.pass(2 * time.Second)
	got := l.sink.Samples(t, false)
	if len(got) != 20 || !got[10].Gap || got[11].Gap {
		t.Fatalf("%d packets came", len(got))
	}
}

func TestRequests(t *testing.T) {
	l := newLine(av.VP8).publish()
	sent := packets(av.VP8, 10, 0, 0)
	var feedback []rtcp.Packet
	for i, a := range sent {
		a.At = l.now
		if i != 15 {
			feedback = append(feedback, l.Receive(l.sources[1], a)...)
		}
		feedback = append(feedback, l.pass(10*time.Millisecond)...)
	}
	feedback = append(feedback, l.pass(2*time.Second)...)
	nacks, plis := 0, 0
	for _, p := range feedback {
		switch p := p.(type) {
		case *rtcp.TransportLayerNack:
			nacks++
			if list := p.Nacks[0].PacketList(); !slices.Equal(list, []uint16{15}) || p.MediaSSRC != 2 {
				t.Fatalf("asked for %v of %d", list, p.MediaSSRC)
			}
		case *rtcp.PictureLossIndication:
			plis++
		}
	}
	if nacks < 3 || nacks > frames.MaxRequests || plis < 2 || plis > 5 {
		t.Fatalf("%d NACKs, %d PLIs", nacks, plis)
	}
}

// TestReports checks that sender reports put audio and video in sync from the first sample on, whatever their delays.
func TestReports(t *testing.T) {
	l := newLine(av.VP8)
	video, audio := packets(av.VP8, 60, 7, 1000), packets(av.Opus, 60, 9, 5_000_000)
	const ntpStart = 4_000_000_000*uint64(1<<32) + 1<<24 // not a whole second
	start := l.now
	v := 0
	for i, a := range audio {
		l.now = start.Add(time.Duration(i) * 20 * time.Millisecond)
		a.At = l.now.Add(30 * time.Millisecond)
		l.Receive(l.sources[0], a)
		for stamp := video[v].Stamp; v < len(video) && video[v].Stamp == stamp; v++ {
			late := video[v]
			late.At = l.now.Add(150 * time.Millisecond) // as encoding takes time
			l.Receive(l.sources[1], late)
		}
		if i == 20 || i == 40 {
			ntp := ntpStart + uint64(i)*(1<<32)/50
			l.Report(l.sources[0], &rtcp.SenderReport{SSRC: 1, NTPTime: ntp, RTPTime: a.Stamp}, l.now.Add(30*time.Millisecond))
			l.Report(l.sources[1], &rtcp.SenderReport{SSRC: 2, NTPTime: ntp, RTPTime: 1000 + uint32(i)*1800}, l.now.Add(30*time.Millisecond))
		}
		if i == 5 {
			l.publish()
		}
	}
	l.now = l.now.Add(200 * time.Millisecond)
	l.Flush(l.now)
	pictures, sounds := l.sink.Samples(t, true), l.sink.Samples(t, false)
	if len(pictures) != 60 || len(sounds) != 60 {
		t.Fatalf("%d pictures, %d sounds", len(pictures), len(sounds))
	}
	for i := range pictures {
		want := start.Add(time.Duration(i)*20*time.Millisecond + 30*time.Millisecond)
		if d := pictures[i].Time.Sub(want); d.Abs() > 2*time.Millisecond {
			t.Fatalf("picture %d is %v off", i, d)
		}
		if d := sounds[i].Time.Sub(want); d.Abs() > 2*time.Millisecond {
			t.Fatalf("sound %d is %v off", i, d)
		}
	}
}

// TestImplausibleReports checks that a report changes nothing if its NTP time jumps or if it contradicts the packets.
func TestImplausibleReports(t *testing.T) {
	l := newLine(av.Opus).publish()
	for i, a := range packets(av.Opus, 100, 0, 0) {
		a.At = l.now
		l.Receive(l.sources[0], a)
		ntp := uint64(1_000_000)<<32 + 1<<24 + uint64(i)*(1<<32)/50
		report := &rtcp.SenderReport{SSRC: 1, NTPTime: ntp, RTPTime: a.Stamp}
		switch {
		case i == 70:
			report.NTPTime += 60 << 32
		case i == 80:
			report.RTPTime += 48000 * 30
		}
		l.Report(l.sources[0], report, l.now)
		l.pass(20 * time.Millisecond)
	}
	l.pass(2 * time.Second)
	got := l.sink.Samples(t, false)
	for i, s := range got {
		if d := s.Time.Sub(got[0].Time) - time.Duration(i)*20*time.Millisecond; d.Abs() > 5*time.Millisecond {
			t.Fatalf("packet %d is %v off", i, d)
		}
	}
}

// TestMarks checks that marks stay within 1.2 s of real time for a kind that never came, and for both when nothing has come for a while, because
// until then the network may hold media up. There must be none while samples are held.
func TestMarks(t *testing.T) {
	l := newLine(av.VP8)
	l.publish()
	sent := packets(av.Opus, 150, 0, 0)
	for _, a := range sent {
		a.At = l.now
		l.Receive(l.sources[0], a)
		l.pass(20 * time.Millisecond)
	}
	behind := func(most time.Duration) {
		t.Helper()
		for _, video := range []bool{false, true} {
			if behind := l.now.Sub(l.sink.Mark(video)); behind > most || behind < 0 {
				t.Fatalf("mark %v behind, video %v", behind, video)
			}
		}
	}
	behind(1200 * time.Millisecond)
	silent := l.now
	for range 200 {
		l.pass(tick)
		switch silence := l.now.Sub(silent); {
		case silence < patience-100*time.Millisecond:
			behind(max(1200*time.Millisecond, silence+100*time.Millisecond))
			if held := l.sink.Mark(true).Sub(silent); held > 0 {
				t.Fatalf("mark %v after the last packet", held)
			}
		case silence > patience+100*time.Millisecond:
			behind(1200 * time.Millisecond)
		}
	}
}

// TestPendingIsBounded checks the limit of the media held for a room that does not answer.
func TestPendingIsBounded(t *testing.T) {
	l := newLine(av.VP8)
	frame := frames.Packet{Format: videoFormat, Marker: true, Payload: append([]byte{0x10}, rtptest.Frame(webrtc.MimeTypeVP8, 0, true, 1200)...)}
	for i := range 20000 {
		frame.Seq, frame.Stamp, frame.At = uint16(i), uint32(i)*3000, l.now
		l.Receive(l.sources[1], frame)
		l.now = l.now.Add(33 * time.Millisecond)
	}
	if held := l.tracks[1].pendingBytes; held > maxPending {
		t.Fatalf("%d bytes held", held)
	}
}

// TestDeliveredIsNotKept checks that the memory of held media is released after its delivery.
func TestDeliveredIsNotKept(t *testing.T) {
	l := newLine(av.VP8)
	for _, p := range packets(av.VP8, 40, 0, 0) {
		p.At = l.now
		l.Receive(l.sources[1], p)
	}
	l.publish()
	l.pass(startHold + tick)
	if got := len(l.sink.Samples(t, true)); got != 40 {
		t.Fatalf("%d pictures", got)
	}
	held := l.tracks[1].pending
	for i, f := range held[:cap(held)] {
		if f.Data != nil {
			t.Fatalf("picture %d is kept", i)
		}
	}
}
