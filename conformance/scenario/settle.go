package scenario

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
)

// settle waits for a webhook about every status that the flow has read, so that its end does not cut them off.
func (f *Flow) settle(ctx context.Context) error {
	end := time.Now().Add(Arrival)
	read := statusesRead(f.Journal.View().Scenario(f.Scenario.Name))
	for _, id := range slices.Sorted(maps.Keys(read)) {
		if err := f.AwaitHooks(ctx, "hooks.settled", id, max(time.Until(end), 0), read[id]...); err != nil {
			return err
		}
	}
	return nil
}

// statusesRead returns the statuses that answers show of the archives of the flow's sessions, by archive. No source
// promises callbacks about deleted archives.
func statusesRead(v evidence.View) map[string][]string {
	type archive struct{ ID, SessionID, Status string }
	read, own := map[string][]string{}, map[string]bool{}
	for _, r := range v.Records {
		own[r.IDs[evidence.Session]] = true
	}
	for _, r := range v.Records {
		if r.Exchange == nil || r.Exchange.Response == nil || r.Exchange.Response.Status != http.StatusOK {
			continue
		}
		var answer struct {
			archive
			Items []archive
		}
		_ = r.Exchange.Response.Body.Decode(&answer) // an unreadable body is recorded as it is
		for _, a := range append(answer.Items, answer.archive) {
			if a.SessionID != "" && own[a.SessionID] && a.Status != "" && a.Status != "deleted" && !slices.Contains(read[a.ID], a.Status) {
				read[a.ID] = append(read[a.ID], a.Status)
			}
		}
	}
	return read
}
