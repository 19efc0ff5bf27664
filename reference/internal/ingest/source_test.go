package ingest

import (
	"strings"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/rtptest"
)

// renamed sends packets with another SSRC, as a sender does that must change its SSRC (RFC 3550 section 8.2).
type renamed struct {
	interceptor.NoOp
	by chan uint32 // the new SSRC, sent once
}

func (n *renamed) NewInterceptor(string) (interceptor.Interceptor, error) { return n, nil }

func (n *renamed) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		by := <-n.by
		n.by <- by
		other := h.Clone()
		other.SSRC += by
		other.SequenceNumber += uint16(by)
		other.Timestamp += by << 10
		return w.Write(&other, payload, a)
	})
}

// TestAnotherSource checks that a sender is followed if it uses another SSRC than it declared, or declared none.
func TestAnotherSource(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(string) string{
		"declared":   withoutRepair,
		"undeclared": func(offer string) string { return without(offer, "a=ssrc") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSession()
			_, web := serve(t, r, nil)
			source := &renamed{by: make(chan uint32, 1)}
			source.by <- 0
			c := publishAs(t, web, webrtc.MimeTypeVP8, edit, source)
			c.waitConnected()
			c.send(webrtc.MimeTypeVP8, 50)
			<-source.by
			source.by <- 30_000
			c.send(webrtc.MimeTypeVP8, 50)
			eventually(t, "what was sent under either SSRC", func() bool {
				return len(r.Samples(t, true)) == 100 && len(r.Samples(t, false)) == 100
			})
			for i, s := range r.Samples(t, true) {
				if rtptest.Number(s) != i || s.Codec != av.VP8 || s.Gap != (i == 50) {
					t.Fatalf("frame %d: number %d, gap %v, %s", i, rtptest.Number(s), s.Gap, s.Codec)
				}
			}
			checkPace(t, r.Samples(t, true), r.Samples(t, false))
		})
	}
}

// withoutRepair removes the streams that are declared for RTX.
func withoutRepair(offer string) string {
	for line := range strings.Lines(offer) {
		if group, ok := strings.CutPrefix(line, "a=ssrc-group:FID "); ok {
			offer = without(offer, "a=ssrc:"+strings.Fields(group)[1])
		}
	}
	return without(offer, "a=ssrc-group")
}

// TestRepairWithoutDeclaration checks that packets are repaired without RTX if the offer does not say which stream RTX belongs to.
func TestRepairWithoutDeclaration(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := publishAs(t, web, webrtc.MimeTypeVP8, func(offer string) string { return without(offer, "a=ssrc") }, &renamed{by: still()})
	if strings.Contains(c.answer, "rtx") {
		t.Errorf("the answer takes RTX:\n%s", c.answer)
	}
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 10)
	c.faults.set(true)
	c.send(webrtc.MimeTypeVP8, 65)
	c.faults.set(false)
	c.send(webrtc.MimeTypeVP8, 25)
	eventually(t, "all frames", func() bool { return len(r.Samples(t, true)) == 100 && len(r.Samples(t, false)) == 100 })
	checkFrames(t, r.Samples(t, true), av.VP8, webrtc.MimeTypeVP8)
}

// TestTooManySources checks that a publication that keeps starting new streams is ended, because each costs memory until then.
func TestTooManySources(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	source := &renamed{by: still()}
	c := publishAs(t, web, "", func(offer string) string { return offer }, source)
	c.waitConnected()
	for n := range uint32(maxSources + 1) {
		<-source.by
		source.by <- n * 1000
		c.send("", 1)
	}
	eventually(t, "end", func() bool { return len(r.endings()) > 0 })
	if got := r.endings(); len(got) != 1 || got[0] != NetworkDisconnected {
		t.Fatalf("endings: %q", got)
	}
}

// still returns a channel without a change.
func still() chan uint32 {
	by := make(chan uint32, 1)
	by <- 0
	return by
}
