package scenario

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target/config"
)

// TestFlowsAwaitTheirCallbacks: callbacks about archives that were read alone, and in a list, come after the last step.
func TestFlowsAwaitTheirCallbacks(t *testing.T) {
	e := bare(t, 1)
	e.Target.File.Capabilities = append(e.Target.File.Capabilities, config.Callback)
	hooks, err := sink.OpenWebhooks(t.Context(), config.WebhookSink{}, e.Journal)
	if err != nil {
		t.Fatal(err)
	}
	defer hooks.Close()
	e.Hooks = hooks
	written := make(chan error, 2)
	done(t, e, Scenario{Name: "ends early", Within: 100 * time.Millisecond, Run: func(_ context.Context, f *Flow) error {
		for label, body := range map[string]string{
			"get":  `{"id":"one","sessionId":"1_own","status":"stopped"}`,
			"list": `{"items":[{"id":"two","sessionId":"1_own","status":"started"},{"id":"three","sessionId":"1_foreign","status":"started"}]}`,
		} {
			if err := f.Append(evidence.Record{Label: label, IDs: map[string]string{evidence.Session: "1_own"}, Exchange: &evidence.Exchange{
				Response: &evidence.Response{Status: http.StatusOK, Body: evidence.Body{Text: body}}}}); err != nil {
				return err
			}
		}
		for id, status := range map[string]string{"one": "stopped", "two": "started"} {
			time.AfterFunc(200*time.Millisecond, func() {
				written <- f.Append(evidence.Record{Label: "webhook", IDs: About(id), Webhook: &evidence.Webhook{Body: evidence.Body{Text: `{"status":"` + status + `"}`}}})
			})
		}
		return nil
	}})
	for range 2 {
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	records := e.Journal.View().Scenario("ends early").Records
	at := func(match func(evidence.Record) bool) int { return slices.IndexFunc(records, match) }
	end := at(func(r evidence.Record) bool { return r.Step != nil && r.Step.Outcome == evidence.Done })
	for _, id := range []string{"one", "two"} {
		hook := at(func(r evidence.Record) bool { return r.Webhook != nil && r.IDs[evidence.Archive] == id })
		if hook < 0 || hook > end {
			t.Errorf("the callback about archive %s is record %d, the scenario ended with %d", id, hook, end)
		}
	}
}
