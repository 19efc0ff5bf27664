// Package rtptest helps to test received media. It has frames that carry their number, and a sink that checks the promises of a receiver.
package rtptest

import (
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/av"
)

// Frame returns frame n in the form of its codec: the bytes that parsers look at, the number, and size bytes of content.
func Frame(mime string, n int, key bool, size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(n+i)%250 + 5 // no start codes
	}
	number := []byte{byte(n>>7) | 0x80, byte(n&0x7f) | 0x80}
	switch {
	case mime == webrtc.MimeTypeVP8 && key:
		return append(append([]byte{0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1}, number...), content...)
	case mime == webrtc.MimeTypeVP8:
		return append(append([]byte{0x11, 2, 0, 0, 0, 0, 0, 0, 0, 0}, number...), content...)
	case mime == webrtc.MimeTypeVP9 && key:
		return append(append([]byte{0x82, 0x49, 0x83, 0x42, 0, 0, 0, 0, 0, 0}, number...), content...)
	case mime == webrtc.MimeTypeVP9:
		return append(append([]byte{0x86, 0, 0, 0, 0, 0, 0, 0, 0, 0}, number...), content...)
	}
	var unit []byte
	slice := append([]byte{0x41, 0x88, 1, 1, 1, 1, 1, 1, 1, 1}, number...)
	if key {
		unit = av.AppendNAL(unit, []byte{0x67, 0x42, 0xe0, 0x1f, 0x80, 1, 2, 3})
		unit = av.AppendNAL(unit, []byte{0x68, 0xce, 1, 2})
		slice[0] = 0x65
	}
	return av.AppendNAL(unit, append(slice, content...))
}

// Number returns the number of a frame.
func Number(s av.Sample) int {
	data := s.Data
	if s.Codec == av.H264 {
		for nal := range av.NALs(s.Data) {
			data = nal
		}
	}
	return int(data[10]&0x7f)<<7 | int(data[11]&0x7f)
}

// Report is a call of Sink.Report.
type Report struct {
	Video    bool
	Stamp    int64
	Captured av.Instant
}

// Sink is an rtp.Sink that keeps what it receives and checks the promises of rtp.Sink.
type Sink struct {
	Now func() av.Instant

	mu      sync.Mutex           // guards the fields below
	samples map[bool][]av.Sample // by video
	reports []Report
	marks   map[bool]av.Instant
	broken  []string
	worst   time.Duration
}

// NewSink returns a Sink. now is its clock.
func NewSink(now func() av.Instant) *Sink {
	return &Sink{Now: now, samples: map[bool][]av.Sample{}, marks: map[bool]av.Instant{}}
}

// Append implements rtp.Sink.
func (s *Sink) Append(sample av.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	video := sample.Codec.Video()
	if before := s.samples[video]; len(before) > 0 && sample.Time < before[len(before)-1].Time {
		s.broken = append(s.broken, fmt.Sprintf("%s sample %d goes back in time", sample.Codec, len(before)))
	}
	if sample.Time < s.marks[video] {
		s.broken = append(s.broken, fmt.Sprintf("%s sample %v before the mark", sample.Codec, s.marks[video].Sub(sample.Time)))
	}
	s.samples[video] = append(s.samples[video], sample)
	return nil
}

// Report implements rtp.Sink.
func (s *Sink) Report(video bool, stamp int64, captured av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, Report{video, stamp, captured})
	return nil
}

// Advance implements rtp.Sink.
func (s *Sink) Advance(video bool, t av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.marks[video]; before != 0 {
		s.worst = max(s.worst, s.Now().Sub(before))
	}
	s.marks[video] = t
	return nil
}

// TB is the part of testing.TB that rapid's tests have too.
type TB interface {
	Helper()
	Error(args ...any)
}

// Samples returns a copy of the samples received so far. It fails the test if a promise was broken.
func (s *Sink) Samples(tb TB, video bool) []av.Sample {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.broken {
		tb.Error(b)
	}
	return append([]av.Sample(nil), s.samples[video]...)
}

// Reports returns a copy of the reports received so far.
func (s *Sink) Reports() []Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Report(nil), s.reports...)
}

// Mark returns the newest mark of a kind.
func (s *Sink) Mark(video bool) av.Instant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[video]
}

// WorstMark returns how far a mark fell behind real time at most.
func (s *Sink) WorstMark() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worst
}
