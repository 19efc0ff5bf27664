package check

import (
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
)

// unfetched returns a finding if the suite could not get the file of an archive of the scenario, or an answer that it can use: what only
// those show, the scenario then does not show.
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
	for _, r := range slices.Backward(f.View.Scenario(scenario).Exchanges().Records) {
		if why := unusable(f, r); why != "" {
			found.Blocked, found.Where = string(r.Exchange.Operation)+" got no usable answer: "+why, refs([]evidence.Record{r})
			return found, true
		}
	}
	return found, false
}

// unusable says why the answer to a proper call of the API tells nothing, or returns "".
func unusable(f *facts.Facts, r evidence.Record) string {
	switch e := r.Exchange; {
	case !facts.RestCall(r) || !f.Sound(r) || e.Error == evidence.Interrupted:
		return ""
	case e.Response == nil:
		return e.Error
	case e.Status()/100 == 2:
		return e.Unread()
	}
	return ""
}

// fetch describes the answer to a download.
func fetch(r evidence.Record) string {
	if r.Exchange.Response != nil && r.Exchange.Error != "" {
		return r.Exchange.Error
	}
	return Outcome(r)
}
