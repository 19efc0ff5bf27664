package individual

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/media/matroska"
)

// webm is a file with one track and one empty frame.
const webm = "\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + "\x18\x53\x80\x67\x9c" +
	"\x16\x54\xae\x6b\x89\xae\x87\xd7\x81\x01\x86\x82A_" + "\x1f\x43\xb6\x75\x89\xe7\x81\x05\xa3\x84\x81\x00\x00\x80"

const manifest = `{"id": "a", "files": [{"filename": "s.webm", "size": 45}]}`

// entry is an entry of a ZIP. Its sizes are written before the bytes, unless it is packed.
type entry struct {
	name, text string
	packed     bool
}

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		var w io.Writer
		var err error
		if e.packed {
			w, err = z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Deflate})
		} else {
			n := uint64(len(e.text))
			w, err = z.CreateRaw(&zip.FileHeader{Name: e.name, CRC32: crc32.ChecksumIEEE([]byte(e.text)), CompressedSize64: n, UncompressedSize64: n})
		}
		if err == nil {
			_, err = io.WriteString(w, e.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, b []byte) Report {
	t.Helper()
	r, err := Read(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadTellsWhatAnArchiveHolds(t *testing.T) {
	t.Parallel()
	b := pack(t, entry{name: "s.webm", text: webm}, entry{name: "t.mkv", text: webm, packed: true}, entry{name: "odd", text: webm},
		entry{name: "readme.txt", text: "hello"}, entry{name: "manifest.json", text: manifest})
	file := filepath.Join(t.TempDir(), "archive.zip")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(context.Background(), file)
	if err != nil || len(r.Problems()) > 0 || r.Size != int64(len(b)) || len(r.Entries) != 5 {
		t.Fatalf("%v, %v, %+v", err, r.Problems(), r)
	}
	e, _ := r.Entry("s.webm")
	if e.Method != "stored" || e.Size != uint64(len(webm)) || e.Offset != int64(bytes.Index(b, []byte(webm))) || e.CRC32 != crc32.ChecksumIEEE([]byte(webm)) || e.Ext() != ".webm" {
		t.Errorf("%+v", e)
	}
	if e, _ := r.Entry("t.mkv"); e.Method != "deflated" || e.Media == nil || len(e.Media.Tracks) != 1 {
		t.Errorf("%+v", e)
	}
	if n := len(r.MediaFiles()); n != 3 {
		t.Errorf("%d media files, want 3: a file is known by its bytes too", n)
	}
	if _, ok := r.Entry("nobody"); ok {
		t.Error("an entry that is not there was found")
	}
	m, ok := r.Manifest()
	if id, _ := m.Members["id"].Text(); !ok || id != "a" || len(m.Files) != 1 {
		t.Errorf("%v %+v", ok, m)
	}
	two := read(t, pack(t, entry{name: "a.json", text: manifest}, entry{name: "b.JSON", text: manifest}))
	if _, ok := two.Manifest(); ok || len(two.Manifests()) != 2 {
		t.Errorf("one manifest of %d", len(two.Manifests()))
	}
	var back Report
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || !reflect.DeepEqual(r, back) {
		t.Errorf("%v: %+v, want %+v", err, back, r)
	}
}

// with replaces bytes of an archive in place.
func with(b []byte, old, new string, n int) []byte {
	return bytes.Replace(slices.Clone(b), []byte(old), []byte(new), n)
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	good := pack(t, entry{name: "s.webm", text: webm}, entry{name: "manifest.json", text: manifest})
	flagged := slices.Clone(good)
	at := bytes.Index(flagged, []byte("PK\x01\x02"))
	flagged[at+8] |= 1
	method := slices.Clone(good)
	method[at+10] = 93
	link := slices.Clone(good)
	binary.LittleEndian.PutUint16(link[at+4:], 3<<8) // made by Unix
	binary.LittleEndian.PutUint32(link[at+38:], 0o120777<<16)
	short := slices.Clone(good)
	binary.LittleEndian.PutUint32(short[at+24:], uint32(len(webm)+10))
	overlap := slices.Clone(good)
	next := at + bytes.Index(overlap[at+1:], []byte("PK\x01\x02")) + 1
	binary.LittleEndian.PutUint32(overlap[next+42:], 0)
	for name, c := range map[string]struct {
		b    []byte
		want Kind
	}{
		"nothing":                   {nil, Empty},
		"no ZIP":                    {[]byte("hello"), Broken},
		"a ZIP cut off":             {good[:len(good)-30], Broken},
		"a byte that changed":       {with(good, "A_", "B_", 1), Checksum},
		"two of a name":             {pack(t, entry{name: "a"}, entry{name: "a"}), Duplicate},
		"two but for case":          {pack(t, entry{name: "a"}, entry{name: "A"}), Duplicate},
		"a parent":                  {pack(t, entry{name: "../a"}), Path},
		"a root":                    {pack(t, entry{name: "/a"}), Path},
		"a drive":                   {pack(t, entry{name: `c:\a`}), Path},
		"a control character":       {pack(t, entry{name: "a\x00b"}), Path},
		"an empty part":             {pack(t, entry{name: "a//b"}), Path},
		"a name that is not UTF-8":  {pack(t, entry{name: "a\xff"}), Path},
		"a link":                    {link, Path},
		"an encrypted entry":        {flagged, Method},
		"an unknown compression":    {method, Method},
		"another name in the head":  {with(good, "s.webm", "t.webm", 1), Disagree},
		"another size in directory": {short, Disagree},
		"two entries in one place":  {overlap, Overlap},
		"a bomb":                    {pack(t, entry{name: "a", text: strings.Repeat("\x00", 1<<20), packed: true}), Ratio},
		"packed bytes that changed": {with(pack(t, entry{name: "a", text: strings.Repeat("hello ", 9), packed: true}), "\xcaH", "\xff\xff", 1), Broken},
		"a manifest that is none":   {pack(t, entry{name: "a.json", text: "{"}), Broken},
	} {
		problems := read(t, c.b).Problems()
		if !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, string(c.want)+": ") }) {
			t.Errorf("%s: %v, want %s", name, problems, c.want)
		}
	}
}

