package mutants

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/mutants/tape"
)

var importFrom = flag.String("import", "", "take the bundle in this folder as the recorded run")

// TestImport replaces the recorded run; it needs -import. It leaves out what no check reads, to keep the run small.
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

// headersOf returns the headers with the names.
func headersOf(h http.Header, names ...string) http.Header {
	kept := http.Header{}
	for _, name := range names {
		if value := h.Get(name); value != "" {
			kept.Set(name, value)
		}
	}
	return kept
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
		e.Request.Header = headersOf(e.Request.Header, "Content-Type", "Accept")
		if e.Response != nil {
			e.Response.Header = headersOf(e.Response.Header, "Content-Type")
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
