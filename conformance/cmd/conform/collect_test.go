package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/pledge"
)

// TestCollectSaysWhatIsMissing checks that what is wrong with a report folder or its pledges is told in words.
func TestCollectSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, pledge.Name)
	refused := func(dir string, wants ...string) {
		t.Helper()
		code, _, errs := conform(t, "collect", dir)
		for _, want := range wants {
			if code != 2 || !strings.Contains(errs, want) || strings.Contains(errs, "Go ") {
				t.Errorf("exit %d, %q, want %q", code, errs, want)
			}
		}
	}
	refused(filepath.Join(dir, "nowhere"), "there is no folder "+filepath.Join(dir, "nowhere"))
	refused(dir, dir+" has no open pledges")
	for content, want := range map[string]string{
		`[]`:                                 "the file is a JSON array",
		`{"pledges":{}}`:                     "pledges is a JSON object",
		`{"pledges":[{"scenario":1}]}`:       "scenario is a JSON number",
		`{"pledges":[`:                       "unexpected end",
		`{"format":"` + pledge.Format + `"}`: "run is missing",
		`{"format":"` + pledge.Format + `","run":"r","pledges":[{}]}`:                 "target is missing",
		`{"format":"` + pledge.Format + `","run":"r","target":"t.yaml","pledges":[]}`: "pledges is missing or empty",
		`{"format":"other"}`:                 `format "other"`,
		`{"pledges":[{"from":"yesterday"}]}`: `"yesterday"`,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(dir, file+": ", want, pledge.Format)
	}
}
