// Package reporttest has a report for tests, with every outcome and with text of a hostile target in every field that a target can fill.
package reporttest

import (
	"strings"
	"time"

	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Hostile is what a target may send to break out of a report: markup of HTML, XML and Markdown, commands of GitHub's
// runner and of terminals, characters that XML forbids, and bytes that are not UTF-8.
const Hostile = "</script><script>alert(1)</script>]]>\x00\x1b[31m\uFFFE`` ` [x](javascript:alert(1)) ![y](http://evil.example/y.png) | <img src=x onerror=alert(1)>" +
	"\n::error::forged\r\n::stop-commands::x\n##[set-output name=a]b\nconform: 300 passed, 0 failed\n# heading\xff\u202e"

// Began is the instant at which the run of [Sample] began.
var Began = time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)

// Unjudged returns a new report of a run that judged nothing: 1 clause is not applicable, and 1 is pending.
func Unjudged() *report.Report {
	r := Sample()
	r.Clauses = r.Clauses[4:6]
	r.Counts, r.Run.ExitCode = verdict.Counts{NotApplicable: 1, Pending: 1}, verdict.ExitInconclusive
	r.Profiles, r.Scenarios, r.Baseline = nil, nil, nil
	return r
}

// Sample returns a new report, not conformant: 1 of each outcome, 2 more failures of which 1 is excused, and 1 clause that a failure blocks.
func Sample() *report.Report {
	finding := func(id, expected, actual, blocked string, where ...string) verdict.Finding {
		return verdict.Finding{Clause: id, Expected: expected, Actual: actual, Blocked: blocked, Where: where}
	}
	clauses := []report.Clause{
		{ID: "ARC-START-01", Chapter: "Starting", Level: "must", Title: "routed session", Text: "Routed.", Outcome: verdict.Pass, Proof: []string{"refusals/start#12"}},
		{ID: "ARC-START-02", Chapter: "Starting", Level: "must", Title: "no client", Text: "A start is refused while no client is connected.", Outcome: verdict.Fail,
			Blocks: []string{"ARC-LAY-01"}, Documents: []spec.Link{{Name: "guide", URL: "https://example.com/guide"}},
			Findings: []verdict.Finding{finding("ARC-START-02", "404 or 400", "200 "+Hostile, "", "refusals/start.empty#9"), finding("ARC-START-02", "no archive", "1", "")}},
		{ID: "ARC-LAY-01", Chapter: "Layout", Level: "must", Text: "Tiles.", Outcome: verdict.Inconclusive, BlockedBy: []string{"ARC-START-02"},
			Findings: []verdict.Finding{finding("ARC-LAY-01", "tiles", "none", "ARC-START-02: 200")}},
		{ID: "ARC-CB-01", Chapter: "Callbacks", Level: "must", Text: "Each change is announced.", Outcome: verdict.Inconclusive, Reason: "no receiver " + Hostile},
		{ID: "ARC-CB-15", Chapter: "Callbacks", Level: "must", Text: "No resolution.", Outcome: verdict.NotApplicable, Reason: "individual is not declared"},
		{ID: "ARC-CB-29", Chapter: "Callbacks", Level: "should", Text: "Retries.", Outcome: verdict.Pending, Reason: "not verified yet"},
		{ID: "ARC-CB-30", Chapter: "Callbacks", Level: "must", Title: "known", Text: "Known.", Outcome: verdict.Fail, Known: true,
			Findings: []verdict.Finding{finding("ARC-CB-30", "a", "b", "")}},
		{ID: "ARC-CB-34", Chapter: "Callbacks", Level: "must", Text: "Expiry.", Outcome: verdict.Pledged, Reason: "due in 72 h"},
		{ID: "ARC-CB-35", Chapter: "Callbacks", Level: "should", Text: "Recommended.", Outcome: verdict.Fail,
			Findings: []verdict.Finding{finding("ARC-CB-35", "c", "d", "")}},
	}
	counts := verdict.Counts{Passed: 1, Failed: 3, Inconclusive: 2, NotApplicable: 1, Pledged: 1, Pending: 1, Excused: 1}
	return &report.Report{
		Format: report.Format, Counts: counts, Clauses: clauses,
		Suite:     report.Suite{Name: "conform", Version: "0.1.0", LedgerSHA256: strings.Repeat("0a", 32)},
		Target:    report.Target{URL: "http://127.0.0.1:8080", Capabilities: []string{"control", "s3"}, TimeMode: "virtual"},
		Run:       report.Run{ID: "r1", StartedAt: Began, FinishedAt: Began.Add(42 * time.Second), ExitCode: verdict.ExitNonConformant},
		Profiles:  []report.Profile{{Name: "core", Text: "what every service does", Clauses: 190, Judged: 4, Counts: counts, Musts: 2}},
		Scenarios: []report.Scenario{{Name: "refusals", Title: "refusals " + Hostile, State: "done", Millis: 1250}},
		Baseline: []report.Excuse{{Clause: "ARC-CB-30", Reason: "being fixed", Owner: "media", Flaky: true,
			Expires: report.Date{Day: time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC)}}},
	}
}
