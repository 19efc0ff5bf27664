package individual

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"reelcheck/conformance/media/matroska"
)

// read reads at most limit bytes of an entry and returns how many it read.
func (e *Entry) read(ctx context.Context, f *zip.File, limit int64) int64 {
	if e.Directory() || len(e.Findings) > 0 && slices.ContainsFunc(e.Findings, func(f Finding) bool { return f.Kind == Method }) {
		return 0
	}
	packed, err := f.Open()
	if err != nil {
		e.note(Broken, "%v", err)
		return 0
	}
	defer packed.Close()
	in := &stream{ctx: ctx, from: packed, left: limit}
	b := bufio.NewReaderSize(in, 64<<10)
	head, _ := b.Peek(len(matroska.Magic))
	switch {
	case e.Ext() == ".json":
		e.manifest(b)
	case e.Ext() == ".webm" || e.Ext() == ".mkv" || string(head) == matroska.Magic:
		found := matroska.Read(b)
		e.Media = &found
	}
	_, _ = io.Copy(io.Discard, b) // the checksum is verified at the end; in remembers errors
	e.finish(in)
	return in.n
}

// finish notes how the bytes ended.
func (e *Entry) finish(in *stream) {
	switch {
	case in.full:
		e.note(Limit, "more than %d bytes in all entries; the rest is not looked at", int64(maxUnpacked))
	case in.err == nil:
	case errors.Is(in.err, zip.ErrChecksum):
		e.note(Checksum, "its bytes have another CRC than %08x", e.CRC32)
	case errors.Is(in.err, io.ErrUnexpectedEOF):
		e.note(Truncated, "it ends after %d of %d bytes", in.n, e.Size)
	default:
		e.note(Broken, "after %d bytes: %v", in.n, in.err)
	}
}

// manifest reads a JSON file.
func (e *Entry) manifest(r io.Reader) {
	text, _ := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if len(text) > maxManifest {
		e.note(Limit, "a manifest of more than %d bytes", maxManifest)
		text = text[:0]
	}
	m := ParseManifest(text)
	e.Manifest = &m
}

// stream returns bytes until a limit, an error or the end of ctx, and remembers which.
type stream struct {
	ctx  context.Context
	from io.Reader
	left int64
	n    int64
	full bool
	err  error
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.left <= 0 {
		// One byte more shows whether the entry ends here.
		p = p[:min(len(p), 1)]
	}
	n, err := s.from.Read(p)
	if n > 0 && s.left <= 0 {
		s.full = true
		return 0, io.EOF
	}
	s.n, s.left = s.n+int64(n), s.left-int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// compare notes what entries have in common but should not.
func (r *Report) compare() {
	names := map[string]int{}
	folded := map[string]string{}
	for _, e := range r.Entries {
		if names[e.Name]++; names[e.Name] == 2 {
			r.note(Duplicate, "more than one entry has the name %.200q", e.Name)
		}
		low := strings.ToLower(e.Name)
		if other, known := folded[low]; known && other != e.Name {
			r.note(Duplicate, "%.200q and %.200q are one name where case does not count", other, e.Name)
		}
		folded[low] = e.Name
	}
	inOrder := slices.Clone(r.Entries)
	slices.SortStableFunc(inOrder, func(a, b Entry) int { return int(min(1, max(-1, a.Offset-b.Offset))) })
	for i, e := range inOrder[:max(0, len(inOrder)-1)] {
		next := inOrder[i+1]
		if e.Offset >= 0 && e.Packed > 0 && (next.Offset < 0 || uint64(next.Offset-e.Offset) < e.Packed) {
			r.note(Overlap, "%.200q and %.200q share bytes", e.Name, next.Name)
		}
	}
}
