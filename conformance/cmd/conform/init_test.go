package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/target/config"
)

// initiate runs init with a person at the keyboard who types lines.
func initiate(t *testing.T, lines string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"init"}, args...), strings.NewReader(lines), &out, &errs)
	return code, out.String(), errs.String()
}

func TestInitAsks(t *testing.T) {
	t.Setenv("REELCHECK_API_SECRET", "hush")
	name := filepath.Join(t.TempDir(), "mine.yaml")
	code, out, errs := initiate(t, strings.Join([]string{"nonsense", "http://127.0.0.1:8080", "", "Example", "", "", "", "", "", "abc", "100", ""}, "\n")+"\n",
		"--out", name, "--files", "link")
	if code != 0 {
		t.Fatal(code, out, errs)
	}
	for _, want := range []string{`"nonsense": want an http or https URL`, "API key; none", `"abc": want digits`, "[REELCHECK_API_SECRET]", "Wrote " + name} {
		if !strings.Contains(out, want) {
			t.Errorf("%q lacks %q", out, want)
		}
	}
	if strings.Contains(out, "where the files") || strings.Contains(out, "private key") || strings.Contains(out, "export") {
		t.Errorf("asks or advises without need: %s", out)
	}
	f, err := config.ReadFile(name)
	if err != nil || f.URL != "http://127.0.0.1:8080" || f.Organisation != "Example" || f.Credentials.APISecret != "hush" {
		t.Errorf("%+v, %v", f, err)
	}
	if b, err := os.ReadFile(filepath.Join(filepath.Dir(name), schemaName)); err != nil || !json.Valid(b) {
		t.Errorf("schema: %v", err)
	}
}

// TestInitTakesNone checks that none is an answer, and that a person who gives neither an id nor a key is told so until the input ends.
func TestInitTakesNone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "mine.yaml")
	lines := strings.Join([]string{"http://127.0.0.1:8080", "", "", "", "", "", "none", "none", ""}, "\n")
	code, out, errs := initiate(t, lines, "--out", name)
	if code != 2 || !strings.Contains(errs, "--api-key: missing") || !strings.Contains(out, "knows only API keys [none]: ") ||
		!strings.Contains(out, "missing: an API key: there is no application id") || strings.Contains(out, "want digits") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "target.yaml")
	flags := []string{"--out", name, "--url", "http://127.0.0.1:8080", "--api-key", "100"}
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := initiate(t, "", flags...)
	if b, err := os.ReadFile(name); code != 2 || !strings.Contains(errs, "--force") || out != "" || err != nil || string(b) != "mine" {
		t.Errorf("exit %d, %s%s, the file has %q", code, out, errs, b)
	}
	if code, _, errs := initiate(t, "", append(flags, "--force")...); code != 0 {
		t.Fatal(code, errs)
	}
	if b, err := os.ReadFile(name); err != nil || !strings.Contains(string(b), "apiKey") {
		t.Errorf("%q, %v", b, err)
	}
	schema := filepath.Join(dir, schemaName)
	if err := os.WriteFile(schema, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := initiate(t, "", append(flags, "--force")...); code != 2 {
		t.Errorf("exit %d", code)
	}
	if b, err := os.ReadFile(schema); err != nil || string(b) != "theirs" {
		t.Errorf("the schema has %q, %v", b, err)
	}
}

func TestInitWithoutATerminal(t *testing.T) {
	name := filepath.Join(t.TempDir(), "target.yaml")
	code, _, errs := initiate(t, "", "--out", name)
	if code != 2 || !strings.Contains(errs, "--url: missing") || !strings.Contains(errs, "--api-key: missing") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("a file was written")
	}
	if code, _, errs := initiate(t, "", "--out", name, "--url", "http://127.0.0.1:1", "--s3-bucket", "b"); code != 2 || !strings.Contains(errs, "--s3-bucket") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestSchemaCommand(t *testing.T) {
	if code, out, errs := conform(t, "schema", "target"); code != 0 || !strings.Contains(out, config.SchemaID) {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, _, _ := conform(t, "schema", "everything"); code != 2 {
		t.Errorf("exit %d", code)
	}
}
