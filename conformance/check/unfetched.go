package check

import (
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
)

// unfetched returns a finding if the suite could not get the file of an archive of the scenario: what only files show, the
// scenario then does not show.
func unfetched(f *facts.Facts, clause, scenario string) (verdict.Finding, bool) {
	found := verdict.Finding{Clause: clause, Expected: "what the clause demands, in scenario " + scenario, Actual: "could not be shown"}
	for _, d := range f.Downloads() {
		if d.R.Scenario == scenario && !d.Forged && len(d.H.Objects) == 0 && (!d.Served() || d.R.Exchange.Error != "") {
			found.Blocked, found.Where = "the file could not be fetched: "+strings.TrimSpace(fetch(d.R)), refs([]evidence.Record{d.R})
			return found, true
		}
	}
	for _, r := range f.View.Scenario(scenario).Exchanges(evidence.GetArchive).Records {
		var a struct{ URL, Status string }
		if strings.HasSuffix(r.Label, ".link") && r.Exchange.Decode(&a) == nil && a.URL == "" && a.Status == "available" {
			found.Blocked, found.Where = "the file could not be fetched: the archive has no url", refs([]evidence.Record{r})
			return found, true
		}
	}
	return found, false
}

// fetch describes the answer to a download.
func fetch(r evidence.Record) string {
	if r.Exchange.Response != nil && r.Exchange.Error != "" {
		return r.Exchange.Error
	}
	return Outcome(r)
}
