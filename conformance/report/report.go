// Package report writes the result of a run: JSON with a published schema, JUnit for build servers, and one
// self-contained HTML page for people. It also reads the baseline of known failures.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"reelcheck/conformance/durable"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Format is the version of the JSON report.
const Format = "reelcheck.report/1"

// Report is a whole run. Its JSON form is described by report.schema.json.
type Report struct {
	Format    string         `json:"format"`
	Suite     Suite          `json:"suite"`
	Target    Target         `json:"target"`
	Run       Run            `json:"run"`
	Counts    verdict.Counts `json:"counts"`
	Clauses   []Clause       `json:"clauses"`
	Scenarios []Scenario     `json:"scenarios"`
	Baseline  []Excuse       `json:"baseline"`
}

// Suite says which version of the suite judged, and by which ledger.
type Suite struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	LedgerSHA256 string `json:"ledgerSha256"`
}

// Target describes the target. It holds no credentials.
type Target struct {
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
	Regraded    bool      `json:"regraded"` // judged from a recorded bundle
	Evidence    string    `json:"evidence,omitempty"`
	ExitCode    int       `json:"exitCode"`
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
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	State  string  `json:"state"` // its last step: began, done, blocked, unmet or broken
	Reason string  `json:"reason,omitempty"`
	Millis int64   `json:"millis"`
	Lanes  []Lane  `json:"lanes"`
	Frames []Frame `json:"frames"`
}

// Lane is one kind of event on a scenario's time axis.
type Lane struct {
	Name  string `json:"name"`
	Marks []Mark `json:"marks"`
}

// Mark is an instant, or a span when Until is later than At. Both are milliseconds from the beginning of the scenario.
type Mark struct {
	At    int64  `json:"at"`
	Until int64  `json:"until"`
	Label string `json:"label"`
	Kind  string `json:"kind"` // ok, client-error, server-error, status, media, note
	Ref   string `json:"ref"`  // reference into the evidence
}

// Frame is a sample picture of an output file.
type Frame struct {
	Caption string `json:"caption"`
	PNG     []byte `json:"png"`
}

// Files lists the files that [Report.Write] makes, by format.
var Files = struct{ JSON, JUnit, HTML string }{"report.json", "junit.xml", "report.html"}

// Write writes all formats into dir. Each file is complete or absent.
func (r *Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report folder: %w", err)
	}
	for name, format := range map[string]func(io.Writer) error{
		Files.JSON: r.JSON, Files.JUnit: r.JUnit, Files.HTML: r.HTML,
	} {
		if err := writeFile(filepath.Join(dir, name), format); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// JSON writes the report as report.schema.json describes it.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r.filled())
}

// Read decodes a JSON report.
func Read(rd io.Reader) (*Report, error) {
	d := json.NewDecoder(rd)
	d.DisallowUnknownFields()
	r := new(Report)
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("read report: format %q, want %q", r.Format, Format)
	}
	return r, nil
}

// filled returns r with every list present, so that readers need not distinguish null from [].
func (r *Report) filled() *Report {
	c := *r
	c.Target.Capabilities = present(r.Target.Capabilities)
	c.Run.Selection = present(r.Run.Selection)
	c.Baseline = present(r.Baseline)
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

func writeFile(name string, format func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	if err := errors.Join(format(f), f.Chmod(0o644)); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return durable.Place(f, name)
}
