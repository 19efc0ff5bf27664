package facts

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

// TestAnArchiveIsOfWhoStartedIt: on a shared application, a list of another scenario may be answered before the start is.
func TestAnArchiveIsOfWhoStartedIt(t *testing.T) {
	const object = `{"id":"a","sessionId":"s","status":"started"}`
	answer := func(scenario string, op evidence.Operation, body string) evidence.Record {
		return evidence.Record{Time: noon, Scenario: scenario, IDs: map[string]string{evidence.Archive: "a"}, Exchange: &evidence.Exchange{Operation: op,
			Started: noon, Duration: time.Second, Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: body}}}}
	}
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	records := []evidence.Record{answer("auth", evidence.ListArchives, `{"count":1,"items":[`+object+`]}`), answer("rates", evidence.StartArchive, object)}
	if got := Sort(ledger, evidence.View{}.With(records)).ByID["a"].Scenario; got != "rates" {
		t.Errorf("it is of %s", got)
	}
}
