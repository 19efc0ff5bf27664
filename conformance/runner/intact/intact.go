// Package intact tells whether recorded evidence is as it was recorded: whether all records and all blobs are there.
package intact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/text"
)

// Check returns an error that says which records and how many blobs of a bundle are missing or changed. Records are numbered without gaps,
// and a blob is named by its SHA-256. Each blob that a record names is read once. That records are missing at the end, as after a kill,
// cannot be seen, and is no error: see [Complete].
func Check(v evidence.View) error {
	var wrong []string
	if n := damaged(v); n > 0 {
		wrong = append(wrong, text.Number(n, "blob", "blobs")+" missing or changed")
	}
	wrong = append(wrong, gaps(v.Records)...)
	if len(wrong) == 0 {
		return nil
	}
	return errors.New("evidence incomplete: " + strings.Join(wrong, ", "))
}

// Complete returns an error if records are missing at the end of the evidence of a run that ended by its report. Without a report that
// is the evidence of a run that was killed.
func Complete(v evidence.View, r report.Run) error {
	if missing := r.Records - len(v.Records); missing > 0 {
		return fmt.Errorf("evidence incomplete: the run ended with %d records, and the last %d of them are missing; the journal was cut off after the run", r.Records, missing)
	}
	return nil
}

// End says how the evidence of a run ends that has written no report, and clears what a killed run has left behind.
func End(bundle string, v evidence.View) string {
	torn, err := evidence.Tidy(bundle)
	how := "the run was killed before it wrote a report"
	if errors.Is(err, evidence.ErrInUse) {
		how = "the run goes on, and has written no report yet"
	}
	if last, ok := v.Last(); ok {
		how += fmt.Sprintf("; its evidence ends with record %d, of %s", last.Seq, last.Over().Format(time.RFC3339))
	}
	if torn {
		how += ". The last line of the journal was not complete, and was removed"
	}
	return how
}

// gapLimit is how many gaps are told one by one.
const gapLimit = 5

// gaps returns which records are missing, and which one is not in its place.
func gaps(records []evidence.Record) (out []string) {
	next := int64(1)
	for _, r := range records {
		switch {
		case len(out) == gapLimit:
			return append(out, "and more")
		case r.Seq < next:
			return append(out, fmt.Sprintf("record %d not in its place", r.Seq))
		case r.Seq == next+1:
			out = append(out, fmt.Sprintf("record %d missing", next))
		case r.Seq > next:
			out = append(out, fmt.Sprintf("records %d to %d missing", next, r.Seq-1))
		}
		next = r.Seq + 1
	}
	return out
}

// damaged returns how many of the blobs that records name are missing or changed.
func damaged(v evidence.View) int {
	names := make(chan string)
	var mu sync.Mutex
	var n int
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for name := range names {
				if !whole(v, name) {
					mu.Lock()
					n++
					mu.Unlock()
				}
			}
		})
	}
	for name := range named(v) {
		names <- name
	}
	close(names)
	readers.Wait()
	return n
}

// named returns the names of the blobs that records name.
func named(v evidence.View) map[string]struct{} {
	out := map[string]struct{}{}
	for _, r := range v.Records {
		for _, request := range []bool{false, true} {
			if b, ok := r.Bytes(request); ok && b.Text == "" {
				out[b.SHA256] = struct{}{}
			}
		}
		if r.Media != nil {
			for _, s := range exhibit.Stills(*r.Media) {
				out[s.Blob] = struct{}{}
			}
		}
	}
	return out
}

// whole reports whether the bytes of a blob have the SHA-256 that is its name.
func whole(v evidence.View, name string) bool {
	if info, err := os.Lstat(v.BlobPath(name)); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := v.Blob(name)
	if err != nil {
		return false
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return err == nil && hex.EncodeToString(h.Sum(nil)) == name
}
