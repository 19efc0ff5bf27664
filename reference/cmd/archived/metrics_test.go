package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/recorder"
)

// TestMetricsOfLosses checks that the metrics of losses exist before anything is lost.
func TestMetricsOfLosses(t *testing.T) {
	r, err := recorder.New(recorder.Config{Dir: t.TempDir(), Media: func() av.Instant { return 0 }, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	answer := httptest.NewRecorder()
	in, err := ingest.New(ingest.Config{Listen: "127.0.0.1:0", Now: func() av.Instant { return 0 }}, nil)
	must(t, err)
	defer func() { must(t, in.Close()) }()
	newMetrics(r, in).page().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"archived_compositions 0", "archived_samples_refused_total 0", "archived_media_lost_seconds_total 0",
		`archived_media_unrecorded_packets_total{reason="keyframe"} 0`, `archived_media_unrecorded_packets_total{reason="unnegotiated"} 0`} {
		if !strings.Contains(answer.Body.String(), "\n"+want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
}
