package cost

import (
	"testing"

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
