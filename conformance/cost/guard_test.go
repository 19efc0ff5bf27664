package cost

import (
	"bytes"
	"context"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
)

// TestGuardStopsTheRun starts one archive more than the run may.
func TestGuardStopsTheRun(t *testing.T) {
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	g := Watch(t.Context(), j, Caps{Archives: 1}, func() { close(stopped) })
	for _, id := range []string{"a", "b"} {
		body := `{"id":"` + id + `","sessionId":"one","status":"started"}`
		r := evidence.Record{Scenario: "s", IDs: map[string]string{evidence.Session: "one"}, Exchange: &evidence.Exchange{
			Operation: evidence.StartArchive, Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: body}}}}
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	<-stopped
	<-g.Done
	if last, _ := j.View().Harness().Last(); g.Err != nil || last.Harness == nil || last.Harness.Message != "--max-archives 1, after 2 archives" {
		t.Errorf("%v, %+v", g.Err, last.Harness)
	}
}

// TestGuardStopsADownload writes a file that is not complete, and one that never will be.
func TestGuardStopsADownload(t *testing.T) {
	for name, give := range map[string]func(*evidence.BlobWriter){"running": func(*evidence.BlobWriter) {}, "given up": (*evidence.BlobWriter).Abort} {
		t.Run(name, func(t *testing.T) {
			j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			stopped := make(chan struct{})
			g := Watch(ctx, j, Caps{Bytes: 1000}, func() { close(stopped) })
			for _, bytes := range []int{600, 500} {
				b, err := j.Blob()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.Write(make([]byte, bytes)); err != nil {
					t.Fatal(err)
				}
				give(b)
			}
			<-g.Done
			if last, _ := j.View().Harness().Last(); last.Harness == nil || last.Harness.Message != "--max-bytes 1000, after 1100 bytes sent and received" {
				t.Errorf("%+v", last.Harness)
			}
		})
	}
}

// TestGuardCountsAKeptFileOnce keeps a file that is as long as the cap.
func TestGuardCountsAKeptFileOnce(t *testing.T) {
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum, size, err := j.Keep(bytes.NewReader(make([]byte, 1000)))
	if err == nil {
		_, err = j.Append(evidence.Record{Scenario: "s", Object: &evidence.Object{Store: "cloud", Size: size, SHA256: sum}})
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g := Watch(ctx, j, Caps{Bytes: 1000}, func() { t.Error("stopped") })
	cancel()
	<-g.Done
}
