package facts

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

// TestGuestsAreThereOnceTheirOfferIsAccepted: a start just after it, and before the first packet, is in a session with a
// client.
func TestGuestsAreThereOnceTheirOfferIsAccepted(t *testing.T) {
	ids := map[string]string{evidence.Session: "s"}
	offer := evidence.Record{Seq: 1, Time: noon, Scenario: "pair", Label: "publish.alice", IDs: ids, Exchange: &evidence.Exchange{Operation: evidence.PublishStream,
		Started: noon, Duration: time.Second, Response: &evidence.Response{Status: 201}}}
	track := evidence.Record{Seq: 2, Time: after(3 * time.Second), Scenario: "pair", Label: "published.alice.audio", IDs: ids,
		Published: &evidence.Published{Client: "alice", Kind: "audio", First: after(3 * time.Second)}}
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := Sort(ledger, evidence.View{}.With([]evidence.Record{offer, track})).Sessions["s"]
	for at, want := range map[time.Duration]bool{500 * time.Millisecond: false, 2 * time.Second: true} {
		if s.connected(after(at)) != want {
			t.Errorf("after %v: connected %v", at, !want)
		}
	}
	if !s.Streams[0].From.Equal(track.Published.First) {
		t.Errorf("the stream begins at %v, want its first packet", s.Streams[0].From)
	}
}
