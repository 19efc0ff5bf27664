package browser

import (
	_ "embed"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"
	"github.com/pion/opus"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/target/config"
	"reelcheck/fixtures"
)

//go:embed page.html
var ours []byte

// contentOf returns the page in a file, or ours.
func contentOf(file string) ([]byte, error) {
	if file == "" {
		return ours, nil
	}
	return bounded.File(file, config.PageLimit)
}

// handler serves the page, the fixtures, and the WebSocket of the page: only the first, since there is one page.
func handler(page []byte, sockets chan<- *websocket.Conn) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // the page does not come if it is gone
	})
	mux.HandleFunc("GET /fixtures/{file}", serveFixture)
	var once sync.Once
	mux.HandleFunc("GET /lines", func(w http.ResponseWriter, r *http.Request) {
		first := false
		once.Do(func() { first = true })
		if !first {
			http.Error(w, "there is a page already", http.StatusConflict)
			return
		}
		ws, err := websocket.Accept(w, r, nil) // of the same origin alone
		if err == nil {
			sockets <- ws
		}
	})
	return mux
}

// serveFixture serves a video as IVF, or one loop of a tone as samples.
func serveFixture(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	m, err := fixtures.Load()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if id, ok := strings.CutSuffix(name, ".ivf"); ok {
		if v, err := m.Video(id); err == nil {
			f, err := fixtures.Open(v.File)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			defer f.Close()      //nolint:errcheck // only read
			_, _ = io.Copy(w, f) // the page does not come if it is gone
			return
		}
	}
	if id, ok := strings.CutSuffix(name, ".pcm"); ok {
		if t, err := m.Tone(id); err == nil {
			b, err := samples(t)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = w.Write(b)
			return
		}
	}
	http.NotFound(w, r)
}

// rate is the sample rate of tones in Hz.
const rate = 48000

// samples decodes one loop of a tone. It is the second one, which begins as the first one ends.
func samples(t fixtures.Tone) ([]byte, error) {
	packets, err := t.Packets()
	if err != nil {
		return nil, err
	}
	d, err := opus.NewDecoderWithOutput(rate, 1)
	if err != nil {
		return nil, err
	}
	out := make([]float32, rate*t.PacketMS/1000)
	var b []byte
	for loop := range 2 {
		for _, p := range packets {
			n, err := d.DecodeToFloat32(p.Data, out)
			if err != nil {
				return nil, err
			}
			if loop == 0 {
				continue
			}
			for _, s := range out[:n] {
				b = binary.LittleEndian.AppendUint16(b, uint16(int16(max(-1, min(1, s))*32767)))
			}
		}
	}
	return b, nil
}
