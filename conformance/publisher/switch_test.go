package publisher

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

func TestSwitchGoesOnWithAnotherSizeAndAnotherCodec(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p, j := publish(t, s, Options{Video: "vp8-01", Audio: "tone-01", Switches: []string{"h264-01"}})
	pieces := func(n int) func() bool {
		return func() bool { return len(published(j, "video")) == n }
	}
	s.await(t, "video", pieces(1))
	for i, fixture := range []string{"small-01", "h264-01"} {
		if err := p.Switch(fixture); err != nil {
			t.Fatal(err)
		}
		s.await(t, fixture, pieces(i+2))
	}
	var before int
	s.await(t, "video", func() bool { before = s.count("video"); return true })
	s.await(t, "more video", func() bool { return s.count("video") > before+3 })
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(published(j, "audio")); n != 1 {
		t.Errorf("%d tracks of sound, want 1", n)
	}
	video := published(j, "video")
	for i, want := range []struct{ fixture, reason string }{{"vp8-01", "switch"}, {"small-01", "switch"}, {"h264-01", "delete"}} {
		got := video[i]
		if got.Fixture != want.fixture || got.Reason != want.reason || !got.Ended || got.SSRC != video[0].SSRC || got.Units == 0 {
			t.Errorf("piece %d: %+v, want %+v", i, got, want)
		}
		if i == 0 {
			continue
		}
		if next := video[i-1].Captured(video[i-1].Due()); got.Epoch.Sub(next).Abs() > time.Microsecond {
			t.Errorf("%s begins at %v, want %v", want.fixture, got.Epoch, next)
		}
	}
	checkPieces(t, s.packets[video[0].SSRC], video)
}

// published returns the pieces of a kind of track, in order.
func published(j *evidence.Journal, kind string) (out []*evidence.Published) {
	for _, r := range j.View().Tracks().Records {
		if r.Published.Kind == kind {
			out = append(out, r.Published)
		}
	}
	slices.SortFunc(out, func(a, b *evidence.Published) int { return a.Epoch.Compare(b.Epoch) })
	return out
}

// checkPieces compares the packets with the pieces: no sequence number may be missing, every piece must begin with a key
// frame of its codec, and timestamps must continue at its pace.
func checkPieces(t *testing.T, got []arrival, pieces []*evidence.Published) {
	t.Helper()
	count := make([]int, len(pieces))
	last := uint32(0)
	for i, a := range got {
		if i > 0 && a.SequenceNumber != got[i-1].SequenceNumber+1 {
			t.Fatalf("packet %d has the number %d after %d", i, a.SequenceNumber, got[i-1].SequenceNumber)
		}
		if i > 0 && a.Timestamp == last {
			continue
		}
		last = a.Timestamp
		at := pieces[0].Epoch.Add(time.Duration(a.Timestamp-got[0].Timestamp) * time.Second / 90000).Add(time.Millisecond)
		of := 0
		for of+1 < len(pieces) && !at.Before(pieces[of+1].Epoch) {
			of++
		}
		if want := map[string]uint8{"VP8": 96, "H264": 102}[pieces[of].Codec]; a.PayloadType != want {
			t.Fatalf("%s has payload type %d, want %d", pieces[of].Fixture, a.PayloadType, want)
		}
		if count[of]++; count[of] == 1 && pieces[of].Codec == "VP8" {
			var vp8 codecs.VP8Packet
			if payload, err := vp8.Unmarshal(a.Payload); err != nil || payload[0]&1 != 0 {
				t.Errorf("%s does not begin with a key frame", pieces[of].Fixture)
			}
		}
	}
	for i, p := range pieces {
		if lost := p.Units - count[i]; lost < 0 || lost > 2 {
			t.Errorf("%s: %d units received of %d", p.Fixture, count[i], p.Units)
		}
	}
}

func TestACodecThatIsNotOfferedIsNotSwitchedTo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p, _ := publish(t, s, Options{Video: "vp8-01"})
	<-s.arrived
	if err := p.Switch("h264-01"); err == nil {
		t.Error("switched to a codec that was not negotiated")
	} else if _, ok := err.(*target.RefusedError); !ok {
		t.Errorf("error %v, want a refusal", err)
	}
	if err := p.Switch("tone-01"); err == nil {
		t.Error("switched to a sound")
	}
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
}
