package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/report/timeline"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Build joins the ledger, the verdicts and the evidence of a run. The caller fills in Suite, Target and the other
// members of Run.
func Build(ledger spec.Ledger, verdicts []verdict.Verdict, v evidence.View, excused map[string]bool) *Report {
	r := &Report{Format: Format, Counts: verdict.Count(verdicts), Profiles: scorecards(ledger, verdicts)}
	for _, verdict := range verdicts {
		if cl, ok := ledger.Clause(verdict.Clause); ok {
			r.Clauses = append(r.Clauses, clause(ledger, cl, verdict, excused))
		}
	}
	for _, cl := range ledger.Clauses {
		if cl.Verify != spec.Excluded && !slices.ContainsFunc(verdicts, func(v verdict.Verdict) bool { return v.Clause == cl.ID }) {
			r.Run.NotSelected++
		}
	}
	r.blame()
	if end := Died(v); end != nil && end.Harness.Kind == evidence.AdapterEnded {
		r.Run.Adapter = end.Harness.Message
	} else if end != nil {
		r.Run.Died = end.Harness.Message
	}
	r.Run.Stopped = Stopped(v)
	r.Exhibits = exhibit.Choose(ledger, verdicts, v)
	for _, name := range v.Scenarios() {
		r.Scenarios = append(r.Scenarios, scenario(name, v.Scenario(name)))
	}
	return r
}

// blame notes at each failed clause which others it blocks.
func (r *Report) blame() {
	for i := range r.Clauses {
		owner := &r.Clauses[i]
		for _, c := range r.Clauses {
			if owner.Outcome == verdict.Fail && slices.Contains(c.BlockedBy, owner.ID) {
				owner.Blocks = append(owner.Blocks, c.ID)
			}
		}
	}
}

// Told reports whether the report tells of the clause under a failed one, which blocks it.
func (r *Report) Told(c Clause) bool {
	return slices.ContainsFunc(r.Clauses, func(owner Clause) bool { return slices.Contains(owner.Blocks, c.ID) })
}

// Fingerprint returns the SHA-256 of the ledger's clauses. It tells verdicts by different ledgers apart.
func Fingerprint(ledger spec.Ledger) string {
	text, err := json.Marshal(ledger.Clauses)
	if err != nil {
		panic("report: internal error: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func clause(ledger spec.Ledger, cl spec.Clause, v verdict.Verdict, excused map[string]bool) Clause {
	origin := ledger.Origin(cl)
	c := Clause{
		ID: cl.ID, Section: origin.Title, Documents: origin.Links, Chapter: chapterTitle(ledger, cl), Level: string(cl.Level), Title: cl.Title,
		Text: cl.Text, Reading: cl.Reading, Outcome: v.Outcome, Reason: v.Reason, Time: v.Time,
		Known: excused[cl.ID], BlockedBy: v.BlockedBy, Findings: v.Findings, Proof: v.Proof,
	}
	if cl.Tolerance != nil {
		c.Tolerance = fmt.Sprintf("%s: %s", cl.Tolerance.Allow, cl.Tolerance.Reason)
	}
	var needs []string
	for _, need := range cl.Capability {
		needs = append(needs, string(need))
	}
	c.Capability = strings.Join(needs, ", ")
	return c
}

func chapterTitle(ledger spec.Ledger, cl spec.Clause) string {
	for _, ch := range ledger.Chapters {
		if ch.Key == cl.Chapter() {
			return ch.Title
		}
	}
	return cl.Chapter()
}

// scenario returns what was seen in one flow.
func scenario(name string, v evidence.View) Scenario {
	s := Scenario{Name: name, Title: name, State: string(evidence.Began)}
	for _, r := range v.Label("scenario").Steps().Records {
		switch {
		case r.Step.Outcome == evidence.Began && r.Step.Text != "":
			s.Title = r.Step.Text
		default:
			s.Reason = r.Step.Text
		}
		s.State = string(r.Step.Outcome)
	}
	s.Lanes, s.Millis = timeline.Of(v)
	s.Frames = frames(v)
	return s
}

// frames returns the sample pictures of all files.
func frames(v evidence.View) []Frame {
	var out []Frame
	for _, r := range v.Media().Records {
		for _, still := range exhibit.Stills(*r.Media) {
			out = append(out, Frame{Caption: fmt.Sprintf("%s at %.1f s", strings.TrimSuffix(r.Label, ".media"), still.At), Blob: still.Blob})
		}
	}
	return out
}

// Died returns the record that says how the target, or the adapter of the clients, ended while the target was judged, or nil.
func Died(v evidence.View) *evidence.Record {
	for _, r := range v.Harness().Records {
		if r.Harness.Kind == evidence.TargetEnded || r.Harness.Kind == evidence.AdapterEnded {
			return &r
		}
	}
	return nil
}

// Stopped says which cap stopped the run of the evidence, or returns "".
func Stopped(v evidence.View) string {
	for _, r := range v.Harness().Records {
		if r.Harness.Kind == evidence.RunStopped {
			return r.Harness.Message
		}
	}
	return ""
}

// Refused says which credentials of the target file the target never accepted, or returns "". Those of the control API are made by the target.
func Refused(v evidence.View) string {
	for _, as := range []struct {
		evidence.Identity
		members string
	}{{evidence.AsUnified, "applicationId and privateKeyFile"}, {evidence.AsLegacy, "apiKey and apiSecret"}} {
		refused, other := 0, 0
		for _, r := range v.Exchanges().Records {
			switch e := r.Exchange; {
			case e.Identity == evidence.AsControl:
				return ""
			case e.Identity != as.Identity || e.Flaw != evidence.NoFlaw:
			case e.Status() == http.StatusUnauthorized || e.Status() == http.StatusForbidden:
				refused = e.Status()
			default:
				other++
			}
		}
		if refused != 0 && other == 0 {
			return fmt.Sprintf("The target refuses the credentials: it answered every call with %d; are %s those of the target file's application?", refused, as.members)
		}
	}
	return ""
}

// host returns the host of a target's address, without credentials.
func host(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// Unjudged are clauses that say neither yes nor no about the target, for one reason.
type Unjudged struct {
	Why     string
	Clauses []string // ids
}

// Unjudged returns the clauses that were not judged, by reason, without those that a broken one blocks. A verdict of conformance does not cover them.
func (r *Report) Unjudged() []Unjudged {
	var out []Unjudged
	for _, c := range r.Clauses {
		if c.Outcome == verdict.Pass || c.Outcome == verdict.Fail || r.Told(c) {
			continue
		}
		why := strings.ReplaceAll(string(c.Outcome), "-", " ")
		switch {
		case c.Reason != "":
			why += ": " + c.Reason
		case len(c.BlockedBy) > 0: // by clauses that were not selected
			why += ": what was found follows from " + strings.Join(c.BlockedBy, ", ")
		}
		i := slices.IndexFunc(out, func(u Unjudged) bool { return u.Why == why })
		if i < 0 {
			i = len(out)
			out = append(out, Unjudged{Why: why})
		}
		out[i].Clauses = append(out[i].Clauses, c.ID)
	}
	return out
}

// BlockedOf returns the clauses that a broken one blocks.
func (r *Report) BlockedOf(owner Clause) []Clause {
	var out []Clause
	for _, c := range r.Clauses {
		if slices.Contains(owner.Blocks, c.ID) {
			out = append(out, c)
		}
	}
	return out
}
