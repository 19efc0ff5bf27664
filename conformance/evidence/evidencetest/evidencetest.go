// Package evidencetest reads evidence that tests judge.
package evidencetest

import (
	"compress/gzip"
	"os"
	"testing"

	"reelcheck/conformance/evidence"
)

// Read returns the records of a compressed journal, such as that of the recorded run, in mutants/testdata.
func Read(t testing.TB, path string) []evidence.Record {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	records, err := evidence.Read(z)
	if err != nil {
		t.Fatal(err)
	}
	return records
}
