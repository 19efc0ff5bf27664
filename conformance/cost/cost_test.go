package cost

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func answered(op evidence.Operation, seconds int, session, body string) evidence.Record {
	r := evidence.Record{Scenario: "s", Time: at(seconds), Exchange: &evidence.Exchange{Operation: op, Started: at(seconds),
		Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: body}}}}
	if session != "" {
		r.IDs = map[string]string{evidence.Session: session}
	}
	return r
}

// TestCounter counts the archives of the suite's own sessions, whoever started them, from the first to the last moment of
// recording that was seen.
func TestCounter(t *testing.T) {
	var c Counter
	c.Add(
		answered(evidence.StartArchive, 0, "one", `{"id":"a","sessionId":"one","status":"started","outputMode":"composed","resolution":"640x480"}`),
		evidence.Record{Scenario: "s", Time: at(1), Webhook: &evidence.Webhook{Body: evidence.Body{Text: `{"id":"a","sessionId":"one","status":"paused"}`}}},
		answered(evidence.ListArchives, 2, "", `{"items":[{"id":"b","sessionId":"one","status":"started","outputMode":"individual"},{"id":"x","sessionId":"of others","status":"started"}]}`),
		answered(evidence.GetArchive, 10, "", `{"id":"a","sessionId":"one","status":"stopped"}`),
		answered(evidence.GetArchive, 20, "", `{"id":"a","sessionId":"one","status":"uploaded"}`),
		evidence.Record{Scenario: "s", Time: at(21), Published: &evidence.Published{SSRC: 1, Epoch: noon, Bytes: 100}},
		evidence.Record{Scenario: "s", Time: at(22), Published: &evidence.Published{SSRC: 1, Epoch: noon, Bytes: 300}},
		evidence.Record{Scenario: "s", Time: at(82), Watch: &evidence.Watch{What: evidence.PolicyTime, Span: evidence.Span{From: at(22), To: at(82)}}},
		evidence.Record{Scenario: "s", Time: at(83), Object: &evidence.Object{Size: 50, SHA256: "sum"}},
		evidence.Record{Scenario: "s", Time: at(84), Object: &evidence.Object{Size: 50}}, // listed, not downloaded
	)
	got := c.Sums()["s"]
	if got.Archives != 2 || got.Seconds["composed 640x480"] != 10 || got.Seconds["individual"] != 82 || got.Sent != 300 || got.Received != 50 || got.Took != 24 {
		t.Errorf("%+v", got)
	}
	if total := c.Total(); total.Minutes()*60 != 92 || total.Archives != 2 {
		t.Errorf("total %+v", total)
	}
}

func TestCaps(t *testing.T) {
	c := Cost{Archives: 3, Seconds: map[string]float64{"individual": 90, "composed 640x480": 30}, Sent: 5, Received: 6}
	for _, tt := range []struct {
		caps Caps
		over bool
	}{
		{Caps{}, false}, {Caps{Archives: 3, Minutes: 2, Bytes: 11}, false}, {Caps{Archives: 2}, true}, {Caps{Minutes: 1.9}, true}, {Caps{Bytes: 10}, true},
	} {
		if err := tt.caps.Exceeded(c); (err != nil) != tt.over {
			t.Errorf("%+v: %v", tt.caps, err)
		}
	}
}

func TestLonger(t *testing.T) {
	c := Cost{Archives: 2, Seconds: map[string]float64{"individual": 3, "composed 640x480": 1}, Took: 4}.Longer(time.Minute)
	if c.Seconds["individual"] != 93 || c.Seconds["composed 640x480"] != 31 || c.Took != 64 || c.Archives != 2 {
		t.Errorf("%+v", c)
	}
}

func TestSchedule(t *testing.T) {
	s := time.Second
	for _, tt := range []struct {
		jobs []Job
		want time.Duration
	}{
		{nil, 0},
		{[]Job{{2, 3 * s}, {2, 4 * s}}, 7 * s},             // one after the other
		{[]Job{{1, 3 * s}, {1, 4 * s}}, 4 * s},             // side by side
		{[]Job{{0, 9 * s}, {2, 3 * s}, {1, 4 * s}}, 9 * s}, // one without slots beside all
		{[]Job{{1, 2 * s}, {1, 5 * s}, {1, 2 * s}, {2, s}}, 6 * s},
	} {
		if got := Schedule(2, tt.jobs); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.jobs, got, tt.want)
		}
	}
}
