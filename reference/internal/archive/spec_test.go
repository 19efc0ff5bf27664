package archive

import (
	"slices"
	"testing"
	"time"

	"reelcheck/spec"
)

// TestTablesAgreeWithTheLedger compares two independent readings of the specification.
func TestTablesAgreeWithTheLedger(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]time.Duration{
		"recorded-time.max": MaxRecorded, "total-time.max": MaxTotal, "idle-time.max": MaxIdle, "first-publisher.max": FirstPublisher,
		"without-clients.max": MaxEmpty, "cloud.period": Retention, "upload.period": Retention, "upload.period-with-fallback.min": FallbackAfter,
	} {
		if want, ok := ledger.Limit(name); !ok || want.Duration() != got {
			t.Errorf("%s: %v here, %v in the ledger", name, got, want.Duration())
		}
	}
	for name, got := range map[string]int64{
		"bitrate.min": minBitrate, "bitrate.max": maxBitrate, "qp.min": minQuantizer, "qp.max": maxQuantizer,
		"individual.video-streams.max": MaxVideoStreams, "audio-streams.max": MaxAudioStreams,
	} {
		if want, ok := ledger.Limit(name); !ok || want.Value != got {
			t.Errorf("%s: %v here, %v in the ledger", name, got, want.Value)
		}
	}
	list, _ := ledger.List("resolution")
	if !slices.Equal(list.Values, Resolutions) || list.Default != DefaultResolution {
		t.Errorf("resolutions: %v here, %v in the ledger", Resolutions, list)
	}
}
