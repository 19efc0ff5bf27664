// Package report holds the result of a run, and writes it as JSON with a published schema. It also reads the baseline of known failures. Package
// folder writes all formats into a report folder, package page the one for people.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/report/timeline"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Format is the version of the JSON report.
const Format = "reelcheck.report/2"

// Report is a whole run. Its JSON form is described by report.schema.json.
type Report struct {
	Format    string            `json:"format"`
	Suite     Suite             `json:"suite"`
	Target    Target            `json:"target"`
	Run       Run               `json:"run"`
	Counts    verdict.Counts    `json:"counts"`
	Clauses   []Clause          `json:"clauses"`
	Exhibits  []exhibit.Exhibit `json:"exhibits"` // of the records that findings name
	Scenarios []Scenario        `json:"scenarios"`
	Baseline  []Excuse          `json:"baseline"`
	Profiles  []Profile         `json:"profiles,omitempty"`
}

// Suite says which version of the suite judged, and by which ledger.
type Suite struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	LedgerSHA256 string `json:"ledgerSha256"`
}

// Target describes the target. It holds no credentials.
type Target struct {
	Name         string   `json:"name,omitempty"`
	Organisation string   `json:"organisation,omitempty"`
	Product      string   `json:"product,omitempty"`
	Version      string   `json:"version,omitempty"` // of the product
	Contact      string   `json:"contact,omitempty"` // mail address or URL
	URL          string   `json:"url"`
	Launched     string   `json:"launched,omitempty"` // the command, if the suite started the target
	Capabilities []string `json:"capabilities"`
	TimeMode     string   `json:"timeMode"`
}

// Run describes the run itself.
type Run struct {
	ID          string    `json:"id"`
	StartedAt   time.Time `json:"startedAt"`
	FinishedAt  time.Time `json:"finishedAt"`
	Selection   []string  `json:"selection"` // the selectors given; empty means all clauses
	Interrupted bool      `json:"interrupted"`
	Strict      bool      `json:"strict,omitempty"` // failed recommendations fail the run
	Regraded    bool      `json:"regraded"`         // judged from a recorded bundle
	Evidence    string    `json:"evidence,omitempty"`
	ExitCode    int       `json:"exitCode"`
	Died        string    `json:"died,omitempty"`      // how the target ended while it was judged
	Adapter     string    `json:"adapter,omitempty"`   // how the adapter of the clients ended before that
	Stopped     string    `json:"stopped,omitempty"`   // by which cap
	NoArchive   string    `json:"noArchive,omitempty"` // what kept the target from recording anything
	BrokenOff   string    `json:"brokenOff,omitempty"` // which scenario the target let end early, if no clause failed that says why
	Stale       []Stale   `json:"staleBaseline,omitempty"`
	NotSelected int       `json:"notSelected,omitempty"` // clauses of the ledger
	Records     int       `json:"records,omitempty"`     // of the evidence, so that one which is cut off later is known
}

// Clause is one clause of the ledger with its verdict.
type Clause struct {
	ID         string            `json:"id"`
	Section    string            `json:"section"`             // of the page or of sources.md
	Documents  []spec.Link       `json:"documents,omitempty"` // public documents
	Chapter    string            `json:"chapter"`
	Level      string            `json:"level"`
	Title      string            `json:"title,omitempty"`
	Text       string            `json:"text"`
	Reading    string            `json:"reading,omitempty"`
	Tolerance  string            `json:"tolerance,omitempty"`
	Capability string            `json:"capability,omitempty"`
	Outcome    verdict.Outcome   `json:"outcome"`
	Reason     string            `json:"reason,omitempty"`
	Time       string            `json:"time,omitempty"`
	Known      bool              `json:"known"`               // the baseline expects the failure
	BlockedBy  []string          `json:"blockedBy,omitempty"` // the broken clauses from which all findings follow
	Blocks     []string          `json:"blocks,omitempty"`    // the clauses whose findings follow from this one
	Findings   []verdict.Finding `json:"findings"`
	Proof      []string          `json:"proof"`
}

// Scenario is one flow that was run, with what was seen in it.
type Scenario struct {
	Name   string          `json:"name"`
	Title  string          `json:"title"`
	State  string          `json:"state"` // its last step: began, done, blocked, unmet, unable, unwaited or broken
	Reason string          `json:"reason,omitempty"`
	Millis int64           `json:"millis"`
	Lanes  []timeline.Lane `json:"lanes"`
	Frames []Frame         `json:"frames"`
}

// Frame is a sample picture of an output file. Blob names it in the evidence.
type Frame struct {
	Caption string `json:"caption"`
	Blob    string `json:"blob"`
}

// JSON writes the report as report.schema.json describes it.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r.filled())
}

// readLimit is the largest report in bytes. Those of whole runs with sample pictures have some 10 MB.
const readLimit = 256 << 20

// valuesLimit is how many values a report may have. Those of whole runs have some 100 000.
const valuesLimit = 1 << 20

// Read decodes a JSON report. It counts the verdicts itself: the counts in a report of unknown origin may be anything.
func Read(rd io.Reader) (*Report, error) {
	d := json.NewDecoder(bounded.Values(bounded.Reader(rd, readLimit), valuesLimit))
	d.DisallowUnknownFields()
	r := new(Report)
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("read report: format %q, want %q", r.Format, Format)
	}
	for _, c := range r.Clauses {
		if !slices.Contains(verdict.Outcomes, c.Outcome) {
			return nil, fmt.Errorf("read report: %q: outcome %q, want one of %v", c.ID, c.Outcome, verdict.Outcomes)
		}
	}
	r.Counts = count(r.Clauses)
	for i, p := range r.Profiles {
		r.Profiles[i].Judged = p.Counts.Passed + p.Counts.Failed // reports of earlier versions lack it
	}
	return r, nil
}

// filled returns r with every list present, so that readers need not distinguish null from [].
func (r *Report) filled() *Report {
	c := *r
	c.Target.Capabilities = present(r.Target.Capabilities)
	c.Run.Selection = present(r.Run.Selection)
	c.Baseline = present(r.Baseline)
	c.Exhibits = present(r.Exhibits)
	c.Clauses = make([]Clause, len(r.Clauses))
	for i, cl := range r.Clauses {
		cl.Findings, cl.Proof = present(cl.Findings), present(cl.Proof)
		for j := range cl.Findings {
			cl.Findings[j].Where = present(cl.Findings[j].Where)
		}
		c.Clauses[i] = cl
	}
	c.Scenarios = make([]Scenario, len(r.Scenarios))
	for i, s := range r.Scenarios {
		s.Lanes, s.Frames = present(s.Lanes), present(s.Frames)
		for j := range s.Lanes {
			s.Lanes[j].Marks = present(s.Lanes[j].Marks)
		}
		c.Scenarios[i] = s
	}
	return &c
}

func present[T any](list []T) []T {
	return append(make([]T, 0, len(list)), list...)
}

// TargetOf reads what [Target.Head] wrote into the head of a bundle.
func TargetOf(head evidence.About) (Target, error) {
	var t Target
	if err := json.Unmarshal(head.Target, &t); err != nil {
		return t, fmt.Errorf("bundle does not say what it judged: %w", err)
	}
	return t, nil
}

// Head returns what a bundle's head says about its target.
func (t Target) Head() json.RawMessage {
	t.URL = host(t.URL)
	b, err := json.Marshal(t)
	if err != nil {
		panic("report: internal error: " + err.Error())
	}
	return b
}
