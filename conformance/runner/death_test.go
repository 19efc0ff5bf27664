package runner

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

func watched(t *testing.T, f config.File) *environment {
	t.Helper()
	tg, err := launch.Start(context.Background(), f, "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = tg.Close(), j.Close() }) // it has ended by itself
	return &environment{target: tg, journal: j, began: time.Now()}
}

// TestTargetDies checks that a launched target that ends by itself ends the scenarios, and that the evidence says so.
func TestTargetDies(t *testing.T) {
	s := watched(t, config.File{Launch: &config.Launch{Command: []string{"sh", "-c", `echo '{"url":"http://127.0.0.1:9"}'; exit 7`}}})
	err := s.attend(context.Background(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	died := report.Died(s.journal.View())
	if err != nil || died == nil || !strings.Contains(died.Harness.Message, "ended by itself (exit status 7)") || !s.gone() {
		t.Errorf("%v, %+v", err, died)
	}
}

// TestTargetAnswersNoMore is the same for a target that the suite has not launched.
func TestTargetAnswersNoMore(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	s := watched(t, config.File{URL: server.URL})
	live := func(context.Context) error { return nil }
	if err := s.attend(context.Background(), live); err != nil || s.gone() {
		t.Fatalf("%v: a living target counts as dead", err)
	}
	answered := time.Now().Add(-time.Minute).UTC()
	if _, err := s.journal.Append(evidence.Record{Scenario: "list", Exchange: &evidence.Exchange{Started: answered, Response: &evidence.Response{Status: 200}}}); err != nil {
		t.Fatal(err)
	}
	err := s.attend(context.Background(), func(context.Context) error { server.Close(); return nil })
	died := report.Died(s.journal.View())
	if err != nil || died == nil || !strings.Contains(died.Harness.Message, "the target answers no more (dial tcp ") || !died.Time.Equal(answered) {
		t.Errorf("%v, %+v", err, died)
	}
}

// TestAlive checks that nothing is judged by what was seen of a dead target.
func TestAlive(t *testing.T) {
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	step := func(seq int64, name string, after time.Duration, o evidence.Outcome) evidence.Record {
		return evidence.Record{Seq: seq, Time: at.Add(after), Scenario: name, Label: "scenario", Step: &evidence.Step{Outcome: o}}
	}
	v := evidence.View{Records: []evidence.Record{step(1, "first", 0, evidence.Began), step(2, "second", 0, evidence.Began),
		{Seq: 3, Time: at, Scenario: "second", Exchange: &evidence.Exchange{Started: at}}, step(4, "first", time.Second, evidence.Done)}}
	if got := alive(v); len(got.Records) != 4 {
		t.Errorf("%d records of a living target, want all", len(got.Records))
	}
	v.Records = append(v.Records, evidence.Record{Seq: 5, Time: at.Add(2 * time.Second), Harness: &evidence.Harness{Kind: evidence.TargetEnded}},
		step(6, "second", 3*time.Second, evidence.Blocked))
	var seqs []int64
	for _, r := range alive(v).Records {
		seqs = append(seqs, r.Seq)
	}
	if len(seqs) != 4 || seqs[0] != 1 || seqs[1] != 2 || seqs[2] != 4 || seqs[3] != 5 {
		t.Errorf("records %v are left, want 1, 2, 4 and 5", seqs)
	}
}
