package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>" onload="alert(3)' {{.}} javascript:alert(4)` + "\x00\x1b[31m\u202e</svg></style>"

// loaded is read once, so that fuzzing is fast.
var loaded = sync.OnceValues(spec.Load)

// written builds a report of records that hold the text wherever a target can put it, and writes the page.
func written(t testing.TB, text string) (*report.Report, string) {
	t.Helper()
	ledger, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	body := evidence.Body{Text: text, Size: int64(len(text))}
	listed := evidence.Body{Text: `{"id":"a1","status":` + quoted(text) + `}`, Size: 1}
	ex := func(op evidence.Operation, answer evidence.Body) *evidence.Exchange {
		return &evidence.Exchange{Operation: op, Identity: evidence.AsUnified, Started: at.Add(time.Second), Error: text,
			Request:   evidence.Request{Method: "POST", URL: "http://127.0.0.1/" + text, Header: map[string][]string{"X-Test": {text}, "Authorization": {"Bearer [redacted]"}}, Body: body},
			Response:  &evidence.Response{Status: 200, Header: map[string][]string{text: {text}}, Body: answer},
			Redirects: []evidence.Redirect{{From: text, Status: 302, Location: text}}, Violations: []evidence.Violation{{Side: "response", Pointer: text, Message: text}}}
	}
	frames := json.RawMessage(`{"duration":3,"frames":[{"at":1,"blob":"` + strings.Repeat("0b", 32) + `"},{"at":2,"blob":` + quoted(text) + `}]}`)
	view := evidence.View{Records: []evidence.Record{
		{Seq: 1, Time: at, Scenario: "list", Label: "scenario", Step: &evidence.Step{Outcome: evidence.Began, Text: text}},
		{Seq: 2, Time: at.Add(time.Second), Scenario: "list", Label: "start", Exchange: ex(evidence.StartArchive, listed)},
		{Seq: 3, Time: at.Add(2 * time.Second), Scenario: "list", Label: "hook", Webhook: &evidence.Webhook{Method: "POST", Path: text, Header: map[string][]string{text: {text}}, Body: listed}},
		{Seq: 4, Time: at.Add(3 * time.Second), Scenario: "list", Label: text, Client: &evidence.Client{Name: text, Event: "message", Type: "archive" + text, Body: body}},
		{Seq: 5, Time: at.Add(4 * time.Second), Scenario: "list", Label: "media", Media: &evidence.Media{SHA256: text, Report: frames}},
		{Seq: 6, Time: at.Add(5 * time.Second), Scenario: "list", Label: "object", Object: &evidence.Object{Store: "s3", Key: text, URL: text}},
		{Seq: 7, Time: at.Add(6 * time.Second), Harness: &evidence.Harness{Kind: evidence.TargetEnded, Message: text}},
	}}
	var where []string
	for _, r := range view.Records[1:6] {
		where = append(where, r.Ref())
	}
	r := report.Build(ledger, []verdict.Verdict{
		{Clause: "ARC-LIST-01", Outcome: verdict.Fail, Reason: text, Findings: []verdict.Finding{{Clause: "ARC-LIST-01", Expected: "[1,2," + quoted(text) + "]", Actual: "[1,3," + quoted(text) + "]", Where: where, Blocked: text, At: 1.5},
			{Clause: "ARC-LIST-01", Expected: "x", Actual: text, Where: append(where, text)}}},
		{Clause: "ARC-LIST-02", Outcome: verdict.Inconclusive, BlockedBy: []string{"ARC-LIST-01"}, Findings: []verdict.Finding{{Expected: text, Actual: text, Where: where}}},
		{Clause: "ARC-LIST-03", Outcome: verdict.NotApplicable, Reason: text}, {Clause: "ARC-LIST-04", Outcome: verdict.Pass, Proof: []string{text}},
	}, view, nil)
	r.Suite = report.Suite{Name: "conform", Version: "0.1.0", LedgerSHA256: strings.Repeat("0a", 32)}
	r.Target = report.Target{Name: text, Organisation: text, Product: text, Version: text, Contact: text, URL: text, Launched: text, Capabilities: []string{text}}
	r.Run.ID, r.Run.StartedAt, r.Run.FinishedAt, r.Run.ExitCode, r.Run.Evidence, r.Run.Selection = "r1", at, at.Add(time.Minute), 3, "evidence", []string{text}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return string(b)
}

