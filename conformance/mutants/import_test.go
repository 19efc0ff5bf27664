package mutants

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/mutants/tape"
)

var importFrom = flag.String("import", "", "take the bundle in this folder as the recorded run")

// TestImport replaces the recorded run, with -import only. What no check reads is left out to keep it small.
func TestImport(t *testing.T) {
	if *importFrom == "" {
		t.Skip("no -import")
	}
	v, _, err := evidence.Open(*importFrom)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create("testdata/journal.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(z)
	for _, r := range v.Records {
		if err := e.Encode(slim(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func slim(r evidence.Record) evidence.Record {
	r = tape.Copied(r)
	if e := r.Exchange; e != nil {
		if e.Operation == evidence.PublishStream {
			e.Request.Body.Text = ""
			if e.Response != nil {
				e.Response.Body.Text = ""
			}
		}
		kept := map[string][]string{}
		for _, name := range []string{"Content-Type", "Accept"} {
			if value := e.Request.Header.Get(name); value != "" {
				kept[name] = []string{value}
			}
		}
		e.Request.Header = kept
		if e.Response != nil {
			e.Response.Header = nil
		}
	}
	if r.Media != nil {
		var doc map[string]any
		if json.Unmarshal(r.Media.Report, &doc) == nil {
			delete(doc, "frames")
			r.Media.Report, _ = json.Marshal(doc)
		}
	}
	return r
}
