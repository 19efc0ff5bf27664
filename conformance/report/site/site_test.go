package site

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/spec"
)

func sample() []Entry {
	good := reporttest.Sample()
	good.Clauses = good.Clauses[:1]
	return []Entry{{"Acme Recorder", reporttest.Sample()}, {"Bolt", good}}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	for range 2 { // the second time it replaces the first
		if err := Write(dir, sample()); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, index))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<a href="01-acme-recorder/report.html">Acme Recorder</a>`, `src="02-bolt/badge.svg"`, `<th scope="row">Callbacks</th><td class="fail">0 / 2 <small>2 failed</small> <small>1 inconclusive</small>`, `<td class="part">– <small>1 inconclusive</small>`,
		`<td class="none">–</td>`, "1 passed, 3 failed (1 excused), 2 inconclusive"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	for _, link := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join(dir, link[1])); err != nil {
			t.Error(err)
		}
	}
	thesis := t.TempDir()
	if err := os.WriteFile(filepath.Join(thesis, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(thesis, sample()); err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("wrote over a folder that is no site: %v", err)
	}
}

// TestHostileReportsInjectNothing fills every text of a report with what breaks out of pages, and compares the elements
// and attributes of the page with those of a harmless report.
func TestHostileReportsInjectNothing(t *testing.T) {
	evil := reporttest.Sample()
	for i := range evil.Clauses {
		c := &evil.Clauses[i]
		c.ID, c.Title, c.Text, c.Chapter, c.Level, c.Reason = reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, reporttest.Hostile+c.Chapter, reporttest.Hostile, reporttest.Hostile
		c.Documents = []spec.Link{{Name: reporttest.Hostile, URL: "javascript:alert(1)"}}
	}
	evil.Target = report.Target{URL: "javascript:alert(1)", Launched: reporttest.Hostile, Capabilities: []string{reporttest.Hostile}, TimeMode: reporttest.Hostile}
	evil.Suite = report.Suite{Name: reporttest.Hostile, Version: `" onload="alert(1)`, LedgerSHA256: reporttest.Hostile}
	evil.Run.ID, evil.Run.Evidence = reporttest.Hostile, "../../etc"
	dir := t.TempDir()
	if err := Write(dir, []Entry{{"../" + reporttest.Hostile, evil}}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".html" {
			inspect(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := filepath.Glob(filepath.Join(dir, "*", folder.HTML)); err != nil || len(entries) != 1 {
		t.Errorf("reports %v, %v", entries, err)
	}
}

// inspect fails if the page has an element, an attribute or a link that our templates never make.
func inspect(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := html.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" {
			scripts++
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src") && strings.Contains(strings.ToLower(a.Val), "script:") {
				t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "iframe" || n.Data == "img" && strings.Contains(attribute(n, "src"), "evil") {
			t.Errorf("%s: <%s>", path, n.Data)
		}
	}
	if scripts > 1 {
		t.Errorf("%s has %d scripts", path, scripts)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