// TestNothingGetsIn checks that a hostile target adds neither elements nor attributes to the page: it has the same ones as with a harmless text.
func TestNothingGetsIn(t *testing.T) {
	_, page := written(t, hostile)
	checkPage(t, page)
	if dir := os.Getenv("REPORT_SAMPLE"); dir != "" { // to look at
		if err := os.WriteFile(filepath.Join(dir, "report.html"), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{hostile, "", "'\"`<>&", "started", "a b c", "\xff", "{\"a\":[1,2,{\"b\":null}]}", "javascript:alert(1)", "]]><![CDATA[", "-->", "`${alert(1)}`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, page := written(t, text)
		checkPage(t, page)
	})
}

var classes = regexp.MustCompile(`^[a-z -]*$`)

// checkPage parses the page as a browser does.
func checkPage(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" && strings.ContainsAny(n.Data, "\x00\x1b\u202e") {
			t.Errorf("text %q is not plain", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" {
			scripts++
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "srcdoc", n.Data == "iframe", n.Data == "object", n.Data == "base", n.Data == "form":
				t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			case a.Key == "class" && !classes.MatchString(a.Val):
				t.Errorf("class %q", a.Val)
			case a.Key == "src" && !strings.HasPrefix(a.Val, "evidence/blobs/"), a.Key == "href" && n.Data == "image" && !strings.HasPrefix(a.Val, "evidence/blobs/"):
				t.Errorf("<%s> loads %q", n.Data, a.Val)
			case a.Key == "href" && n.Data == "a" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://"):
				t.Errorf("link to %q", a.Val)
			}
		}
	}
	if scripts != 1 || strings.Contains(page, "ZgotmplZ") {
		t.Errorf("%d scripts", scripts)
	}
}

