package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Build joins the ledger, the verdicts and the evidence of a run. The caller fills in Suite, Target and Run.
func Build(ledger spec.Ledger, verdicts []verdict.Verdict, v evidence.View, excused map[string]bool) *Report {
	r := &Report{Format: Format, Counts: verdict.Count(verdicts)}
	for _, verdict := range verdicts {
		if cl, ok := ledger.Clause(verdict.Clause); ok {
			r.Clauses = append(r.Clauses, clause(ledger, cl, verdict, excused))
		}
	}
	r.blame()
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
	first, ok := v.First()
	if !ok {
		return s
	}
	last, _ := v.Last()
	s.Millis = last.Time.Sub(first.Time).Milliseconds()
	t := timeline{view: v, zero: first.Time, end: s.Millis}
	s.Lanes = t.lanes()
	s.Frames = frames(v)
	return s
}

// frames returns the sample pictures of a forensics report, whose blob names are in "frames".
func frames(v evidence.View) []Frame {
	var out []Frame
	for _, r := range v.Media().Records {
		var kept struct {
			Frames []struct {
				At   float64 `json:"at"`
				Blob string  `json:"blob"`
			} `json:"frames"`
		}
		if json.Unmarshal(r.Media.Report, &kept) != nil {
			continue
		}
		for _, f := range kept.Frames {
			png, err := v.Bytes(evidence.Body{SHA256: f.Blob, Size: 1})
			if err == nil {
				out = append(out, Frame{Caption: fmt.Sprintf("%s at %.1f s", strings.TrimSuffix(r.Label, ".media"), f.At), PNG: png})
			}
		}
	}
	return out
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
