package ingest

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// raw gives access to the writer below all interceptors, which writes RTP to the wire unchanged.
type raw struct {
	interceptor.NoOp
	write chan interceptor.RTPWriter
}

func (r *raw) NewInterceptor(string) (interceptor.Interceptor, error) { return r, nil }

func (r *raw) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	select {
	case r.write <- w:
	default:
	}
	return w
}

// log keeps what is written to it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// heap returns the memory in use after a garbage collection, in MiB.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse+m.StackInuse) / (1 << 20)
}

// TestRandomSources checks that a publisher that names more and more RTP streams is disconnected before they cost much, whether RTCP or RTP
// names them, and with any payload type.
func TestRandomSources(t *testing.T) {
	const packets, mostMiB = 20_000, 30
	for name, attack := range map[string]func(c *client, w interceptor.RTPWriter, n uint32) error{
		"sender reports": func(c *client, _ interceptor.RTPWriter, n uint32) error {
			return c.pc.WriteRTCP([]rtcp.Packet{&rtcp.SenderReport{SSRC: n * 7919}})
		},
		"goodbyes": func(c *client, _ interceptor.RTPWriter, n uint32) error {
			bye := &rtcp.Goodbye{}
			for i := range uint32(31) {
				bye.Sources = append(bye.Sources, n*31+i)
			}
			return c.pc.WriteRTCP([]rtcp.Packet{bye})
		},
		"media of no format": func(_ *client, w interceptor.RTPWriter, n uint32) error {
			_, err := w.Write(&rtp.Header{Version: 2, PayloadType: 77, SSRC: n * 7919}, []byte{1}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newSession()
			var said log
			_, web := serve(t, r, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&said, nil)) })
			wire := &raw{write: make(chan interceptor.RTPWriter, 1)}
			c := publishAs(t, web, webrtc.MimeTypeVP8, func(offer string) string { return offer }, wire)
			c.waitConnected()
			c.send(webrtc.MimeTypeVP8, 10)
			eventually(t, "media", func() bool { return len(r.Samples(t, true)) > 0 })
			w, before := <-wire.write, heap()
			sent := uint32(1)
			for ; sent < packets && len(r.endings()) == 0; sent++ {
				if err := attack(c, w, sent); err != nil {
					break // the server has closed the connection
				}
				if sent%50 == 0 {
					time.Sleep(time.Millisecond) // both ends share the processors of this process: without it, the flood is over before the server runs
				}
			}
			if grown := heap() - before; grown > mostMiB {
				t.Errorf("%d packets took %.0f MiB", sent, grown)
			} else {
				t.Logf("%d packets took %.1f MiB", sent, grown)
			}
			eventually(t, "end", func() bool { return len(r.endings()) > 0 })
			if got := r.endings(); got[0] != NetworkDisconnected {
				t.Errorf("endings: %q", got)
			}
			if lines := strings.Count(said.String(), `msg="media not recorded" stream=stream reason="the publisher changes`); lines != 1 {
				t.Errorf("said %d times in the log:\n%s", lines, said.String())
			}
		})
	}
}