func TestPageShowsWhatAFindingNeeds(t *testing.T) {
	_, page := written(t, "sample")
	for _, want := range []string{"The target died", "ARC-LIST-01", "Blocks 1 clause", "curl -sS", "$JWT", "evidence/blobs/" + strings.Repeat("0b", 32), "<del>2</del>", "<ins>3</ins>",
		"What this verdict does not cover", "not applicable: sample", "Timeline of list", `href="https://`, `id="scenario-list"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestPageHasOneCardForOneCause checks that clauses which could not be shown for one reason share a card, to which all of them lead.
func TestPageHasOneCardForOneCause(t *testing.T) {
	clause := func(id string) report.Clause {
		return report.Clause{ID: id, Level: "must", Outcome: verdict.Fail, Findings: []verdict.Finding{{Actual: "could not be shown", Blocked: "start answered <500>"}}}
	}
	var b strings.Builder
	if err := Write(&b, &report.Report{Clauses: []report.Clause{clause("ARC-LIST-01"), clause("ARC-LIST-02"), clause("ARC-LIST-03")}, Run: report.Run{ExitCode: 1}}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if n := strings.Count(page, `class="card cause`); n != 1 || strings.Count(page, `href="#cause-ARC-LIST-01">What was found`) != 3 {
		t.Errorf("%d cards", n)
	}
	for _, want := range []string{"<h3>Start answered &lt;500&gt;</h3>", "Keeps 2 clauses from being shown", "3 could not be shown, which counts as broken"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestACardWithoutFindingsPromisesNone: of clauses whose scenario did not end nothing is found.
func TestACardWithoutFindingsPromisesNone(t *testing.T) {
	clause := func(id string) report.Clause {
		return report.Clause{ID: id, Level: "must", Outcome: verdict.Inconclusive, Reason: "scenario composed-pair did not end"}
	}
	var b strings.Builder
	if err := Write(&b, &report.Report{Clauses: []report.Clause{clause("ARC-LIST-01"), clause("ARC-LIST-02")}, Run: report.Run{ExitCode: 4}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "<h3>Scenario composed-pair did not end</h3>") || strings.Contains(b.String(), "What follows") {
		t.Error("the card promises findings")
	}
}

// TestCardsStayLow checks that a card tells findings of the same words once, and folds those after the first few.
func TestCardsStayLow(t *testing.T) {
	r, _ := written(t, "x")
	for i := range r.Clauses {
		if c := &r.Clauses[i]; c.ID == "ARC-LIST-01" {
			ref := c.Findings[0].Where[0]
			c.Findings = nil
			for n := range 8 {
				c.Findings = append(c.Findings, verdict.Finding{Expected: "404", Actual: "200 <html>", Where: []string{fmt.Sprintf("s%d/get#%d", n, n), ref}})
			}
			for n := range 5 {
				c.Findings = append(c.Findings, verdict.Finding{Expected: "404", Actual: fmt.Sprint("finding ", n)})
			}
		}
	}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	_, card, _ := strings.Cut(b.String(), `id="cause-ARC-LIST-01"`)
	card, _, _ = strings.Cut(card, "</article>")
	open, folded, _ := strings.Cut(card, `<details class="rest">`)
	if strings.Count(card, "200 &lt;html&gt;") != 1 || !strings.Contains(open, "in 9 scenarios: s0, list, s1, s2, …") || !strings.Contains(open, "The same 7 more times</summary>") {
		t.Errorf("the same finding is told again:\n%s", card)
	}
	if strings.Count(open, `class="pair"`) != maxOpen || !strings.Contains(folded, "3 more findings</summary>") || strings.Count(folded, `class="pair"`) != 3 {
		t.Errorf("not folded:\n%s", card)
	}
}

// TestConformantSaysWhatItLeavesOut checks that the headline of a conformant target names the clauses that nobody judged.
func TestConformantSaysWhatItLeavesOut(t *testing.T) {
	r := &report.Report{Clauses: []report.Clause{{ID: "ARC-LIST-01", Outcome: verdict.Pass}, {ID: "ARC-LIST-02", Outcome: verdict.NotApplicable, Reason: "azure is not declared"}},
		Counts: verdict.Counts{Passed: 1, NotApplicable: 1}}
	v := newView(r)
	if v.Verdict != "Conformant" || v.Lead != "1 clause is kept, 1 is not judged." || len(v.Unjudged) != 1 || v.Unjudged[0].Clauses[0] != "ARC-LIST-02" {
		t.Errorf("%q, %q, %+v", v.Verdict, v.Lead, v.Unjudged)
	}
}

func TestCompare(t *testing.T) {
	show := func(list []piece) string {
		var s strings.Builder
		for _, p := range list {
			if p.Odd {
				fmt.Fprintf(&s, "<%s>", p.Text)
			} else {
				s.WriteString(p.Text)
			}
		}
		return s.String()
	}
	for _, c := range []struct{ expected, actual, a, b string }{
		{"alice, bob, carol", "alice, carol", "alice, <bob, >carol", "alice, carol"},
		{"200", "404 not found", "200", "404 not found"},
		{`{"b":1,"a":2}`, `{"a":2,"b":3}`, "{\n  \"a\": 2,\n  \"b\": <1>\n}", "{\n  \"a\": 2,\n  \"b\": <3>\n}"},
		{"same", "same", "same", "same"},
		{"", "", "", ""},
	} {
		a, b := compare(c.expected, c.actual)
		if show(a) != c.a || show(b) != c.b {
			t.Errorf("%q and %q: got %q and %q", c.expected, c.actual, show(a), show(b))
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"format":"reelcheck.report/2","clauses":[{"id":"ARC-START-01","outcome":"pass"}],"scenarios":[{"lanes":[{"marks":[{"at":-9223372036854775808,"until":9223372036854775807}]}]}]}`))
	f.Add([]byte(`{"format":"reelcheck.report/2","clauses":[{"outcome":"green"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		if err := Write(io.Discard, r); err != nil {
			t.Error(err)
		}
		if r.Counts.Total() != len(r.Clauses) {
			t.Errorf("%d counts of %d clauses", r.Counts.Total(), len(r.Clauses))
		}
	})
}

// TestFooterNamesTheFolder checks that the command it gives works from any folder.
func TestFooterNamesTheFolder(t *testing.T) {
	if _, page := written(t, "text"); !strings.Contains(page, "conform evidence REFERENCE --dir FOLDER<") {
		t.Error("the footer names no folder")
	}
}

// TestTheNamesOfLanesStay checks that each drawing of lanes has their names in a drawing of its own, which does not scroll, and in one scale.
func TestTheNamesOfLanesStay(t *testing.T) {
	_, page := written(t, "sample")
	for _, d := range strings.Split(page, `<div class="drawing">`)[1:] {
		var widths [2]float64
		var heights [2]string
		for i, class := range []string{"names", "lanes"} {
			_, box, found := strings.Cut(d, `<svg class="`+class+`" viewBox="`)
			var left float64
			if n, _ := fmt.Sscanf(box, "%f 0 %f %s", &left, &widths[i], &heights[i]); !found || n != 3 {
				t.Fatalf("no drawing of %s: %.200s", class, d)
			}
		}
		ownScale := slices.ContainsFunc([]int{0, 1}, func(i int) bool {
			return !strings.Contains(page, fmt.Sprintf("%s { flex: %g 1 0; }", []string{".names", ".lanes"}[i], widths[i]))
		})
		if heights[0] != heights[1] || ownScale {
			t.Errorf("%v wide and %v high", widths, heights)
		}
	}
	if n := strings.Count(page, `<div class="drawing">`); n < 3 {
		t.Errorf("%d drawings", n)
	}
}
