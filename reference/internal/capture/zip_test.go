package capture

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestConcat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(rapid.Byte()).Draw(t, "a"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		got := concat(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), int64(len(b)))
		if want := crc32.ChecksumIEEE(append(a, b...)); got != want {
			t.Fatalf("%08x, want %08x", got, want)
		}
	})
}

// TestZip64 packs a file above and one below 4 GiB into a sparse file, the larger one first.
func TestZip64(t *testing.T) {
	const large = math.MaxUint32 + 1000
	var sum uint32
	for left := int64(large); left > 0; left -= int64(len(zero)) {
		sum = crc32.Update(sum, crc32.IEEETable, zero[:min(left, int64(len(zero)))])
	}
	head := []byte("head")
	list := []entry{
		{name: "large", body: large, crc: sum},
		{name: "small", head: head, crc: crc32.ChecksumIEEE(head)},
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "z"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = pack(&sparse{file: f}, time.Now(), list, func(e entry, w io.Writer) error { return zeros(w, e.body) })
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != 2 || z.File[0].UncompressedSize64 != large || z.File[0].CRC32 != sum {
		t.Fatalf("%+v", z.File)
	}
	r, err := z.File[1].Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, head) {
		t.Errorf("%q, %v", got, err)
	}
	expectLocalHeader(t, f, sum, large)
}

// expectLocalHeader checks that a reader without seek finds the sizes and the checksum of the large file before it, and the next file after it; and
// that the directory has one field for each file, with its offset.
func expectLocalHeader(t *testing.T, f *os.File, sum uint32, large int64) {
	t.Helper()
	local := make([]byte, 30+len("large")+20)
	if _, err := f.ReadAt(local, 0); err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if version, flags, crc := le.Uint16(local[4:]), le.Uint16(local[6:]), le.Uint32(local[14:]); version != 45 || flags != 0 || crc != sum {
		t.Errorf("version %d, flags %#x, CRC %08x", version, flags, crc)
	}
	extra := local[30+len("large"):]
	if le.Uint32(local[18:]) != math.MaxUint32 || le.Uint32(local[22:]) != math.MaxUint32 || le.Uint16(local[28:]) != 20 ||
		le.Uint32(extra) != 1|16<<16 || int64(le.Uint64(extra[4:])) != large || int64(le.Uint64(extra[12:])) != large {
		t.Errorf("local header %x", local)
	}
	var next [4]byte
	if _, err := f.ReadAt(next[:], int64(len(local))+large); err != nil || string(next[:]) != "PK\x03\x04" {
		t.Errorf("%x, %v after the file", next, err)
	}
	b := directory(t, f, int64(len(local))+large)
	if full, short := bytes.Count(b, []byte{1, 0, 24, 0}), bytes.Count(b, []byte{1, 0, 16, 0}); full != 2 || short != 0 {
		t.Errorf("%d zip64 fields in the directory with offset, %d without", full, short)
	}
}

// directory returns the bytes of the file from an offset on.
func directory(t *testing.T, f *os.File, from int64) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(f, from, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sparse writes a file and leaves holes for zeros.
type sparse struct {
	file *os.File
	at   int64
}

func (s *sparse) Write(p []byte) (int, error) {
	if len(p) == len(zero) && &p[0] == &zero[0] {
		s.at += int64(len(p))
		return len(p), nil
	}
	n, err := s.file.WriteAt(p, s.at)
	s.at += int64(n)
	return n, err
}
