package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"reelcheck/conformance/report"
)

// Folder makes the report folder absolute and removes an earlier report from it. It refuses a folder that holds anything
// else, so that nothing is lost.
func Folder(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return dir, os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", err
	}
	ours := map[string]bool{report.Files.JSON: true, report.Files.JUnit: true, report.Files.HTML: true, EvidenceDir: true, "target.log": true, "s3": true, "azure": true}
	for _, e := range entries {
		if !ours[e.Name()] && !strings.HasPrefix(e.Name(), ".tmp-") {
			return "", fmt.Errorf("--out %s holds %q, which is not part of a report; choose another folder", dir, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return "", err
		}
	}
	return dir, nil
}
