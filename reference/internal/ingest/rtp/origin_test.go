package rtp

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
)

// TestLateReport sends the first sender report of audio after 3 s, as browsers may. The samples before it are timed by a guess, and the sink
// must get a report with their true time.
func TestLateReport(t *testing.T) {
	const delay = 200 * time.Millisecond // of the audio packets; the report reveals it
	l := newLine(av.VP8)
	start := l.now
	const ntpStart = 4_000_000_000*uint64(1<<32) + 1<<24 // not a whole second
	sounds, pictures := packets(av.Opus, 250, 0, 7000), packets(av.VP8, 250, 0, 9000)
	v := 0
	for i, a := range sounds {
		captured := start.Add(time.Duration(i) * 20 * time.Millisecond)
		l.pass(captured.Sub(l.now))
		for stamp := pictures[v].Stamp; v < len(pictures) && pictures[v].Stamp == stamp; v++ {
			p := pictures[v]
			p.At = captured
			l.Receive(l.sources[1], p)
		}
		if i == 0 {
			l.publish()
		}
		a.At = captured.Add(delay)
		l.Receive(l.sources[0], a)
		ntp := ntpStart + uint64(i)*(1<<32)/50
		if i%50 == 10 {
			l.Report(l.sources[1], &rtcp.SenderReport{SSRC: 2, NTPTime: ntp, RTPTime: 9000 + uint32(i)*1800}, captured)
		}
		if i == 150 || i == 200 {
			l.Report(l.sources[0], &rtcp.SenderReport{SSRC: 1, NTPTime: ntp, RTPTime: a.Stamp}, captured)
		}
	}
	l.pass(2 * time.Second)
	reports := l.sink.Reports()
	if len(reports) != 1 || reports[0].Video {
		t.Fatalf("reports %+v", reports)
	}
	guessed := 0
	for i, s := range l.sink.Samples(t, false) {
		captured := s.Captured
		if s.Guessed {
			guessed++
			captured = reports[0].Captured.Add(av.Duration(s.Stamp-reports[0].Stamp, 48000))
		}
		if off := captured.Sub(start.Add(time.Duration(i) * 20 * time.Millisecond)); off.Abs() > 5*time.Millisecond {
			t.Fatalf("sound %d is %v off, guessed %v", i, off, s.Guessed)
		}
	}
	if guessed < 140 || guessed > 151 {
		t.Errorf("%d samples were guessed", guessed)
	}
}

// TestFirstReportOfSound sends the first report of audio as late as Chromium does, after that of video. No sample may be timed by a guess.
func TestFirstReportOfSound(t *testing.T) {
	l := newLine(av.VP8)
	start := l.now
	const ntpStart = 4_000_000_000*uint64(1<<32) + 1<<24 // not a whole second
	for i, a := range packets(av.Opus, 150, 0, 7000) {
		captured := start.Add(time.Duration(i) * 20 * time.Millisecond)
		l.pass(captured.Sub(l.now))
		a.At = captured.Add(25 * time.Millisecond) // a guess would be off by this much
		l.Receive(l.sources[0], a)
		if i == 0 {
			l.publish()
		}
		ntp := ntpStart + uint64(i)*(1<<32)/50
		switch i {
		case 20:
			l.Report(l.sources[1], &rtcp.SenderReport{SSRC: 2, NTPTime: ntp, RTPTime: 9000 + uint32(i)*1800}, captured)
		case 90:
			l.Report(l.sources[0], &rtcp.SenderReport{SSRC: 1, NTPTime: ntp, RTPTime: a.Stamp}, captured)
		}
	}
	l.pass(2 * time.Second)
	got := l.sink.Samples(t, false)
	if len(got) != 150 {
		t.Fatalf("%d samples", len(got))
	}
	for i, s := range got {
		if off := s.Time.Sub(start.Add(time.Duration(i) * 20 * time.Millisecond)); s.Guessed || off.Abs() > time.Millisecond {
			t.Fatalf("sound %d is %v off, guessed %t", i, off, s.Guessed)
		}
	}
}

// TestCaptured checks the capture times of pictures that are not sent in the order of their capture.
func TestCaptured(t *testing.T) {
	l := newLine(av.H264)
	order := []int{0, 3, 1, 2, 6, 4, 5, 9, 7, 8}
	for i, n := range order {
		for _, p := range packets(av.H264, 1, uint16(10*i), uint32(n)*3600) {
			p.At = l.now
			l.Receive(l.sources[1], p)
		}
		if i == 0 {
			l.publish()
			l.Report(l.sources[1], &rtcp.SenderReport{SSRC: 2, NTPTime: 4_000_000_000<<32 + 1<<24, RTPTime: 0}, l.now)
		}
		l.pass(40 * time.Millisecond)
	}
	l.pass(2 * time.Second)
	got := l.sink.Samples(t, true)
	if len(got) != len(order) {
		t.Fatalf("%d pictures", len(got))
	}
	for i, s := range got {
		if at := s.Captured.Sub(got[0].Captured); at != time.Duration(order[i])*40*time.Millisecond {
			t.Errorf("picture %d at %v", i, at)
		}
	}
}

