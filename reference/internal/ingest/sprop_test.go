package ingest

import (
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/unrecorded"
)

var (
	sps = []byte{0x67, 0x42, 0xe0, 0x1f, 0x80, 1, 2, 3}
	pps = []byte{0x68, 0xce, 1, 2}
	idr = []byte{0x65, 0x88, 1, 1, 1, 1}
)

// TestDeclaredParameterSets checks that H.264 is recorded if its parameter sets are only in the offer, and that the log says why if there are
// none.
func TestDeclaredParameterSets(t *testing.T) {
	t.Parallel()
	sets := base64.StdEncoding.EncodeToString(sps) + "," + base64.StdEncoding.EncodeToString(pps)
	for name, declare := range map[string]string{"declared": ";sprop-parameter-sets=" + sets, "nowhere": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSession()
			var said log
			s, web := serve(t, r, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&said, nil)) })
			c := publishAs(t, web, webrtc.MimeTypeH264, func(offer string) string {
				return strings.ReplaceAll(offer, "packetization-mode=1", "packetization-mode=1"+declare)
			})
			c.waitConnected()
			for range 3 {
				must(t, c.video.WriteSample(media.Sample{Data: av.AppendNAL(nil, idr), Duration: 20 * time.Millisecond}))
			}
			if declare == "" {
				const line = `msg="media not recorded" stream=stream reason="a key frame comes before its parameter sets"`
				eventually(t, "line", func() bool {
					return s.Unrecorded(unrecorded.Parameters) == 3 && strings.Count(said.String(), line) == 1
				})
				return
			}
			eventually(t, "frames", func() bool { return len(r.Samples(t, true)) == 3 })
			want := av.AppendNAL(av.AppendNAL(av.AppendNAL(nil, sps), pps), idr)
			for i, sample := range r.Samples(t, true) {
				if string(sample.Data) != string(want) || !sample.Key {
					t.Errorf("frame %d: % x", i, sample.Data)
				}
			}
		})
	}
}
