// Package folder writes a report into a folder in all its formats, and reads it from there.
package folder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"reelcheck/conformance/durable"
	"reelcheck/conformance/report"
	"reelcheck/conformance/report/badge"
	"reelcheck/conformance/report/junit"
	"reelcheck/conformance/report/page"
	"reelcheck/conformance/report/summary"
)

// Names of the files in a report folder.
const (
	JSON    = "report.json"
	HTML    = "report.html"
	JUnit   = "junit.xml"
	Summary = "summary.md"
	Badge   = "badge.svg"

	// Manifest and Signature are there if the report is signed; see package signed.
	Manifest  = "MANIFEST"
	Signature = "MANIFEST.sig"
)

// Formats are the files that [Write] makes.
var Formats = []string{JSON, HTML, JUnit, Summary, Badge}

// Write writes all formats into dir, which it makes if it is missing. Each file is complete or absent.
func Write(dir string, r *report.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report folder: %w", err)
	}
	for name, format := range map[string]func(io.Writer) error{
		JSON:    r.JSON,
		HTML:    func(w io.Writer) error { return page.Write(w, r) },
		JUnit:   func(w io.Writer) error { return junit.Write(w, r) },
		Summary: func(w io.Writer) error { return summary.Markdown(w, r) },
		Badge:   func(w io.Writer) error { return badge.SVG(w, r) },
	} {
		if err := File(filepath.Join(dir, name), format); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// Unjudged writes into dir what CI shows of a run that could judge nothing: a JUnit file with one error, and a summary.
func Unjudged(dir, why string, at time.Time) error {
	return errors.Join(
		File(filepath.Join(dir, JUnit), func(w io.Writer) error { return junit.Unjudged(w, why, at) }),
		File(filepath.Join(dir, Summary), func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "## Nothing could be judged\n\n%s\n", summary.Escape(why))
			return err
		}))
}

// Read reads the report in dir, or in the JSON file that dir names.
func Read(dir string) (*report.Report, error) {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		dir = filepath.Join(dir, JSON)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return r, nil
}

// File writes a file that is complete or absent.
func File(name string, format func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	if err := errors.Join(format(f), f.Chmod(0o644)); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return durable.Place(f, name)
}
