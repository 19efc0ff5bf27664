// Package individual reads the ZIP of an individual stream archive: its entries, its manifest and the frames of its
// media files. It judges nothing.
//
// A bad archive is never an error. Findings describe it, and everything readable is still read. Memory is bounded,
// whatever an archive says about itself.
package individual

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"reelcheck/conformance/media/matroska"
)

// Report is what an archive holds.
type Report struct {
	Size     int64     `json:"size"`
	Findings []Finding `json:"findings,omitempty"`
	Comment  string    `json:"comment,omitempty"`
	Entries  []Entry   `json:"entries"` // in the order of the central directory
}

// Kind classifies a finding.
type Kind string

// The kinds of findings.
const (
	Empty     Kind = "empty"     // 0 bytes
	Broken    Kind = "broken"    // the directory, an entry or a manifest cannot be read
	Truncated Kind = "truncated" // an entry ends early
	Checksum  Kind = "checksum"  // the bytes of an entry do not match its CRC
	Duplicate Kind = "duplicate" // a name, or a member of a manifest, occurs twice
	Path      Kind = "path"      // a name that leads out of the folder it is unpacked to
	Method    Kind = "method"    // an unsupported compression, or encryption
	Disagree  Kind = "disagree"  // the local header of an entry contradicts the directory
	Overlap   Kind = "overlap"   // entries share bytes
	Ratio     Kind = "ratio"     // an entry grows out of proportion when it is unpacked
	Limit     Kind = "limit"     // more than is read
)

// Finding is something wrong or unusual.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail"`
}

func (f Finding) String() string { return string(f.Kind) + ": " + f.Detail }

// Entry is one entry of the ZIP.
type Entry struct {
	Name     string    `json:"name"`
	Method   string    `json:"method"` // "stored", "deflated", or the number
	Size     uint64    `json:"size"`   // unpacked, according to the directory
	Packed   uint64    `json:"packed"`
	CRC32    uint32    `json:"crc32"`
	Offset   int64     `json:"offset"` // of its bytes; -1 if unknown
	Findings []Finding `json:"findings,omitempty"`
	// At most one of these is set, by the name or the first bytes of the entry.
	Media    *matroska.Report `json:"media,omitempty"`
	Manifest *Manifest        `json:"manifest,omitempty"`
}

// Directory reports whether the entry is a folder.
func (e Entry) Directory() bool { return strings.HasSuffix(e.Name, "/") }

// Ext returns the extension of the name in lower case: ".webm".
func (e Entry) Ext() string { return strings.ToLower(path.Ext(e.Name)) }

// Entry returns the entry with exactly that name.
func (r Report) Entry(name string) (Entry, bool) {
	i := slices.IndexFunc(r.Entries, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return r.Entries[i], true
}

// Manifests returns the entries whose names end in .json.
func (r Report) Manifests() []Entry {
	return slices.DeleteFunc(slices.Clone(r.Entries), func(e Entry) bool { return e.Manifest == nil })
}

// Manifest returns the only manifest. ok is false when there is none, or more than one.
func (r Report) Manifest() (m Manifest, ok bool) {
	found := r.Manifests()
	if len(found) != 1 {
		return m, false
	}
	return *found[0].Manifest, true
}

// MediaFiles returns the entries that are Matroska or WebM by name or by content.
func (r Report) MediaFiles() []Entry {
	return slices.DeleteFunc(slices.Clone(r.Entries), func(e Entry) bool { return e.Media == nil })
}

// Problems returns all findings, those of entries with their names.
func (r Report) Problems() []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.String())
	}
	for _, e := range r.Entries {
		for _, f := range e.Findings {
			out = append(out, fmt.Sprintf("%q: %s", e.Name, f))
		}
		if e.Manifest != nil {
			for _, f := range e.Manifest.Findings {
				out = append(out, fmt.Sprintf("%q: %s", e.Name, f))
			}
		}
		if e.Media != nil {
			for _, f := range e.Media.Findings {
				out = append(out, fmt.Sprintf("%q: %s", e.Name, f))
			}
		}
	}
	return out
}
