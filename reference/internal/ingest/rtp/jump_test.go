package rtp

import (
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
)

const (
	hour = 3600 // s

	network  = 30 * time.Millisecond  // delay of every packet
	encoding = 150 * time.Millisecond // additional delay of a picture
)

// jumps are changes that a sender may make to the timestamps of a track, in ticks.
var jumps = map[string]struct {
	by     func(rate int64) int64
	source bool // as a new RTP stream
}{
	"an hour on":   {by: func(rate int64) int64 { return hour * rate }},
	"an hour back": {by: func(rate int64) int64 { return -hour * rate }},
	"anywhere":     {by: func(int64) int64 { return 1<<31 + 4711 }},
	"a new source": {by: func(int64) int64 { return 1<<30 + 815 }, source: true},
}

// TestJumps lets the timestamps of one track jump. Sender reports come once a second, none just after the jump. Nothing may be lost, and audio
// and video must stay in sync.
func TestJumps(t *testing.T) {
	for name, jump := range jumps {
		for _, video := range []bool{false, true} {
			for _, at := range []int{10, 105} { // while samples are held for the first reports, and later
				t.Run(fmt.Sprintf("%s, video %v, at %d", name, video, at), func(t *testing.T) {
					s := newShow(newLine(av.VP8))
					for n := range 300 {
						if n == at {
							rate := av.Opus.ClockRate()
							if video {
								rate = av.VP8.ClockRate()
							}
							s.jump(video, jump.by(rate), jump.source)
						}
						s.send(n)
					}
					s.expect(t)
				})
			}
		}
	}
}

// show sends 50 pictures and audio packets a second, captured together.
type show struct {
	*line
	start   av.Instant
	packets [2][]frames.Packet
	stamps  [2]uint32
	seqs    [2]uint16
	sent    [2]int // packets
}

func newShow(l *line) *show {
	return &show{line: l, start: l.now, packets: [2][]frames.Packet{packets(av.Opus, 300, 0, 0), packets(av.VP8, 300, 0, 0)}, stamps: [2]uint32{10_000, 20_000}}
}

func (s *show) jump(video bool, ticks int64, source bool) {
	kind := 0
	if video {
		kind = 1
	}
	s.stamps[kind] += uint32(ticks)
	if !source {
		return
	}
	s.seqs[kind] += 12345
	formats := map[uint8]Format{audioFormat: {av.Opus, true}}
	if video {
		formats = map[uint8]Format{videoFormat: {av.VP8, true}}
	}
	s.sources[kind] = s.Attach(video, s.sources[kind].track.ssrc+10, formats)
}

// send sends the media captured at n*20 ms, and in the middle of every second the reports.
func (s *show) send(n int) {
	if n == 5 { // the room answers
		s.publish()
	}
	captured := s.start.Add(time.Duration(n) * 20 * time.Millisecond)
	for kind, delay := range []time.Duration{network, network + encoding} {
		ticks := uint32(n) * []uint32{960, 1800}[kind]
		for ; s.sent[kind] < len(s.packets[kind]) && s.packets[kind][s.sent[kind]].Stamp == ticks; s.sent[kind]++ {
			p := s.packets[kind][s.sent[kind]]
			p.Seq, p.Stamp, p.At = p.Seq+s.seqs[kind], p.Stamp+s.stamps[kind], captured.Add(delay)
			s.Receive(s.sources[kind], p)
		}
		if n%50 == 25 {
			const ntpStart = 4_000_000_000*uint64(1<<32) + 1<<24 // not a whole second
			report := &rtcp.SenderReport{SSRC: s.sources[kind].track.ssrc, NTPTime: ntpStart + uint64(n)*(1<<32)/50, RTPTime: ticks + s.stamps[kind]}
			s.Report(s.sources[kind], report, captured.Add(network))
		}
	}
	for s.now < captured {
		s.now = min(captured, s.now.Add(tick))
		s.Advance(s.now)
	}
}

// expect checks the times of every audio packet and of every picture except those before a key frame.
func (s *show) expect(t *testing.T) {
	t.Helper()
	s.pass(2 * time.Second)
	for _, video := range []bool{false, true} {
		got := s.sink.Samples(t, video)
		if len(got) < 290 || !video && len(got) < 300 {
			t.Errorf("video %v: %d of 300 came", video, len(got))
		}
		for _, sample := range got {
			n := frameNumber(sample)
			captured := s.start.Add(time.Duration(n)*20*time.Millisecond + network)
			if off := sample.Time.Sub(captured); off.Abs() > 40*time.Millisecond {
				t.Errorf("video %v: %d is %v from its capture", video, n, off)
				break
			}
		}
	}
}
