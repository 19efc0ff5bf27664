package ingest

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/pion/interceptor"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/ingest/unrecorded"
)

// TestUnreadStreams checks that media that was not negotiated, which pion never passes on, is counted and logged once.
func TestUnreadStreams(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]uint8{"stream": 96, "payload type": 77} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSession()
			var said log
			s, web := serve(t, r, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&said, nil)) })
			wire := &raw{write: make(chan interceptor.RTPWriter, 1)}
			c := publishAs(t, web, webrtc.MimeTypeVP8, func(offer string) string { return offer }, wire)
			c.waitConnected()
			w, sent := <-wire.write, uint64(0)
			eventually(t, "count", func() bool {
				_, err := w.Write(&pionrtp.Header{Version: 2, PayloadType: format, SSRC: 777, SequenceNumber: uint16(sent)}, []byte{0x90, 1}, nil)
				must(t, err)
				sent++
				return s.Unrecorded(unrecorded.Unnegotiated) > 10
			})
			eventually(t, "all of them", func() bool { return s.Unrecorded(unrecorded.Unnegotiated) == sent })
			line := `msg="media not recorded" stream=stream reason="` + unrecorded.Reasons[unrecorded.Unnegotiated] + `" ssrc=777 format=`
			if n := strings.Count(said.String(), line); n != 1 {
				t.Errorf("said %d times in the log:\n%s", n, said.String())
			}
			c.send(webrtc.MimeTypeVP8, 10)
			eventually(t, "what was negotiated", func() bool { return len(r.Samples(t, true)) == 10 })
		})
	}
}

// TestFullBuffers checks that packets are counted for which there was no room before they were read.
func TestFullBuffers(t *testing.T) {
	counts := map[unrecorded.Reason]int{}
	b := &buffers{unrecorded: func(reason unrecorded.Reason, n int, _ ...any) { counts[reason] += n }}
	buffer := b.get(packetio.RTPBufferPacket, 1)
	packet, kept := make([]byte, 1000), 0
	for range 2 {
		_, err := buffer.Write(packet)
		must(t, err)
		_, err = buffer.Read(packet)
		must(t, err)
	}
	for range 2000 {
		if _, err := buffer.Write(packet); err == nil {
			kept++
		}
	}
	if kept == 0 || counts[unrecorded.Overflow] != 2000-kept || len(counts) != 1 {
		t.Errorf("%d kept, %v", kept, counts)
	}
}
