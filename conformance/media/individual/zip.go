package individual

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is read. The archives of a run are far smaller.
const (
	maxDirectory = 16 << 20 // bytes that are read to find the entries
	maxEntries   = 4096
	maxUnpacked  = 2 << 30 // bytes of all entries
	maxManifest  = 4 << 20
	maxRatio     = 100 // media and its manifest do not compress that well
	maxFindings  = 100
)

// Open reads the archive at path. It returns an error only if the file cannot be read or ctx ended, whatever the archive
// holds.
func Open(ctx context.Context, path string) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, fmt.Errorf("individual archive: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Report{}, fmt.Errorf("individual archive: %w", err)
	}
	return Read(ctx, f, info.Size())
}

// Read is [Open] for an archive of size bytes.
func Read(ctx context.Context, f io.ReaderAt, size int64) (Report, error) {
	r := Report{Size: size, Entries: []Entry{}}
	if size == 0 {
		r.note(Empty, "the archive has 0 bytes")
		return r, nil
	}
	m := &meter{from: f, left: maxDirectory, metered: true}
	z, err := zip.NewReader(m, size)
	m.metered = false
	switch {
	case m.err != nil:
		return r, fmt.Errorf("individual archive: %w", m.err)
	case m.left < 0:
		r.note(Limit, "its directory takes more than %d bytes", maxDirectory)
		return r, nil
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		r.note(Broken, "no ZIP: %v", err)
		return r, nil
	}
	r.Comment = z.Comment
	files := z.File
	if len(files) > maxEntries {
		r.note(Limit, "%d entries; the first %d are looked at", len(files), maxEntries)
		files = files[:maxEntries]
	}
	left := int64(maxUnpacked)
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		e := describe(file)
		e.head(m, file)
		if m.err == nil {
			left -= e.read(ctx, file, left)
		}
		if m.err != nil {
			return r, fmt.Errorf("individual archive: %w", m.err)
		}
		r.Entries = append(r.Entries, e)
	}
	r.compare()
	return r, ctx.Err()
}

func (r *Report) note(k Kind, format string, args ...any) {
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, Finding{k, fmt.Sprintf(format, args...)})
	}
}

func (e *Entry) note(k Kind, format string, args ...any) {
	if len(e.Findings) < maxFindings {
		e.Findings = append(e.Findings, Finding{k, fmt.Sprintf(format, args...)})
	}
}

// meter reads an archive and remembers why the file itself could not be read. While it is metered it returns only a
// limited number of bytes.
type meter struct {
	from    io.ReaderAt
	metered bool
	left    int64
	err     error
}

var (
	errMetered = errors.New("more than the limit would be read")
	errOutside = errors.New("its offset is before the beginning of the file")
)

func (m *meter) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 { // a shifted directory may give an entry such an offset
		return 0, errOutside
	}
	if m.metered {
		if m.left -= int64(len(p)); m.left < 0 {
			return 0, errMetered
		}
	}
	n, err := m.from.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// describe returns what the directory says about an entry.
func describe(f *zip.File) Entry {
	e := Entry{Name: strings.ToValidUTF8(f.Name, "\uFFFD"), Size: f.UncompressedSize64, Packed: f.CompressedSize64, CRC32: f.CRC32, Offset: -1}
	switch f.Method {
	case zip.Store:
		e.Method = "stored"
	case zip.Deflate:
		e.Method = "deflated"
	default:
		e.Method = fmt.Sprint(f.Method)
		e.note(Method, "compression %d is not read", f.Method)
	}
	if f.Flags&1 != 0 {
		e.note(Method, "it is encrypted")
	}
	if why := trick(f.Name); why != "" {
		e.note(Path, "%s", why)
	}
	if mode := f.Mode(); !mode.IsRegular() && !mode.IsDir() {
		e.note(Path, "it is no regular file: %v", mode)
	}
	if e.Size > maxRatio*max(e.Packed, 1) {
		e.note(Ratio, "%d bytes are packed into %d", e.Size, e.Packed)
	}
	return e
}

// trick returns what a name does beside naming a file of the folder that the archive is unpacked to.
func trick(name string) string {
	switch {
	case name == "":
		return "it has no name"
	case !utf8.ValidString(name):
		return "its name is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "its name has control characters"
	case strings.ContainsAny(name, `\:`):
		return `its name has a \ or a :`
	case strings.HasPrefix(name, "/"):
		return "its name is absolute"
	case slices.ContainsFunc(strings.Split(strings.TrimSuffix(name, "/"), "/"), func(s string) bool { return s == "" || s == "." || s == ".." }):
		return "its name has parts that are empty, . or .."
	}
	return ""
}

// Downloaded reports whether a downloaded file is the ZIP of an individual archive: by the name in the link or, where that
// has none, by its first bytes (APPNOTE.TXT, 4.3.7).
func Downloaded(link, file string) bool {
	if u, err := url.Parse(link); err == nil && path.Ext(u.Path) != "" {
		return path.Ext(u.Path) == ".zip"
	}
	blob, err := os.Open(file)
	if err != nil {
		return false
	}
	defer blob.Close()
	begin := make([]byte, 4)
	_, err = io.ReadFull(blob, begin)
	return err == nil && bytes.Equal(begin, []byte("PK\x03\x04"))
}
