// Package content says what was found in the file of an archive, and what the file must hold according to what the
// harness did.
package content

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media"
	"reelcheck/conformance/text"
)

// File is the forensics report on an archive file.
type File struct {
	media.Report
	err string
}

// FileOf returns the forensics report on a file. An error means that the evidence cannot be read; a file that is not
// media is not an error.
func FileOf(f *facts.Facts, r evidence.Record) (File, error) {
	type fileOf struct{ report, err string }
	type reading struct {
		file File
		err  error
	}
	got := facts.Keep(f, fileOf{string(r.Media.Report), r.Media.Error}, func() (got reading) {
		if got.file.err = r.Media.Error; got.file.err != "" {
			return got
		}
		if err := json.Unmarshal(r.Media.Report, &got.file.Report); err != nil {
			got.err = fmt.Errorf("forensics report of %s: %w", r.Ref(), err)
		}
		return got
	})
	return got.file, got.err
}

// Readable reports whether the file is readable as media.
func (f File) Readable() bool { return f.err == "" && !f.Has(media.Broken) }

func (f File) MP4() bool {
	return len(f.Boxes) > 0 && f.Boxes[0].Type == "ftyp" &&
		slices.ContainsFunc(f.Boxes, func(b media.Box) bool { return b.Type == "moov" })
}

func FileKind(r evidence.Record, f File) string {
	if f.err != "" {
		return f.err
	}
	var boxes []string
	for _, b := range f.Boxes {
		boxes = append(boxes, b.Type)
	}
	return fmt.Sprintf("%d bytes with boxes [%s]%s", f.Size, text.Clip(strings.Join(boxes, " "), 200), Details(f))
}

func Details(f File) string {
	var s string
	for _, found := range f.Findings {
		s += "; " + string(found.Kind) + ": " + found.Detail
	}
	return text.Clip(s, 300)
}
