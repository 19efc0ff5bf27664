package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestSilenceHasOneCause checks that callbacks which never come break one clause, and that the others follow from it.
func TestSilenceHasOneCause(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	start := &evidence.Exchange{Operation: evidence.StartArchive, Started: time.Unix(1, 0), Request: evidence.Request{Method: "POST", URL: "http://t/v2/project/p/archive"},
		Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: `{"id":"a1","sessionId":"s1","status":"started"}`}}}
	late := &evidence.Watch{What: "webhooks", Until: "webhooks started", Deadline: 29998515526 * time.Nanosecond}
	last := &evidence.Watch{What: "webhooks", Until: "webhooks started"}
	ids := map[string]string{evidence.Archive: "a1"}
	silent := []evidence.Record{{Label: "start", Exchange: start}, {Label: "hooks", IDs: ids, Watch: late}, {Label: "hooks", IDs: ids, Watch: last},
		{Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}}}
	others := append(slices.Clip(silent), evidence.Record{Label: "webhook", Webhook: &evidence.Webhook{Method: "POST", Path: "/", Body: evidence.Body{Text: `{}`}}})
	for want, records := range map[string][]evidence.Record{"no callback came at all from the target; is": silent, "no callback about the archive": others} {
		records = slices.Clone(records)
		for i := range records {
			records[i].Seq, records[i].Time, records[i].Scenario = int64(i+1), time.Unix(int64(i+1), 0), scenarios.Pair
		}
		for _, v := range Grade(l, evidence.View{}.With(records), []string{"callback"}, "ARC-CB-05", "ARC-CB-09", "ARC-CB-16", "ARC-CB-18") {
			switch {
			case v.Clause != "ARC-CB-18":
				if v.Outcome != verdict.Inconclusive || !slices.Equal(v.BlockedBy, []string{"ARC-CB-18"}) {
					t.Errorf("%+v", v)
				}
			case v.Outcome != verdict.Fail || !strings.HasPrefix(v.Findings[0].Actual, want):
				t.Errorf("%+v, want %q", v, want)
			case len(records) > len(silent) && (v.Findings[0].Expected != "webhooks started within 30s" || v.Findings[1].Expected != "webhooks started in time"):
				t.Errorf("times are not told in whole seconds: %+v", v)
			}
		}
	}
}
