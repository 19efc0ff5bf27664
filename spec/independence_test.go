package spec_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestReferenceAndConformanceDoNotImportEachOther checks that the two programs share only data: an error in one must not
// be able to hide an error in the other.
func TestReferenceAndConformanceDoNotImportEachOther(t *testing.T) {
	for from, banned := range map[string]string{
		"reelcheck/reference/...":   "reelcheck/conformance",
		"reelcheck/conformance/...": "reelcheck/reference",
	} {
		out, err := exec.Command("go", "list", "-deps", "-test", "-f", "{{.ImportPath}}", from).CombinedOutput()
		if err != nil {
			t.Fatalf("go list %s: %v\n%s", from, err, out)
		}
		own := strings.TrimSuffix(from, "/...")
		seen := false
		for line := range strings.Lines(string(out)) {
			path := strings.TrimSpace(line)
			seen = seen || strings.HasPrefix(path, own)
			if strings.HasPrefix(path, banned) {
				t.Errorf("%s depends on %s", from, path)
			}
		}
		if !seen {
			t.Errorf("go list %s names no package of its own: %s", from, out)
		}
	}
}