// TestCut counts reconnections. Samples that were held before a cut count as before it.
func TestCut(t *testing.T) {
	l := newLine(av.Opus).publish()
	sent := packets(av.Opus, 40, 0, 0)
	for i, p := range sent {
		p.At = l.now
		if i != 18 { // so that the packets after it are held
			l.Receive(l.sources[0], p)
		}
		if i == 20 {
			l.Cut(l.now)
		}
		l.pass(20 * time.Millisecond)
	}
	l.pass(2 * time.Second)
	for _, s := range l.sink.Samples(t, false) {
		want := uint16(0)
		if frameNumber(s) > 20 {
			want = 1
		}
		if s.Reconnects != want {
			t.Errorf("packet %d after %d reconnections, want %d", frameNumber(s), s.Reconnects, want)
		}
	}
}

// TestFlicker changes the codec with every picture. After a number of changes only one codec is recorded.
func TestFlicker(t *testing.T) {
	l := newLine(av.VP8)
	l.sources[1] = l.Attach(true, 3, map[uint8]Format{videoFormat: {av.VP8, true}, videoFormat + 1: {av.H264, true}})
	l.publish()
	seq := uint16(0)
	for n := range 3 * maxChanges {
		codec := []av.Codec{av.VP8, av.H264}[n%2]
		sent := packets(codec, 1, seq, uint32(n)*3600)
		for _, p := range sent {
			p.Format, p.At = p.Format+uint8(n%2), l.now
			l.Receive(l.sources[1], p)
		}
		seq += uint16(len(sent))
		l.pass(40 * time.Millisecond)
	}
	l.pass(2 * time.Second)
	got := l.sink.Samples(t, true)
	changes := 0
	for i, s := range got {
		if i > 0 && s.Codec != got[i-1].Codec {
			changes++
		}
	}
	if changes < maxChanges-2 || changes > maxChanges {
		t.Errorf("%d changes of codec in %d pictures, want %d", changes, len(got), maxChanges)
	}
	if len(got) < 3*maxChanges/2 {
		t.Errorf("%d pictures: those of the codec that stays are missing", len(got))
	}
}

// TestManyReconnections checks that after too many reconnections the media is recorded as one segment.
func TestManyReconnections(t *testing.T) {
	l := newLine(av.Opus).publish()
	for _, p := range packets(av.Opus, maxCuts+50, 0, 0) {
		p.At = l.now
		l.Receive(l.sources[0], p)
		l.Cut(l.now)
		l.Cut(l.now)
		l.pass(20 * time.Millisecond)
	}
	got := l.sink.Samples(t, false)
	for i, s := range got {
		if want := uint16(min(i, maxCuts)); s.Reconnects != want {
			t.Fatalf("packet %d after %d reconnections, want %d", i, s.Reconnects, want)
		}
	}
}

// TestReportHandledLate handles the only report 60 ms after it arrived. The packets must correct that.
func TestReportHandledLate(t *testing.T) {
	l := newLine(av.VP8)
	const delay = 10 * time.Millisecond
	began := l.now
	for i, p := range packets(av.Opus, 150, 0, 0) {
		captured := l.now
		p.At = captured.Add(delay)
		l.Receive(l.sources[0], p)
		if i == 0 {
			l.publish()
		}
		if i == 20 {
			report := &rtcp.SenderReport{SSRC: 1, NTPTime: 4_000_000_000<<32 + 1<<24 + uint64(i)<<32/50, RTPTime: p.Stamp}
			l.Report(l.sources[0], report, captured.Add(delay+60*time.Millisecond))
		}
		l.pass(20 * time.Millisecond)
	}
	l.pass(2 * time.Second)
	for _, s := range l.sink.Samples(t, false) {
		want := began.Add(delay + time.Duration(frameNumber(s))*20*time.Millisecond)
		if off := s.Captured.Sub(want).Abs(); off > time.Millisecond {
			t.Fatalf("packet %d is %v off", frameNumber(s), off)
		}
	}
}

// TestPicturesInOtherOrder sends pictures as encoders with B slices do. Each must be presented at its capture time, from the first one on.
func TestPicturesInOtherOrder(t *testing.T) {
	l := newLine(av.H264)
	seq, began := uint16(0), l.now
	for n := range 100 {
		picture := n // captured in the order 0, 3 1 2, 6 4 5, ...
		if n > 0 {
			picture = (n-1)/3*3 + []int{3, 1, 2}[(n-1)%3]
		}
		sent := packets(av.H264, 1, seq, uint32(picture)*3600)
		for _, p := range sent {
			p.At = l.now
			l.Receive(l.sources[1], p)
		}
		seq += uint16(len(sent))
		if n == 0 {
			l.publish()
		}
		l.pass(40 * time.Millisecond)
	}
	l.pass(3 * time.Second)
	got := l.sink.Samples(t, true)
	if len(got) != 100 {
		t.Fatalf("%d pictures", len(got))
	}
	for n, s := range got {
		picture := 0
		if n > 0 {
			picture = (n-1)/3*3 + []int{3, 1, 2}[(n-1)%3]
		}
		if want := got[0].Presented().Add(time.Duration(picture) * 40 * time.Millisecond); s.Presented().Sub(want).Abs() > time.Millisecond {
			t.Errorf("picture %d is presented at %v, want %v", picture, s.Presented().Sub(began), want.Sub(began))
		}
	}
}
