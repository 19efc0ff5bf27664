package cost

import (
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/target/config"
)

// TestOptional leaves out the archives for capabilities that a target does not declare, also of those whose callback came before
// the answer to their start.
func TestOptional(t *testing.T) {
	started := func(id, label string) evidence.Record {
		r := answered(evidence.StartArchive, 0, "one", `{"id":"`+id+`","sessionId":"one","status":"started"}`)
		r.Scenario, r.Label = scenarios.Refusals, label
		return r
	}
	session := answered(evidence.CreateSession, 0, "one", `[]`)
	early := evidence.Record{Scenario: scenarios.Refusals, Label: "webhook", Webhook: &evidence.Webhook{Body: evidence.Body{Text: `{"id":"c","sessionId":"one","status":"started"}`}}}
	download := evidence.Record{Scenario: scenarios.Refusals, IDs: map[string]string{evidence.Archive: "c"}, Object: &evidence.Object{Size: 50, SHA256: "sum"}}
	var c Counter
	c.Add(session, started("a", "start.unknown-field"), started("b", "edge.qp-least"), early, started("c", "edge.bitrate-most"), download)
	got := c.Sums()[scenarios.Refusals]
	for _, tt := range []struct {
		has      []config.Capability
		archives int
		received int64
	}{{nil, 1, 0}, {[]config.Capability{config.QP}, 2, 0}, {[]config.Capability{config.QP, config.Bitrate}, 3, 50}} {
		if sum := got.For(config.File{Capabilities: tt.has}); sum.Archives != tt.archives || sum.Received != tt.received {
			t.Errorf("with %v: %+v", tt.has, sum)
		}
	}
	if total := c.Total(); total.Archives != 3 || total.Received != 50 {
		t.Errorf("in all: %+v", total)
	}
}

// TestOptionalNeedsAreCapabilities finds misspelt ones.
func TestOptionalNeedsAreCapabilities(t *testing.T) {
	everything := config.File{Capabilities: config.Capabilities}
	for _, o := range optional {
		sum := Scenario{}.with(Cost{Archives: 1}, o.need)
		if sum.For(everything).Archives != 1 || sum.For(config.File{}).Archives != 0 {
			t.Errorf("%s, %s: needs %q", o.scenario, o.label, o.need)
		}
	}
}
