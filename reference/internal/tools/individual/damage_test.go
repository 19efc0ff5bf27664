package individual

import (
	"archive/zip"
	"bytes"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
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
			rec, err := a.Fill(t.Context(), j, Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
			if err != nil || !slices.Contains(slices.Collect(maps.Values(rec.Streams)), "s") {
				t.Errorf("%+v, %v", rec, err)
			}
		})
	}
}