func TestTruncatedAtEveryByte(t *testing.T) {
	t.Parallel()
	good := pack(t, entry{name: "s.webm", text: webm}, entry{name: "manifest.json", text: manifest, packed: true})
	for n := range good {
		if r := read(t, good[:n]); len(r.Findings) == 0 || len(r.Entries) != 0 {
			t.Errorf("%d bytes of %d: %+v", n, len(good), r)
		}
	}
}

// TestFindingsOfMediaAreAmongTheProblems has a truncated media file in a complete ZIP. Its finding must say where it
// ends.
func TestFindingsOfMediaAreAmongTheProblems(t *testing.T) {
	t.Parallel()
	r := read(t, pack(t, entry{name: "s.webm", text: webm[:len(webm)-1]}))
	if !r.Entries[0].Media.Has(matroska.Truncated) || len(r.Problems()) != 1 {
		t.Errorf("%v", r.Problems())
	}
}

func TestHostileDirectoriesCostLittle(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 2 * maxEntries {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := read(t, b.Bytes())
	if len(r.Entries) != maxEntries || len(r.Findings) != 1 || r.Findings[0].Kind != Limit {
		t.Errorf("%d entries, %v", len(r.Entries), r.Findings)
	}
	huge := func(p []byte, at int64) (int, error) { // a directory without an end
		for i := range p {
			p[i] = "PK\x01\x02"[(at+int64(i))%46%4]
		}
		return len(p), nil
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if r, err := Read(context.Background(), readerAt(huge), 1<<40); err != nil || len(r.Findings) != 1 {
		t.Errorf("%v, %v", err, r.Findings)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2*maxDirectory {
		t.Errorf("%d bytes allocated", used)
	}
}

type readerAt func(p []byte, at int64) (int, error)

func (r readerAt) ReadAt(p []byte, at int64) (int, error) { return r(p, at) }

func TestErrorsAreForWhatKeepsFromReading(t *testing.T) {
	t.Parallel()
	if _, err := Open(context.Background(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	b := pack(t, entry{name: "s.webm", text: webm})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	disk := errors.New("disk on fire")
	for calls := range 8 {
		left := calls
		_, err := Read(context.Background(), readerAt(func(p []byte, at int64) (int, error) {
			if left--; left < 0 {
				return 0, disk
			}
			return bytes.NewReader(b).ReadAt(p, at)
		}), int64(len(b)))
		if left < 0 && !errors.Is(err, disk) {
			t.Errorf("a disk that fails after %d reads: %v", calls, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pack(f, entry{name: "s.webm", text: webm}, entry{name: "manifest.json", text: manifest}))
	f.Add(pack(f, entry{name: "s.mkv", text: webm, packed: true}, entry{name: "../m.json", text: `{"files":[{},3],"id":1,"id":2}`, packed: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := read(t, b)
		r.Problems()
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Report
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	})
}
