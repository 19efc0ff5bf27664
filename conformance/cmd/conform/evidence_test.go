package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
)

func TestEvidence(t *testing.T) {
	dir := t.TempDir()
	j, err := evidence.Create(filepath.Join(dir, "evidence"), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := j.Body([]byte(`{"id":"a1","name":"` + "\u009b31mred\u202e" + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.Append(evidence.Record{Scenario: "list", Label: "list.all", Exchange: &evidence.Exchange{Identity: evidence.AsUnified, Started: time.Unix(0, 0),
		Request:  evidence.Request{Method: "GET", URL: "http://h/archive", Header: map[string][]string{"Authorization": {"Bearer [redacted]"}}},
		Response: &evidence.Response{Status: 200, Body: body}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{r.Ref(), "#1", "1"} {
		code, out, errs := conform(t, "evidence", ref, "--dir", dir)
		for _, want := range []string{"list/list.all#1\n", "GET /archive → 200", "\n  \"id\": \"a1\"", `\x9b31mred\u202e`, `-H 'Authorization: Bearer '"$JWT"`} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: exit %d, %q lacks %q: %s", ref, code, out, want, errs)
			}
		}
		if strings.ContainsAny(out, "\u009b\u202e") {
			t.Errorf("%q steers the terminal", out)
		}
	}
	file := filepath.Join(dir, "body.json")
	if code, _, errs := conform(t, "evidence", "#1", "--dir", dir, "--out", file); code != 0 {
		t.Fatal(code, errs)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != body.Text {
		t.Errorf("%v: wrote %q", err, got)
	}
	for _, args := range [][]string{{"#2"}, {"nothing"}, {"#1", "--request"}, {"#1", "--request", "--out", "-"}, {}} {
		if code, _, errs := conform(t, append([]string{"evidence", "--dir", dir}, args...)...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	none := filepath.Join(dir, "none")
	if code, _, errs := conform(t, "evidence", "#1", "--dir", none); code != 2 || !strings.Contains(errs, "no evidence in "+none+"; ") {
		t.Errorf("a folder without evidence: exit %d, %s", code, errs)
	}
	for _, inside := range []string{dir, filepath.Join(dir, "evidence")} {
		t.Chdir(inside)
		want(t, 0, "list/list.all#1\n", "evidence", "#1")
	}
	t.Chdir(t.TempDir())
	if code, _, errs := conform(t, "evidence", "#1"); code != 2 || !strings.Contains(errs, "no evidence in report or in .; ") {
		t.Errorf("no evidence anywhere: exit %d, %s", code, errs)
	}
	if err := os.Rename(dir, "report"); err != nil {
		t.Fatal(err)
	}
	want(t, 0, "list/list.all#1\n", "evidence", "#1")
}
