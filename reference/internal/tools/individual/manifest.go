// Package individual reads individual archives: ZIP files with one WebM or Matroska file for every stream, or part of a stream, and a manifest
// that says when each was recorded. It writes them to a journal, from which the compositor makes the picture as it does for a session.
//
// Nothing in the ZIP is trusted. No name in it becomes a path, and sizes are limited before anything is read.
package individual

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	// maxFiles suffices for twelve hours of fifty streams with a new segment every five minutes each.
	maxFiles   = 10_000
	maxEntries = 2 * maxFiles
	// maxManifest, in bytes, suffices for maxFiles files with 1000 characters of connection data each.
	maxManifest = 32 << 20
	// maxCandidates is the maximum number of JSON files that are searched for a manifest.
	maxCandidates = 16
	// earliest is how long before the beginning of the recording a file may begin, because its first frame was on its way then.
	earliest = time.Minute
	// maxMedia is the maximum size of a media file in bytes, far more than four hours of the best video.
	maxMedia = 64 << 30
	// maxRatio is how many times larger than its compressed size media may be. Media hardly shrinks; ZIP bombs do.
	maxRatio  = 20
	freeBytes = 1 << 20
	longest   = 24 * time.Hour
)

// Manifest is the manifest in the ZIP.
type Manifest struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	SessionID string `json:"sessionId"`
	CreatedAt int64  `json:"createdAt"` // ms since the epoch
	Files     []File `json:"files"`     // those that can be used

	refused []error // why others are left out
}

// File is one media file, with a stream or a part of a stream.
type File struct {
	StreamID        string `json:"streamId"`
	Filename        string `json:"filename"`
	Size            int64  `json:"size"`
	StartTimeOffset int64  `json:"startTimeOffset"` // ms since createdAt
	StopTimeOffset  int64  `json:"stopTimeOffset"`
	ConnectionData  string `json:"connectionData"`
	VideoType       string `json:"videoType"`

	place int // in the manifest
}

// start and stop return the file's interval in the recording.
func (f File) start() time.Duration { return time.Duration(f.StartTimeOffset) * time.Millisecond }
func (f File) stop() time.Duration  { return time.Duration(f.StopTimeOffset) * time.Millisecond }

// Archive is an open ZIP.
type Archive struct {
	Manifest

	zip   io.Closer
	media map[string]*zip.File // by the name in the manifest
}

// Open opens a ZIP and checks its directory and its manifest. The caller must call Close.
func Open(name string) (*Archive, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		if errors.Is(err, zip.ErrFormat) {
			err = fmt.Errorf("%s is cut off, or is not a ZIP file", name)
		}
		return nil, err
	}
	a, err := read(&z.Reader)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), z.Close())
	}
	a.zip = z
	return a, nil
}

// Close closes the ZIP.
func (a *Archive) Close() error { return a.zip.Close() }

func read(z *zip.Reader) (*Archive, error) {
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("%d files in the ZIP are too many: at most %d", len(z.File), maxEntries)
	}
	a := &Archive{media: map[string]*zip.File{}}
	entries := map[string]*zip.File{}
	for _, f := range z.File {
		if entries[f.Name] != nil {
			return nil, fmt.Errorf("%q is in the ZIP twice", f.Name)
		}
		entries[f.Name] = f
	}
	if err := a.findManifest(z.File); err != nil {
		return nil, err
	}
	var usable []File
	for _, f := range a.Files {
		if err := a.check(f, entries); err != nil {
			a.refused = append(a.refused, fmt.Errorf("manifest: files[%d]: %w", f.place, err))
			continue
		}
		usable = append(usable, f)
	}
	a.Files = usable
	return a, a.none()
}

// none returns why no file can be used. A manifest that names none is no error: nobody published.
func (m *Manifest) none() error {
	if len(m.Files) > 0 || len(m.refused) == 0 {
		return nil
	}
	return m.refused[0]
}

// findManifest parses the JSON file in the root. Its name is not documented; of several, the last one that is a manifest is used.
func (a *Archive) findManifest(files []*zip.File) error {
	var refused error
	found := 0
	for _, f := range slices.Backward(files) {
		if !strings.EqualFold(path.Ext(f.Name), ".json") || strings.ContainsAny(f.Name, `/\`) {
			continue
		}
		if found++; found > maxCandidates {
			break
		}
		m, err := readManifest(f)
		if err == nil {
			a.Manifest = m
			return nil
		}
		refused = errors.Join(refused, fmt.Errorf("manifest %q: %w", f.Name, err))
	}
	if refused == nil {
		return errors.New("no manifest: there is no .json file in the root of the ZIP")
	}
	return refused
}

func readManifest(f *zip.File) (Manifest, error) {
	r, err := f.Open()
	if err != nil {
		return Manifest{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	switch {
	case err != nil:
		return Manifest{}, err
	case len(b) > maxManifest:
		return Manifest{}, fmt.Errorf("larger than %d bytes", maxManifest)
	}
	m, err := parseManifest(b)
	if n := len(m.Files) + len(m.refused); err == nil && n > maxFiles {
		err = fmt.Errorf("files has %d entries, want at most %d", n, maxFiles)
	}
	return m, err
}

func (a *Archive) check(f File, entries map[string]*zip.File) error {
	entry := entries[f.Filename]
	switch {
	case f.Filename == "":
		return errors.New("filename is missing")
	case entry == nil:
		return fmt.Errorf("filename %q is not in the ZIP", f.Filename)
	case a.media[f.Filename] != nil:
		return fmt.Errorf("filename %q comes twice", f.Filename)
	case f.StreamID == "":
		return errors.New("streamId is missing")
	case f.StartTimeOffset < -earliest.Milliseconds() || f.StartTimeOffset > longest.Milliseconds():
		return fmt.Errorf("startTimeOffset %d is not from %d to %d", f.StartTimeOffset, -earliest.Milliseconds(), longest.Milliseconds())
	case f.StopTimeOffset < f.StartTimeOffset || f.StopTimeOffset > longest.Milliseconds():
		return fmt.Errorf("stopTimeOffset %d is not from startTimeOffset to %d", f.StopTimeOffset, longest.Milliseconds())
	case entry.UncompressedSize64 > maxMedia:
		return fmt.Errorf("%q has %d bytes: at most %d are read", f.Filename, entry.UncompressedSize64, int64(maxMedia))
	case entry.UncompressedSize64/maxRatio > entry.CompressedSize64+freeBytes/maxRatio:
		return fmt.Errorf("%q grows from %d to %d bytes, which media does not", f.Filename, entry.CompressedSize64, entry.UncompressedSize64)
	}
	a.media[f.Filename] = entry
	return nil
}
