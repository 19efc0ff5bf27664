package liveness

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

func watched(t *testing.T, f config.File) *Watch {
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
	return &Watch{Target: tg, Journal: j, Began: time.Now(), Patience: 300 * time.Millisecond}
}

// call records an exchange that began so long ago and took so long; a status of 0 is no answer.
func (w *Watch) call(t *testing.T, path string, ago, took time.Duration, status int) (over time.Time) {
	t.Helper()
	x := &evidence.Exchange{Started: time.Now().Add(-ago).UTC(), Duration: took, Request: evidence.Request{Method: "GET", URL: w.Target.Credentials.URL + path}}
	if x.Error = "no complete response within 10s"; status != 0 {
		x.Error, x.Response = "", &evidence.Response{Status: status}
	}
	if _, err := w.Journal.Append(evidence.Record{Scenario: "list", Exchange: x}); err != nil {
		t.Fatal(err)
	}
	return x.Started.Add(took)
}

func waitForEnd(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func live(context.Context) error { return nil }

// TestTargetDies checks that a launched target that ends by itself ends the scenarios, and that the evidence says so.
func TestTargetDies(t *testing.T) {
	w := watched(t, config.File{Launch: &config.Launch{Command: []string{"sh", "-c", `echo '{"url":"http://127.0.0.1:9"}'; exit 7`}}})
	err := w.During(context.Background(), waitForEnd)
	if died := report.Died(w.Journal.View()); err != nil || died == nil || !strings.Contains(died.Harness.Message, "ended by itself (exit status 7)") {
		t.Errorf("%v, %+v", err, died)
	}
}

// TestTargetAnswersNoMore is the same for a target that the suite has not launched.
func TestTargetAnswersNoMore(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	w := watched(t, config.File{URL: server.URL})
	answered := w.call(t, "/", time.Minute, time.Second, 200)
	err := w.During(context.Background(), func(context.Context) error { server.Close(); return nil })
	died := report.Died(w.Journal.View())
	if err != nil || died == nil || !strings.Contains(died.Harness.Message, "the target answers no more (dial tcp ") || !died.Time.Equal(answered) {
		t.Errorf("%v, %+v", err, died)
	}
}

// TestTargetHangs checks that a target counts as gone that accepts connections and answers nothing, since its last answer.
func TestTargetHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	w := watched(t, config.File{URL: server.URL})
	answered := w.call(t, "/", time.Minute, time.Second, 200)
	w.call(t, "/", 50*time.Second, 10*time.Second, 0)
	err := w.During(context.Background(), waitForEnd)
	died := report.Died(w.Journal.View())
	if err != nil || died == nil || !strings.Contains(died.Harness.Message, "the target answers no more (no answer within 300ms)") || !died.Time.Equal(answered) {
		t.Errorf("%v, %+v, %+v", err, died, died.Harness)
	}
}

// TestTargetHasNeverAnswered checks that nothing counts against a target that answered nothing at all.
func TestTargetHasNeverAnswered(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	w := watched(t, config.File{URL: server.URL})
	w.call(t, "/", 0, 10*time.Second, 0)
	if err := w.During(context.Background(), waitForEnd); err != nil {
		t.Fatal(err)
	}
	if left := Alive(w.Journal.View()).Scenarios(); len(left) > 0 {
		t.Errorf("%v are judged", left)
	}
}

// TestTheAdapterIsGone checks that the scenarios end when the adapter of the clients is gone, and that nothing counts against the target.
func TestTheAdapterIsGone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	w := watched(t, config.File{URL: server.URL})
	clients := make(chan struct{})
	w.Clients = clients
	err := w.During(context.Background(), func(ctx context.Context) error {
		w.call(t, "/", 0, 0, 500)
		if _, err := w.Journal.Append(evidence.Record{Time: time.Now().Add(-time.Second), Harness: &evidence.Harness{Kind: evidence.AdapterEnded}}); err != nil {
			t.Error(err)
		}
		close(clients)
		return waitForEnd(ctx)
	})
	if left := Alive(w.Journal.View()).Scenarios(); err != nil || len(left) > 0 {
		t.Errorf("%v: %v are judged", err, left)
	}
}

// TestTargetLives checks that a target does not count as gone for one answer that came late or not at all.
func TestTargetLives(t *testing.T) {
	var slow atomic.Int64 // milliseconds
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/answers" {
			<-r.Context().Done()
		}
		time.Sleep(time.Duration(slow.Load()) * time.Millisecond)
	}))
	defer server.Close()
	for name, calls := range map[string]func(*Watch){
		"no request":          func(*Watch) {},
		"a route hangs":       func(w *Watch) { w.call(t, "/answers", time.Minute, time.Second, 200); w.call(t, "/hangs", 0, 0, 0) },
		"others are answered": func(w *Watch) { w.call(t, "/hangs", time.Minute, 0, 0); w.call(t, "/answers", 0, 0, 404) },
		"slow once": func(w *Watch) {
			slow.Store(200)
			w.call(t, "/answers", time.Minute, 0, 200)
			w.call(t, "/answers", 0, 0, 0)
		},
	} {
		w := watched(t, config.File{URL: server.URL})
		calls(w)
		if err := w.During(context.Background(), live); err != nil || report.Died(w.Journal.View()) != nil {
			t.Errorf("%s: %v: a living target counts as gone", name, err)
		}
		slow.Store(0)
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
	if got := Alive(v); len(got.Records) != 4 {
		t.Errorf("%d records of a living target, want all", len(got.Records))
	}
	v.Records = append(v.Records, evidence.Record{Seq: 5, Time: at.Add(2 * time.Second), Harness: &evidence.Harness{Kind: evidence.TargetEnded}},
		step(6, "second", 3*time.Second, evidence.Blocked))
	var seqs []int64
	for _, r := range Alive(v).Records {
		seqs = append(seqs, r.Seq)
	}
	if len(seqs) != 4 || seqs[0] != 1 || seqs[1] != 2 || seqs[2] != 4 || seqs[3] != 5 {
		t.Errorf("records %v are left, want 1, 2, 4 and 5", seqs)
	}
}
