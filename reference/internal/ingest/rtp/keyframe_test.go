package rtp

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
)

// TestKeyFrameForAnArchive checks that a key frame that was captured before the request for it, and comes after it, does not count: an archive
// that begins with the request cannot use it.
func TestKeyFrameForAnArchive(t *testing.T) {
	l := newLine(av.VP8).publish()
	const way, ntpStart = 60 * time.Millisecond, 4_000_000_000*uint64(1<<32) + 1<<24 // not a whole second
	start := l.now
	request, asked := start.Add(4*time.Second+25*time.Millisecond), 0 // the key frame of 4 s is on its way
	for _, p := range packets(av.VP8, 230, 0, 0) {                    // 50 a second, every tenth a key frame
		i := int(p.Stamp / 1800)
		captured := start.Add(time.Duration(i) * 20 * time.Millisecond)
		if i%50 == 11 && p.Marker {
			l.pass(captured.Sub(l.now))
			l.Report(l.sources[1], &rtcp.SenderReport{SSRC: 2, NTPTime: ntpStart + uint64(i)*(1<<32)/50, RTPTime: p.Stamp}, captured)
		}
		if before := l.now; before < request && captured.Add(way) >= request {
			l.pass(request.Sub(l.now))
			l.RequestKeyFrame()
		}
		for _, f := range l.pass(captured.Add(way).Sub(l.now)) {
			if _, is := f.(*rtcp.PictureLossIndication); is && l.now > request {
				asked++
			}
		}
		p.At = l.now
		if i <= 200 { // the publisher sends no other key frame
			l.Receive(l.sources[1], p)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times for a key frame, want 2: the one that came is too old", asked)
	}
}
