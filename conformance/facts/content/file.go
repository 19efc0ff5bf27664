// Package content is what was found in the file of an archive, and what the file has to hold by what the harness did.
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

// File is an archive file as the forensics read it.
type File struct {
	media.Report
	err string
}

// FileOf reads the forensics of a file. An error is trouble of the evidence; bytes that are no media are not.
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

// Readable tells whether the bytes are media.
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
	return fmt.Sprintf("%d bytes with boxes [%s]%s", f.Size, strings.Join(boxes, " "), Details(f))
}

func Details(f File) string {
	var s string
	for _, found := range f.Findings {
		s += "; " + string(found.Kind) + ": " + found.Detail
	}
	return text.Clip(s, 300)
}
