package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func conform(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestListJSON(t *testing.T) {
	code, out, errs := conform(t, "list", "--json")
	if code != 0 {
		t.Fatal(code, errs)
	}
	var doc struct {
		Checks, Pending, Excluded int
		Clauses                   []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Clauses) != doc.Checks+doc.Pending+doc.Excluded || doc.Checks == 0 {
		t.Errorf("%d clauses: %d, %d, %d", len(doc.Clauses), doc.Checks, doc.Pending, doc.Excluded)
	}
	for _, c := range doc.Clauses {
		if c["id"] == "" || c["level"] == "" || c["verify"] == "" || c["section"] == nil && c["source"] == nil {
			t.Errorf("clause lacks id, level, section or verification: %v", c)
		}
	}
	if _, out, _ := conform(t, "list", "--chapter", "CB"); !strings.Contains(out, "pending") {
		t.Errorf("the number pending is not printed: %s", out)
	}
}

func TestExplain(t *testing.T) {
	for id, wants := range map[string][]string{
		"arc-dur-03":  {"ARC-DUR-03", "must", "14 400", "limit-recorded", "tolerance", "reading", "Basic workflow", "https://developer.vonage.com/"},
		"ARC-STOP-06": {"(must, errors)", "source     Errors by operation\n", "OAS: https://", "stop_archive_error: https://"},
		"ARC-STO-24":  {"our reading"},
		"ARC-COMP-08": {"tolerance.uneven-percent, 1: "},
		"ARC-SES-09":  {"tolerance.stream-change, 2000 ms: "},
		"ARC-STO-13":  {"by hand    it takes an application that uploads to an address where nobody listens", "applications.unreachable\n"},
		"ARC-STO-15":  {"by hand    only the control API can show it, because a run would have to refuse uploads"},
		"ARC-CB-30":   {"by hand    only the control API can show it, because the suite has to set the secret"},
	} {
		code, out, _ := conform(t, "explain", id)
		for _, want := range wants {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("exit %d, %q lacks %q", code, out, want)
			}
		}
	}
}

// writer returns a function that writes a file into dir and returns its path.
func writer(t *testing.T, dir string) func(name, text string) string {
	return func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
}

func TestUsageErrors(t *testing.T) {
	dir := t.TempDir()
	write := writer(t, dir)
	good := write("good.yaml", "url: http://127.0.0.1:1\ncredentials: {apiKey: 1, apiSecret: secret}\ncapabilities: [legacy]\n")
	odd := write("odd.yaml", "url: http://127.0.0.1:1\nspeed: 3\n")
	full := filepath.Join(dir, "full")
	if err := os.Mkdir(full, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"run"}, 2, "--target"},
		{[]string{"run", "--target", filepath.Join(dir, "nowhere.yaml")}, 2, "nowhere.yaml"},
		{[]string{"run", "--target", odd}, 2, "speed"},
		{[]string{"run", "--target", good, "--clause", "ARC-NONE-01"}, 2, "ARC-NONE-01"},
		{[]string{"run", "--target", good, "--chapter", "NONE"}, 2, "NONE"},
		{[]string{"run", "--target", good, "--baseline", odd}, 2, "baseline"},
		{[]string{"run", "--target", good, "--out", full}, 2, "thesis.txt"},
		{[]string{"run", "--target", good, "--nonsense"}, 2, "nonsense"},
		{[]string{"run", "--target", good, "left", "over"}, 2, "left"},
		{[]string{"explain", "ARC-NONE-01"}, 2, "ARC-NONE-01"},
		{[]string{"list", "--clause", "ARC-NONE-*"}, 2, "ARC-NONE-*"},
		{[]string{"regrade", dir}, 2, "bundle"},
		{[]string{"run", "--target", good, "--out", filepath.Join(dir, "out")}, 3, "refused"},
		{[]string{"doctor", "--target", good}, 3, ""},
		{[]string{"dance"}, 2, "dance"},
		{[]string{"evidence"}, 2, "an argument is missing; the form is conform evidence REF [flags]"},
		{[]string{"diff", "one"}, 2, `the arguments ["one"] do not fit; the form is conform diff BEFORE AFTER [flags]`},
		{[]string{"schema", "goal"}, 2, `the arguments ["goal"] do not fit; the form is conform schema target`},
	} {
		code, out, errs := conform(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.text) {
			t.Errorf("%v: exit %d, want %d with %q: %s", c.args, code, c.code, c.text, errs)
		}
		if strings.Contains(out, "conform: ") {
			t.Errorf("%v prints a closing line without a run: %s", c.args, out)
		}
	}
}

