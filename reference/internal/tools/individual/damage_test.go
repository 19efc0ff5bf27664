package individual

import (
	"archive/zip"
	"bytes"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reelcheck/reference/internal/journal"
)

// TestDamagedFileOfMany checks that damaged files and files without media are left out, or read up to the damage, and that the other files are
// read.
func TestDamagedFileOfMany(t *testing.T) {
	good := filmed(block{0, key}, block{1000, delta})
	noise := make([]byte, 1<<18)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	long := filmed(block{0, key}, block{40, slices.Concat(delta, noise)})
	for name, c := range map[string]struct {
		bad    string
		method uint16
		spoil  func([]byte)
	}{
		"text":    {"hello", zip.Store, func([]byte) {}},
		"noise":   {string(noise), zip.Store, func([]byte) {}},
		"deflate": {long, zip.Deflate, func(b []byte) { copy(b[100:400], bytes.Repeat([]byte{0xff}, 300)) }},
		"method": {long, zip.Store, func(b []byte) { // changes the directory
			i := bytes.Index(b, []byte("PK\x01\x02"))
			b[i+10] = 99
		}},
	} {
		t.Run(name, func(t *testing.T) {
			document := manifestOf(t, Manifest{Files: []File{{StreamID: "bad", Filename: "bad", StopTimeOffset: 1000}, {StreamID: "s", Filename: "s", StopTimeOffset: 1000}}})
			b := zipped(t, c.method, "bad", c.bad, "s", good, "m.json", document)
			c.spoil(b)
			rec, err := unpacked(t, b, slog.DiscardHandler)
			if err != nil || !slices.Contains(slices.Collect(maps.Values(rec.Streams)), "s") {
				t.Errorf("%+v, %v", rec, err)
			}
		})
	}
}

// TestUnusableFileOfMany checks that files that a manifest describes wrongly, or that are beyond a limit, are left out, named, and do not keep
// the others from being read.
func TestUnusableFileOfMany(t *testing.T) {
	good := filmed(block{0, key}, block{1000, delta})
	const others = `{"streamId": "s", "filename": "s", "startTimeOffset": 0, "stopTimeOffset": 1000}`
	timeless := strings.Replace(good, "\x0f\x42\x40", "\x00\x00\x00", 1) // its timestamp scale
	header := func(b []byte) {                                           // the local header of the first file
		copy(b, "PK\x03\x05")
	}
	for name, c := range map[string]struct {
		entry, content string
		spoil          func([]byte)
		named          string
	}{
		"not in the ZIP": {entry: `"filename": "gone", "stopTimeOffset": 1000, "startTimeOffset": 0`, named: `files[0]: filename \"gone\" is not in the ZIP`},
		"long before":    {entry: `"filename": "s", "stopTimeOffset": 1000, "startTimeOffset": -70000`, named: "startTimeOffset -70000 is not"},
		"no offset":      {entry: `"filename": "bad", "stopTimeOffset": 1000`, content: good, named: "startTimeOffset is missing"},
		"stops before":   {entry: `"filename": "bad", "startTimeOffset": 9, "stopTimeOffset": 8`, content: good, named: "stopTimeOffset 8"},
		"far away":       {entry: `"filename": "bad", "startTimeOffset": 1, "stopTimeOffset": 9`, content: filmed(block{25 * 3_600_000, key}), named: "at most 24h0m0s"},
		"no time":        {entry: `"filename": "bad", "startTimeOffset": 1, "stopTimeOffset": 9`, content: timeless, named: "timestamp scale 0 is not"},
		"local header":   {entry: `"filename": "bad", "startTimeOffset": 1, "stopTimeOffset": 9`, content: good, spoil: header, named: "zip: not a valid zip file"},
	} {
		t.Run(name, func(t *testing.T) {
			document := `{"id": "a", "files": [{"streamId": "bad", ` + c.entry + `}, ` + others + `]}`
			b := zipped(t, zip.Store, "bad", c.content, "s", good, "m.json", document)
			if c.spoil != nil {
				c.spoil(b)
			}
			var said bytes.Buffer
			rec, err := unpacked(t, b, slog.NewTextHandler(&said, nil))
			if err != nil || !slices.Equal(slices.Collect(maps.Values(rec.Streams)), []string{"s"}) {
				t.Errorf("%+v, %v", rec, err)
			}
			if log := strings.ReplaceAll(said.String(), `\\\"`, `\"`); !strings.Contains(log, c.named) {
				t.Errorf("%q is not in the log:\n%s", c.named, log)
			}
		})
	}
}

// unpacked fills a journal with the bytes of a ZIP, whose manifest must be readable.
func unpacked(t *testing.T, b []byte, log slog.Handler) (Recording, error) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	a, err := read(z)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	return a.Fill(t.Context(), j, Options{Dir: dir, Log: slog.New(log)})
}
