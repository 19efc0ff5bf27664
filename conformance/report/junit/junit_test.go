package junit

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/conformance/verdict"
)

func written(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// element is what the schemas of JUnit allow inside of an element and as its attributes. Children come in this order; * may repeat.
type element struct {
	must, may, children []string
}

// rules are what both schemas in use allow: the one of Jenkins (junit-10.xsd of its xUnit plugin) and, but for what Ant wants in addition, the one of
// Ant (JUnit.xsd).
var rules = map[string]element{
	"testsuites": {[]string{"name", "time", "tests", "failures", "errors"}, nil, []string{"testsuite*"}},
	"testsuite": {[]string{"id", "name", "package", "hostname", "tests", "failures", "errors", "skipped", "time", "timestamp"}, nil,
		[]string{"properties", "testcase*", "system-out", "system-err"}},
	"properties": {nil, nil, []string{"property*"}},
	"property":   {[]string{"name", "value"}, nil, nil},
	"testcase":   {[]string{"name", "classname", "time"}, nil, []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"skipped":    {[]string{"message"}, nil, nil},
	"error":      {[]string{"message", "type"}, nil, nil},
	"failure":    {[]string{"message", "type"}, nil, nil},
	"system-out": {}, "system-err": {},
}

var forms = map[string]*regexp.Regexp{
	"time": regexp.MustCompile(`^\d+\.\d{3}$`), "timestamp": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`), "id": regexp.MustCompile(`^\d+$`),
	"tests": regexp.MustCompile(`^\d+$`), "failures": regexp.MustCompile(`^\d+$`), "errors": regexp.MustCompile(`^\d+$`), "skipped": regexp.MustCompile(`^\d+$`),
}

// validate checks the document against the rules.
func validate(doc []byte) error {
	type open struct {
		name string
		next int // index of the child that may come next
	}
	stack := []open{{"", 0}}
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			parent, rule := &stack[len(stack)-1], rules[e.Name.Local]
			if _, known := rules[e.Name.Local]; !known {
				return errors.New("unknown element " + e.Name.Local)
			}
			if parent.name != "" {
				children := rules[parent.name].children
				i := slices.IndexFunc(children, func(c string) bool { return strings.TrimSuffix(c, "*") == e.Name.Local })
				if i < parent.next {
					return errors.New(e.Name.Local + " is not allowed at this place in " + parent.name)
				}
				parent.next = i + 1
				if strings.HasSuffix(children[i], "*") {
					parent.next = i
				}
			}
			names := []string{}
			for _, a := range e.Attr {
				names = append(names, a.Name.Local)
				if form := forms[a.Name.Local]; form != nil && !form.MatchString(a.Value) {
					return errors.New(e.Name.Local + "/" + a.Name.Local + ": " + a.Value)
				}
			}
			slices.Sort(names)
			if want := slices.Sorted(slices.Values(rule.must)); !slices.Equal(names, want) {
				return errors.New(e.Name.Local + " has the attributes " + strings.Join(names, " ") + ", want " + strings.Join(want, " "))
			}
			stack = append(stack, open{e.Name.Local, 0})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if top := stack[len(stack)-1].name; len(bytes.TrimSpace(e)) > 0 && !slices.Contains([]string{"failure", "error", "system-out"}, top) {
				return errors.New("text in " + top)
			}
		}
	}
}

func TestAnswersTheSchema(t *testing.T) {
	doc := written(t, reporttest.Sample())
	if err := validate(doc); err != nil {
		t.Errorf("%v\n%s", err, doc)
	}
	for _, bad := range []string{"<testsuites/>", strings.Replace(string(doc), `<testcase name=`, `<testcase color="red" name=`, 1),
		strings.Replace(string(doc), "<properties>", "<system-out></system-out><properties>", 1), strings.Replace(string(doc), `time="0.625"`, `time="soon"`, 1),
		strings.Replace(string(doc), "</testsuite>", "</testcase>", 1)} {
		if validate([]byte(bad)) == nil {
			t.Errorf("the rules accept %.300s", bad)
		}
	}
}

func TestTellsEachClauseOnce(t *testing.T) {
	doc := written(t, reporttest.Sample())
	var got suites
	if err := xml.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 9 || got.Failures != 1 || got.Errors != 1 || got.Time != "42.000" {
		t.Errorf("tests %d, failures %d, errors %d in %s s; want 9, 1, 1 in 42", got.Tests, got.Failures, got.Errors, got.Time)
	}
	cases, tests, failures, faults, skips := map[string]testcase{}, 0, 0, 0, 0
	for _, s := range got.Suites {
		tests, failures, faults, skips = tests+s.Tests, failures+s.Failures, faults+s.Errors, skips+s.Skipped
		for _, c := range s.Cases {
			id, _, _ := strings.Cut(c.Name, " ")
			if _, twice := cases[id]; twice || c.Class != "conform."+s.Name {
				t.Errorf("case %s of class %s in suite %s", c.Name, c.Class, s.Name)
			}
			cases[id] = c
		}
	}
	if tests != 9 || failures != 1 || faults != 1 || skips != 6 || len(cases) != 9 {
		t.Errorf("%d cases: %d, %d, %d, %d by the suites", len(cases), tests, failures, faults, skips)
	}
	failed := cases["ARC-START-02"]
	if failed.Name != "ARC-START-02 no client" || failed.Time != "0.625" || failed.Failure == nil || failed.Failure.Type != "must" {
		t.Fatalf("ARC-START-02: %+v", failed)
	}
	for _, want := range []string{"expected 404 or 400, actual 200", "(and 1 more)", "blocks 1: ARC-LAY-01"} {
		if !strings.Contains(failed.Failure.Message, want) {
			t.Errorf("message %q lacks %q", failed.Failure.Message, want)
		}
	}
	for _, want := range []string{"expected 404 or 400", "evidence: refusals/start.empty#9", "A start is refused"} {
		if !strings.Contains(failed.Failure.Text, want) {
			t.Errorf("text %q lacks %q", failed.Failure.Text, want)
		}
	}
	for id, want := range map[string]string{
		"ARC-LAY-01": "blocked by ARC-START-02: expected 404 or 400, actual 200", "ARC-CB-15": "not-applicable: individual", "ARC-CB-34": "pledged: due",
		"ARC-CB-29": "pending: ", "ARC-CB-35": "recommendation not kept: expected c, actual d", "ARC-CB-30": "known failure (flaky, being fixed, excused by media until 2026-12-22): expected a",
	} {
		if c := cases[id]; c.Skipped == nil || !strings.HasPrefix(c.Skipped.Message, want) || c.Failure != nil || c.Error != nil {
			t.Errorf("%s: %+v, want skipped with %q", id, c, want)
		}
	}
	if out := cases["ARC-START-02"].Output; !strings.Contains(out, "source: guide https://example.com/guide") {
		t.Errorf("output %q", out)
	}
}

// TestTimesAddUp: GitHub and Jenkins add up the times of the cases. Two scenarios of 30 s ran side by side in a run of 40 s.
func TestTimesAddUp(t *testing.T) {
	r := &report.Report{Run: report.Run{StartedAt: reporttest.Began, FinishedAt: reporttest.Began.Add(40 * time.Second)}, Scenarios: []report.Scenario{{Name: "a", Millis: 30_000}, {Name: "b", Millis: 30_000}}}
	for i := range 9 {
		r.Clauses = append(r.Clauses, report.Clause{ID: fmt.Sprint(i), Chapter: "C", Outcome: verdict.Pass, Proof: []string{[]string{"a", "b"}[i%2] + "/start#1"}})
	}
	var got suites
	if err := xml.Unmarshal(written(t, r), &got); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, c := range got.Suites[0].Cases {
		s, err := strconv.ParseFloat(c.Time, 64)
		if sum += s; err != nil || s == 0 {
			t.Errorf("case %s took %q", c.Name, c.Time)
		}
	}
	if math.Abs(sum-40) > 0.01 || got.Suites[0].Time != "40.000" || got.Time != "40.000" {
		t.Errorf("the cases took %.3f s, their suite %s s, all %s s; the run took 40 s", sum, got.Suites[0].Time, got.Time)
	}
}

// TestFindingsAreToldOnce checks that a finding of several scenarios is told once, with all that shows it.
func TestFindingsAreToldOnce(t *testing.T) {
	got := findings(report.Clause{Findings: []verdict.Finding{{Expected: "404", Actual: "200", Where: []string{"pair/get#1"}}, {Expected: "404", Actual: "200", Where: []string{"pause/get#2"}}}})
	want := "\nexpected: 404\nactual:   200\nfound:    in 2 scenarios: pair, pause\nevidence: pair/get#1\nevidence: pause/get#2\n"
	if !strings.HasPrefix(got, "expected 404, actual 200, in 2 scenarios: pair, pause\n") || !strings.HasSuffix(got, want) {
		t.Errorf("%s", got)
	}
}

// TestStaleBaselineFails checks that the file fails a build where nothing but the baseline fails the run.
func TestStaleBaselineFails(t *testing.T) {
	r := reporttest.Sample()
	r.Run.Stale = []report.Stale{{Clause: "ARC-START-01", Why: "baseline: ARC-START-01 passed unexpectedly"}, {Clause: "ARC-CB-15", Why: "baseline: ARC-CB-15 is not-applicable"}}
	var got suites
	if err := xml.Unmarshal(written(t, r), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.Suites[0].Cases[0]; got.Failures != 3 || c.Failure == nil || c.Failure.Type != "baseline" || !strings.Contains(c.Failure.Text, "passed unexpectedly") {
		t.Errorf("%d failures, %+v", got.Failures, c)
	}
}

// TestJudgingNothingIsAnError checks that a run in which no clause was judged has an error: skipped cases alone are green.
func TestJudgingNothingIsAnError(t *testing.T) {
	doc := written(t, reporttest.Unjudged())
	if err := validate(doc); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(doc), `tests="3" failures="0" errors="1"`) || !strings.Contains(string(doc), `type="unjudged"`) || !strings.Contains(string(doc), "ARC-CB-15: Individual is not declared.") {
		t.Errorf("%s", doc)
	}
}

// TestStrictRunsFailRecommendations checks that the file fails a build where the run does, and only there.
func TestStrictRunsFailRecommendations(t *testing.T) {
	r := reporttest.Sample()
	r.Run.Strict = true
	if doc := string(written(t, r)); !strings.Contains(doc, `<failure message="expected c, actual d" type="should">`) {
		t.Error("a recommendation is skipped in a strict run")
	}
}

// TestLongExpectations checks that viewers which show the first words of a message show what was seen.
func TestLongExpectations(t *testing.T) {
	r := reporttest.Sample()
	r.Clauses[1].Findings[0].Expected, r.Clauses[1].Findings[0].Actual = strings.Repeat("small-01 in 96x640; ", 60), "small-05 is away"
	var got suites
	if err := xml.Unmarshal(written(t, r), &got); err != nil {
		t.Fatal(err)
	}
	message, _, seen := strings.Cut(got.Suites[0].Cases[1].Failure.Message, "small-05 is away")
	if !seen || len(message) > 300 {
		t.Errorf("%q", message)
	}
}

// TestBounds checks that a target that sends long and odd text makes neither a large file nor invalid XML.
func TestBounds(t *testing.T) {
	r := reporttest.Sample()
	for i := range 300 {
		c := report.Clause{ID: "ARC-BIG-" + strconv.Itoa(i), Chapter: "Big.", Level: "must", Text: strings.Repeat(reporttest.Hostile, 200), Outcome: verdict.Fail}
		for range 20 {
			c.Findings = append(c.Findings, verdict.Finding{Expected: "x", Actual: strings.Repeat(reporttest.Hostile, 200)})
		}
		r.Clauses = append(r.Clauses, c)
	}
	doc := written(t, r)
	if err := validate(doc); err != nil {
		t.Error(err)
	}
	if len(doc) > 12<<20 {
		t.Errorf("%d bytes", len(doc))
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(reporttest.Hostile, "Chapter")
	f.Fuzz(func(t *testing.T, s, chapter string) {
		r := reporttest.Sample()
		c := &r.Clauses[1]
		c.ID, c.Title, c.Text, c.Chapter, c.Reason, c.Findings[0].Actual, r.Target.URL, c.Findings[0].Where = s, s, s, chapter, s, s, s, []string{s}
		if err := validate(written(t, r)); err != nil {
			t.Error(err)
		}
	})
}

// TestPropertiesNameTheTarget checks that the properties say whose target it is, as far as the target file does.
func TestPropertiesNameTheTarget(t *testing.T) {
	r := reporttest.Sample()
	r.Target.Name, r.Target.Organisation, r.Target.Product = "nightly", "Acme", reporttest.Hostile
	doc := string(written(t, r))
	for _, want := range []string{`name="name" value="nightly"`, `name="organisation" value="Acme"`, `name="product" value="&lt;/script&gt;`} {
		if !strings.Contains(doc, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(doc, `name="version"`) {
		t.Error("a version that is not given is named")
	}
	if err := validate([]byte(doc)); err != nil {
		t.Error(err)
	}
}
