package summary

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/conformance/verdict"
)

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, reporttest.Sample()); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{"## Not conformant\n", "`http://127.0.0.1:8080`", "| core | 4 of 190 | 1 | **3** | **2** | 1 | 2 |", "| Callbacks | 0 | **2** | **1** | 1 | 2 |", "| **all** | 1 | **3** | **2** | 1 | 2 |",
		"- **ARC\\-START\\-02** no client \\(fail, must\\)", "expected `404 or 400`, actual ", "blocks 1: `ARC-LAY-01`", "source: guide `https://example.com/guide`",
		"\\(fail, must, excused\\)", "1 of the failures is excused", "`conform: 1 passed, 3 failed, 2 inconclusive, 1 not applicable, 1 pledged, 1 pending, 1 excused`\n"} {
		want = strings.NewReplacer("\\(fail, ", "(fail, ", "must\\)", "must)", "excused\\)", "excused)").Replace(want)
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "ARC\\-LAY\\-01") {
		t.Error("a blocked clause is told of by itself")
	}
}

// TestMarkdownTellsAFindingOnce checks that a finding of several scenarios leaves room for the others.
func TestMarkdownTellsAFindingOnce(t *testing.T) {
	r := reporttest.Sample()
	c := &r.Clauses[1]
	c.Findings = nil
	for _, name := range []string{"pair", "pause", "cloud", "legacy"} {
		c.Findings = append(c.Findings, verdict.Finding{Expected: "404", Actual: "200", Where: []string{name + "/get#1"}})
	}
	c.Findings = append(c.Findings, verdict.Finding{Expected: "404", Actual: "500", Where: []string{"pair/get#2"}})
	var b bytes.Buffer
	if err := Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	want := "  - expected `404`, actual `200`, in 4 scenarios\\: pair\\, pause\\, cloud\\, legacy\n  - expected `404`, actual `500`\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("lacks %q:\n%s", want, b.String())
	}
}

// TestMarkdownNamesTheBaseline checks that the summary says why a run failed in which nothing else did.
func TestMarkdownNamesTheBaseline(t *testing.T) {
	r := reporttest.Sample()
	r.Run.Stale, r.Clauses = []report.Stale{{Clause: "ARC-START-01", Why: "baseline: ARC-START-01 passed unexpectedly"}}, r.Clauses[:1]
	var b bytes.Buffer
	if err := Markdown(&b, r); err != nil || !strings.HasPrefix(b.String(), "## Not conformant, only because the baseline is out of date\n\nBaseline\\: ARC\\-START\\-01 passed unexpectedly\\.\n") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

// TestMarkdownNamesTheTarget checks that the summary says whose target it is, as far as the target file does.
func TestMarkdownNamesTheTarget(t *testing.T) {
	r := reporttest.Sample()
	r.Target.Name, r.Target.Organisation, r.Target.Version = "nightly", "Acme", "2.1"
	for product, want := range map[string]string{
		"Rec": "\n\nTarget `nightly`, `Rec 2.1`, `Acme`, `http://127.0.0.1:8080`, judged by ",
		"":    "\n\nTarget `nightly`, `2.1`, `Acme`, `http://127.0.0.1:8080`, judged by ",
	} {
		r.Target.Product = product
		var b bytes.Buffer
		if err := Markdown(&b, r); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%v: lacks %q:\n%s", err, want, b.String())
		}
	}
}

// TestMarkdownHoldsNoMarkupOfTheTarget takes the code spans and escaped characters out; what is left must be ours.
func TestMarkdownHoldsNoMarkupOfTheTarget(t *testing.T) {
	r := reporttest.Sample()
	r.Clauses[1].Title, r.Clauses[1].Chapter, r.Clauses[1].ID = reporttest.Hostile, reporttest.Hostile, reporttest.Hostile
	r.Target.Name, r.Target.Organisation, r.Target.Product, r.Target.Version = reporttest.Hostile, "`", reporttest.Hostile, "2`"
	r.Target.URL, r.Run.ID, r.Run.Selection = reporttest.Hostile, "`x", []string{"``"}
	var b bytes.Buffer
	if err := Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.HasPrefix(line, "conform:") || strings.HasPrefix(line, "# ") {
			t.Errorf("a line of the target's: %q", line)
		}
		rest := regexp.MustCompile(`\\[[:punct:]]`).ReplaceAllString(line, "")
		rest = outside(rest)
		for _, never := range []string{"<", "](", "://"} {
			if strings.Contains(rest, never) && !strings.Contains(line, "|--") {
				t.Errorf("%q outside of code: %q", never, rest)
			}
		}
	}
}

// outside removes the code spans of CommonMark: a run of backticks up to the next run of the same length.
func outside(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		i := strings.IndexByte(s, '`')
		if i < 0 {
			break
		}
		out.WriteString(s[:i])
		n := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		fence, body := s[i:i+n], s[i+n:]
		end := -1
		for at := 0; at < len(body); {
			j := strings.IndexByte(body[at:], '`')
			if j < 0 {
				break
			}
			run := len(body[at+j:]) - len(strings.TrimLeft(body[at+j:], "`"))
			if run == n {
				end = at + j
				break
			}
			at += j + run
		}
		if end < 0 {
			out.WriteString(fence)
			s = body
			continue
		}
		s = body[end+n:]
	}
	return out.String() + s
}

func TestAnnotations(t *testing.T) {
	r := reporttest.Sample()
	r.Clauses[1].Title = "a, b: c"
	for range 20 {
		r.Clauses = append(r.Clauses, report.Clause{ID: "ARC-DUR-99", Level: "must", Outcome: verdict.Fail,
			Findings: []verdict.Finding{{Expected: "100%", Actual: "50%"}}})
	}
	var b bytes.Buffer
	if err := Annotations(&b, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	count := map[string]int{}
	for _, line := range lines {
		kind, _, ok := strings.Cut(strings.TrimPrefix(line, "::"), " title=")
		if !ok || !strings.HasPrefix(line, "::") || strings.Contains(line, "##[") {
			t.Errorf("line %q", line)
		}
		count[kind]++
	}
	if count["error"] != maxAnnotations || count["warning"] != 2 || count["notice"] != 1 || len(count) != 3 {
		t.Errorf("%v", count)
	}
	if !strings.HasPrefix(lines[0], "::error title=ARC-START-02 a%2C b%3A c::expected 404 or 400, actual 200 ") || lines[1] != "::error title=ARC-DUR-99::expected 100%25, actual 50%25" ||
		lines[maxAnnotations-1] != "::error title=conform::12 more, see the report" {
		t.Errorf("%q", lines)
	}
}

// TestJudgingNothing checks that the summary and GitHub's annotations say that no clause was judged.
func TestJudgingNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, reporttest.Unjudged()); err != nil || !strings.HasPrefix(b.String(), "## Nothing was judged\n\nNo clause was judged") {
		t.Errorf("%v: %s", err, b.String())
	}
	b.Reset()
	if err := Annotations(&b, reporttest.Unjudged()); err != nil || !strings.HasPrefix(b.String(), "::error title=conform::No clause was judged: each is not applicable or pending. ") {
		t.Errorf("%v: %s", err, b.String())
	}
}