// TestCaps checks that a cap is a finite number that is not negative, and that a refusal says so in words.
func TestCaps(t *testing.T) {
	name := targetFile(t, "http://127.0.0.1:1", "legacy")
	for _, c := range []struct{ flag, value, want string }{
		{"--max-minutes", "nan", "a number of minutes"}, {"--max-minutes", "inf", "a number of minutes"}, {"--max-minutes", "-1", "a number of minutes"},
		{"--max-minutes", "1h", "a number of minutes"}, {"--max-archives", "-1", "a number of archives"}, {"--max-archives", "1.5", "a number of archives"},
		{"--max-bytes", "1GB", "a number of bytes"}, {"--max-bytes", "9223372036854775808", "a number of bytes"},
	} {
		code, _, errs := conform(t, "plan", "--target", name, c.flag+"="+c.value)
		if code != 2 || !strings.Contains(errs, c.flag) || !strings.Contains(errs, c.want) || !strings.Contains(errs, "0 or more") || strings.Contains(errs, "strconv") {
			t.Errorf("%s=%s: exit %d, %s", c.flag, c.value, code, errs)
		}
	}
	want(t, 0, "archives", "plan", "--target", name, "--max-archives=0", "--max-minutes=0", "--max-bytes=0")
	for _, flag := range []string{"--max-minutes=0.01", "--max-archives=1", "--max-bytes=1"} {
		if code, _, errs := conform(t, "plan", "--target", name, flag); code != 2 || !strings.Contains(errs, "are more than --max-") {
			t.Errorf("%s caps nothing: exit %d, %s", flag, code, errs)
		}
	}
	if _, out, _ := conform(t, "run", "--help"); strings.Count(out, "0 is no limit") != 3 {
		t.Errorf("the help does not say what 0 means: %s", out)
	}
}

func TestDoctorNamesWhatIsWrongFirst(t *testing.T) {
	name := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(name, []byte("url: http://127.0.0.1:1\ncredentials: {apiKey: 1, apiSecret: secret}\ncapabilities: [legacy, vp8]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := conform(t, "doctor", "--target", name)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := lines[len(lines)-1]; code != 3 || !strings.Contains(last, "wrong first: ") || !strings.Contains(out, "FAIL            server") || !strings.Contains(out, "not tried       session") {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, args := range [][]string{{"doctor"}, {"doctor", "--target", name, "--within", "-1s"}} {
		if code, _, errs := conform(t, args...); code != 2 {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
	}
}

func TestPlan(t *testing.T) {
	name := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(name, []byte("url: http://127.0.0.1:1\ncredentials: {apiKey: 1, apiSecret: secret}\ncapabilities: [legacy, vp8, s3, callback]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := conform(t, "plan", "--target", name)
	if code != 0 || !strings.Contains(out, "composed-pair") || !strings.Contains(out, "pending") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if !strings.Contains(out, "\nnot run\n  ") || strings.Contains(out, "not run: ") {
		t.Errorf("the reasons are not at the end: %s", out)
	}
	_, table, _ := strings.Cut(out, "\nscenario ")
	for line := range strings.Lines(table) {
		if len(line) > lineWidth+1 {
			t.Errorf("a line of %d characters: %s", len(line)-1, line)
		}
	}
}
