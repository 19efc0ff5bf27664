package capture

import (
	"archive/zip"
	"bytes"
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

// TestZip64 packs files on both sides of 4 GiB, the larger one before others, into a file with holes.
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
