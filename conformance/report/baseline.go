package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"reelcheck/conformance/verdict"
)

// Excuse is one entry of a baseline: a clause known to fail, for a while.
type Excuse struct {
	Clause  string `yaml:"clause" json:"clause"`
	Reason  string `yaml:"reason" json:"reason"`
	Owner   string `yaml:"owner" json:"owner"`
	Expires Date   `yaml:"expires" json:"expires"`
}

// Date is a calendar day, written 2006-01-02. An excuse is valid until the end of it.
type Date struct{ Day time.Time }

// UnmarshalYAML reads a calendar day.
func (d *Date) UnmarshalYAML(n *yaml.Node) error {
	return d.UnmarshalText([]byte(n.Value))
}

// UnmarshalText reads a calendar day.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("date %q: want the form 2006-01-02", text)
	}
	d.Day = t
	return nil
}

// MarshalText writes a calendar day.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.Day.Format(time.DateOnly)), nil }

func (d Date) past(now time.Time) bool { return !now.Before(d.Day.AddDate(0, 0, 1)) }

// ReadBaseline reads a baseline file: a YAML list of excuses, each with clause, reason, owner and expiry.
func ReadBaseline(name string) ([]Excuse, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	list, err := ParseBaseline(data)
	if err != nil {
		return nil, fmt.Errorf("baseline %s: %w", name, err)
	}
	return list, nil
}

// ParseBaseline decodes a baseline strictly: unknown keys, missing fields and
// repeated clauses are errors.
func ParseBaseline(data []byte) ([]Excuse, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var list []Excuse
	if err := d.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	seen := map[string]bool{}
	for i, e := range list {
		switch {
		case e.Clause == "":
			return nil, fmt.Errorf("entry %d: clause is missing", i+1)
		case strings.TrimSpace(e.Reason) == "":
			return nil, fmt.Errorf("%s: reason is missing", e.Clause)
		case strings.TrimSpace(e.Owner) == "":
			return nil, fmt.Errorf("%s: owner is missing", e.Clause)
		case e.Expires.Day.IsZero():
			return nil, fmt.Errorf("%s: expires is missing", e.Clause)
		case seen[e.Clause]:
			return nil, fmt.Errorf("%s: listed twice", e.Clause)
		}
		seen[e.Clause] = true
	}
	return list, nil
}

// Apply compares verdicts with a baseline. It returns which failures are excused, and what is wrong with the baseline
// itself, one message each. known reports whether the ledger has an id. An entry for a known clause that was not
// selected is ignored.
func Apply(list []Excuse, verdicts []verdict.Verdict, known func(id string) bool, now time.Time) (excused map[string]bool, wrong []string) {
	excused = map[string]bool{}
	for _, e := range list {
		i := slices.IndexFunc(verdicts, func(v verdict.Verdict) bool { return v.Clause == e.Clause })
		switch {
		case !known(e.Clause):
			wrong = append(wrong, fmt.Sprintf("baseline: %s matches no clause of the ledger", e.Clause))
		case e.Expires.past(now):
			wrong = append(wrong, fmt.Sprintf("baseline: %s expired on %s (owner %s)",
				e.Clause, e.Expires.Day.Format(time.DateOnly), e.Owner))
		case i < 0:
		case verdicts[i].Outcome == verdict.Fail:
			excused[e.Clause] = true
		case verdicts[i].Outcome == verdict.Pass:
			wrong = append(wrong, fmt.Sprintf("baseline: %s passed unexpectedly; remove the entry", e.Clause))
		case verdicts[i].Outcome != verdict.Inconclusive:
			wrong = append(wrong, fmt.Sprintf("baseline: %s is %s, so it cannot fail", e.Clause, verdicts[i].Outcome))
		}
	}
	return excused, wrong
}
