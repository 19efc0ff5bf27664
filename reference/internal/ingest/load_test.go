package ingest

import (
	"runtime"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/archive"
)

// TestCloseWaits checks that a closed server leaves no goroutine behind, whatever its publications were doing.
func TestCloseWaits(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newSession()
	s, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 10)
	eventually(t, "stream", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.streams) == 1 })
	if _, err := s.Offer(t.Context(), Publisher{Stream: archive.Stream{ID: "other"}}, browserOffer); err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
	if got := r.endings(); len(got) != 1 || got[0] != NetworkDisconnected {
		t.Fatalf("endings: %q", got)
	}
	if _, err := s.Offer(t.Context(), Publisher{Stream: archive.Stream{ID: "late"}}, browserOffer); !refusedWith(err, 503) {
		t.Fatalf("offer after close: %v", err)
	}
	must(t, c.pc.GracefulClose())
	web.Close()
	eventually(t, "goroutines gone", func() bool {
		web.Client().CloseIdleConnections()
		return runtime.NumGoroutine() <= before+2
	})
}

// BenchmarkPublications prints the memory and goroutines of an open, silent publication.
func BenchmarkPublications(b *testing.B) {
	r := newSession()
	s, err := New(Config{Listen: "127.0.0.1:0", Now: r.now}, r)
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	for i := range b.N {
		if _, err := s.Offer(b.Context(), Publisher{Stream: archive.Stream{ID: time.Duration(i).String()}}, browserOffer); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/float64(b.N), "held-B/op")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/float64(b.N), "goroutines/op")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
