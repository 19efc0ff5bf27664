package report

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/verdict"
)

// Excuse is one entry of a baseline: a clause known to fail, for a while.
type Excuse struct {
	Clause  string `yaml:"clause" json:"clause"`
	Reason  string `yaml:"reason" json:"reason"`
	Owner   string `yaml:"owner" json:"owner"`
	Expires Date   `yaml:"expires" json:"expires"`
	Flaky   bool   `yaml:"flaky" json:"flaky,omitempty"` // it fails only sometimes, so a pass does not make the entry wrong
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

// baselineLimit is the largest baseline file in bytes.
const baselineLimit = 1 << 20

// ReadBaseline reads a baseline file: a YAML list of excuses, each with clause, reason, owner and expiry, and flaky where
// the clause fails only sometimes.
func ReadBaseline(name string) ([]Excuse, error) {
	data, err := bounded.File(name, baselineLimit)
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
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if err := form(doc); err != nil {
		return nil, err
	}
	var list []Excuse
	if err := doc.Decode(&list); err != nil {
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

// entryKeys are the keys of an entry.
var entryKeys = func() (keys []string) {
	for f := range reflect.TypeFor[Excuse]().Fields() {
		keys = append(keys, f.Tag.Get("yaml"))
	}
	return keys
}()

// form demands that a document is a list of mappings with known keys, and says so in the words of YAML.
func form(doc yaml.Node) error {
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil
	}
	list := doc.Content[0]
	if list.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: want a list whose entries are like %s", list.Line, exampleEntry)
	}
	for _, e := range list.Content {
		if e.Kind == yaml.AliasNode {
			e = e.Alias
		}
		if e.Kind != yaml.MappingNode {
			return fmt.Errorf("line %d: want an entry like %s", e.Line, exampleEntry)
		}
		for i := 0; i < len(e.Content); i += 2 {
			if k := e.Content[i]; !slices.Contains(entryKeys, k.Value) {
				return fmt.Errorf("line %d: unknown key %q, want some of %s", k.Line, k.Value, strings.Join(entryKeys, ", "))
			}
		}
	}
	return nil
}

const exampleEntry = "- {clause: ARC-CB-14, reason: retries are too early, owner: media team, expires: 2027-03-31}"

// outdated says why an entry can excuse nothing, whatever the run finds; "" means that it can.
func (e Excuse) outdated(known func(id string) bool, now time.Time) string {
	switch {
	case !known(e.Clause):
		return e.Clause + " matches no clause of the ledger"
	case e.Expires.past(now):
		return fmt.Sprintf("%s expired on %s (owner %s)", e.Clause, e.Expires.Day.Format(time.DateOnly), e.Owner)
	}
	return ""
}

// CheckBaseline returns an error that names each entry which no run can use: its clause is unknown, or its date is over.
func CheckBaseline(list []Excuse, known func(id string) bool, now time.Time) error {
	var errs []error
	for _, e := range list {
		if why := e.outdated(known, now); why != "" {
			errs = append(errs, errors.New("baseline: "+why))
		}
	}
	return errors.Join(errs...)
}

// Stale is an entry of a baseline that excuses nothing.
type Stale struct {
	Clause string `json:"clause"`
	Why    string `json:"why"`
}

// Apply compares verdicts with a baseline. It returns which failures are excused, and which entries are wrong. known reports
// whether the ledger has an id. An entry for a known clause that was not selected is ignored.
func Apply(list []Excuse, verdicts []verdict.Verdict, known func(id string) bool, now time.Time) (excused map[string]bool, wrong []Stale) {
	excused = map[string]bool{}
	say := func(e Excuse, why string) { wrong = append(wrong, Stale{e.Clause, "baseline: " + why}) }
	for _, e := range list {
		i := slices.IndexFunc(verdicts, func(v verdict.Verdict) bool { return v.Clause == e.Clause })
		why := e.outdated(known, now)
		switch {
		case why != "":
			say(e, why)
		case i < 0:
		case verdicts[i].Outcome == verdict.Fail:
			excused[e.Clause] = true
		case verdicts[i].Outcome == verdict.Pass && e.Flaky:
		case verdicts[i].Outcome == verdict.Pass:
			say(e, e.Clause+" passed unexpectedly; remove the entry, or mark it flaky: true")
		case verdicts[i].Outcome != verdict.Inconclusive:
			say(e, fmt.Sprintf("%s is %s, so it cannot fail", e.Clause, verdicts[i].Outcome))
		}
	}
	return excused, wrong
}
