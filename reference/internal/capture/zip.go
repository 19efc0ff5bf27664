package capture

import (
	"archive/zip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/journal"
)

const manifestName = "manifest.json"

// entry is one file of the ZIP.
type entry struct {
	name string
	head []byte
	body int64
	crc  uint32 // of the whole file
	copy func(ctx context.Context, w io.Writer) error
}

func (e entry) size() int64 { return int64(len(e.head)) + e.body }

// entries returns the files of a plan, the manifest last. j may be nil if the contents are not needed.
func (p *Plan) entries(a archive.Archive, j *journal.Journal, log *slog.Logger) ([]entry, error) {
	var list []entry
	names := p.names(a)
	for i, s := range p.Segments {
		head := s.head(webM(a))
		list = append(list, entry{
			name: names[i], head: head, body: s.Body, crc: concat(crc32.ChecksumIEEE(head), s.CRC, s.Body),
			copy: func(ctx context.Context, w io.Writer) error { return s.copy(ctx, j, w, log) },
		})
	}
	manifest, err := p.manifest(a).bytes()
	if err != nil {
		return nil, err
	}
	// ARC-IND-01, ARC-IND-28, ARC-MAN-07
	return append(list, entry{name: manifestName, head: manifest, crc: crc32.ChecksumIEEE(manifest)}), nil
}

// copy writes the clusters of the segment to w. It returns an error if they differ from the plan.
func (s *Segment) copy(ctx context.Context, j *journal.Journal, w io.Writer, log *slog.Logger) (err error) {
	r, err := j.Both(s.Take.Stream.Stream)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.Seek(s.Begin); err != nil {
		return err
	}
	again := *s
	sum := &checksum{}
	f := newFilm(&again, io.MultiWriter(w, sum))
	f.looked = [2]bool{true, true} // the plan has the reports
	for v := left; v == left || v == taken; {
		it, err := read(ctx, r, log)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if v, err = f.see(it, r.Position()); err != nil {
			return err
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	if again.Body != s.Body || sum.value != s.CRC {
		return fmt.Errorf("the journal of stream %s has changed since the archive was complete", s.Take.Stream.Stream)
	}
	return nil
}

// pack writes a ZIP of the entries. Sizes and checksums come before each file, so that readers need not seek.
func pack(w io.Writer, created time.Time, entries []entry, body func(entry, io.Writer) error) error {
	z := zip.NewWriter(w) // ARC-STOP-04
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store, CRC32: e.crc, ReaderVersion: 20,
			CompressedSize64: uint64(e.size()), UncompressedSize64: uint64(e.size())}
		h.ModifiedDate, h.ModifiedTime = dosTime(created) //nolint:staticcheck // CreateRaw does not look at Modified
		if e.size() >= math.MaxUint32 {
			h.Extra, h.ReaderVersion = zip64(e.size()), 45
		}
		f, err := z.CreateRaw(h)
		if err != nil {
			return err
		}
		h.Extra = nil // the library adds its own extra field to the directory
		if _, err := f.Write(e.head); err != nil {
			return err
		}
		if err := body(e, f); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return z.Close()
}

// zip64 returns the extra field with the size of a file of 4 GiB or more (APPNOTE section 4.5.3).
func zip64(size int64) []byte {
	b := binary.LittleEndian.AppendUint16(nil, 1)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	return binary.LittleEndian.AppendUint64(b, uint64(size))
}

// dosTime returns t in the format of ZIP (APPNOTE section 4.4.6).
func dosTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	date = uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9)
	return date, uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
}

// Size returns the size of the ZIP in bytes.
func (p *Plan) Size(a archive.Archive) (int64, error) {
	list, err := p.entries(a, nil, nil)
	if err != nil {
		return 0, err
	}
	var n counter
	err = pack(&n, a.EffectiveStart(), list, func(e entry, w io.Writer) error { return zeros(w, e.body) })
	return int64(n), err
}

type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

var zero [1 << 20]byte

func zeros(w io.Writer, n int64) error {
	for n > 0 {
		k := min(n, int64(len(zero)))
		if _, err := w.Write(zero[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// Open returns a reader that makes the ZIP while it is read. The caller must close it.
func (p *Plan) Open(ctx context.Context, a archive.Archive, j *journal.Journal, log *slog.Logger) (io.ReadCloser, error) {
	list, err := p.entries(a, j, log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := pack(w, a.EffectiveStart(), list, func(e entry, w io.Writer) error {
			if e.copy == nil {
				return nil
			}
			return e.copy(ctx, w)
		})
		_ = w.CloseWithError(err)
	}()
	return &reading{r, cancel, done}, nil
}

// reading is a ZIP that is being made. Close stops that and waits for the end.
type reading struct {
	*io.PipeReader
	cancel context.CancelFunc
	made   chan struct{}
}

func (r *reading) Close() error {
	r.cancel()
	err := r.PipeReader.Close()
	<-r.made
	return err
}
