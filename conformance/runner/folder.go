package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reelcheck/conformance/pledge"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/text"
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
	ours := append([]string{EvidenceDir, pledge.Name, "target.log", "s3", "azure", folder.Manifest, folder.Signature}, folder.Formats...)
	for _, e := range entries {
		if !slices.Contains(ours, e.Name()) && !strings.HasPrefix(e.Name(), ".tmp-") {
			return "", fmt.Errorf("--out %s holds %q, which is not part of a report; choose another folder", dir, e.Name())
		}
	}
	if f, err := pledge.Read(dir); err == nil {
		return "", fmt.Errorf("--out %s has %s with conform collect, or choose another folder", dir, text.Number(len(f.Pledges), "open pledge; redeem it", "open pledges; redeem them"))
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return "", err
		}
	}
	return dir, nil
}
