package publisher

import (
	"context"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp/codecs"

	"reelcheck/fixtures"
)

func TestEveryVideoHasAKeyFrameASecond(t *testing.T) {
	t.Parallel()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Videos {
		if _, err := videoTrack(m, v.ID); err != nil {
			t.Error(err)
		}
	}
	sparse := track{fixture: "sparse", clock: 90000, ticks: 3000, units: make([][]byte, 60), key: make([]bool, 60)}
	sparse.key[0], sparse.key[30] = true, true
	if err := sparse.check(); err != nil {
		t.Errorf("a key frame a second: %v", err)
	}
	sparse.key[29], sparse.key[30] = true, false
	if err := sparse.check(); err == nil {
		t.Error("31 frames from the last key frame to the loop's first were accepted")
	}
}

func TestAKeyFrameFollowsEveryRequest(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p, _ := publish(t, s, Options{Video: "vp8-01"})
	<-s.arrived
	s.mu.Lock()
	pc := s.pcs[0]
	s.mu.Unlock()
	ssrc := p.senders[0].pub.SSRC
	for i, ask := range []rtcp.Packet{
		&rtcp.PictureLossIndication{MediaSSRC: ssrc},
		&rtcp.FullIntraRequest{MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc, SequenceNumber: 1}}},
	} {
		time.Sleep(time.Duration(100+200*i) * time.Millisecond)
		asked := time.Now()
		if err := pc.WriteRTCP([]rtcp.Packet{ask}); err != nil {
			t.Fatal(err)
		}
		for s.keyAfter(ssrc, asked).IsZero() && time.Since(asked) < 5*time.Second {
			time.Sleep(10 * time.Millisecond)
		}
		if wait := s.keyAfter(ssrc, asked).Sub(asked); wait < 0 || wait > keyWithin+stall {
			t.Errorf("%T: a key frame after %v", ask, wait)
		}
	}
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
}

// keyAfter returns when the first VP8 key frame arrived after an instant, or zero.
func (s *server) keyAfter(ssrc uint32, after time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.packets[ssrc] {
		var vp8 codecs.VP8Packet
		if payload, err := vp8.Unmarshal(a.Payload); err == nil && vp8.S == 1 && payload[0]&1 == 0 && a.at.After(after) {
			return a.at
		}
	}
	return time.Time{}
}
