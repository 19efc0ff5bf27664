package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/bounded"
)

// View is a selection of the records of a bundle, in the order they were written, with access to the blobs. The zero
// View is empty. The methods that select records return a View of the same bundle.
type View struct {
	Records []Record
	dir     string
}

// TornError reports that the journal ends in the middle of a line, as after a kill, whether or not a line end follows. The records
// before Offset are good.
type TornError struct{ Offset int64 }

func (e *TornError) Error() string {
	return fmt.Sprintf("journal is torn at byte %d", e.Offset)
}

// Open reads a bundle, also one whose writer was killed: it leaves out a torn last line. A broken line elsewhere is an error.
func Open(dir string) (View, About, error) {
	var about About
	head, err := bounded.File(filepath.Join(dir, aboutFile), maxHead)
	if err != nil {
		return View{}, about, fmt.Errorf("open bundle: %w", err)
	}
	if err := json.Unmarshal(head, &about); err != nil {
		return View{}, about, fmt.Errorf("open bundle %q: %s: %w", dir, aboutFile, err)
	}
	if about.Format != FormatVersion {
		return View{}, about, fmt.Errorf("open bundle %q: format %d, this suite reads %d", dir, about.Format, FormatVersion)
	}
	f, err := os.Open(filepath.Join(dir, journalFile))
	if errors.Is(err, os.ErrNotExist) { // the writer was killed before its first record
		return View{dir: dir}, about, nil
	}
	if err != nil {
		return View{}, about, fmt.Errorf("open bundle: %w", err)
	}
	defer f.Close()
	records, err := Read(f)
	var torn *TornError
	if err != nil && !errors.As(err, &torn) {
		return View{}, about, fmt.Errorf("open bundle %q: %w", dir, err)
	}
	return View{Records: records, dir: dir}, about, nil
}

// What is read at most, more than a [Journal] writes: steps and notes have no limit in a journal, and looks add to it later.
const (
	maxHead      = 16 << 20 // bytes
	maxLine      = 64 << 20
	readJournal  = maxJournal + 64<<20
	readRecords  = 2 * maxRecords
	readValues   = 16 << 20 // a hundred in each of maxRecords
	usualLineLen = 64 << 10
)

// Read decodes a journal. With a *TornError it also returns the records before the tear.
func Read(r io.Reader) ([]Record, error) {
	var records []Record
	lines := bufio.NewReaderSize(bounded.Values(bounded.Reader(r, readJournal), readValues), usualLineLen)
	for at := int64(0); ; {
		line, err := readLine(lines)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return records, nil
		case errors.Is(err, io.EOF):
			return records, &TornError{Offset: at}
		case err != nil:
			return records, fmt.Errorf("journal line at byte %d: %w", at, err)
		case len(records) == readRecords:
			return records, fmt.Errorf("the journal has more than %d records, which is the limit", readRecords)
		}
		if _, end := lines.Peek(1); errors.Is(end, io.EOF) && !json.Valid(line) {
			return records, &TornError{Offset: at}
		}
		var rec Record
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&rec); err != nil {
			return records, fmt.Errorf("journal line at byte %d: %w", at, err)
		}
		if _, err := rec.Kind(); err != nil {
			return records, fmt.Errorf("journal line at byte %d: %w", at, err)
		}
		records = append(records, rec)
		at += int64(len(line))
	}
}

// readLine reads a line with its end, or what there is before the end of the journal and [io.EOF].
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return nil, &bounded.Error{Most: maxLine}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// With returns a View of other records over the same blobs. Tests use it to alter evidence.
func (v View) With(records []Record) View { return View{Records: records, dir: v.dir} }

// Where keeps the records for which keep returns true.
func (v View) Where(keep func(*Record) bool) View {
	var kept []int // records are large, so each is copied only once
	for i := range v.Records {
		if keep(&v.Records[i]) {
			kept = append(kept, i)
		}
	}
	out := make([]Record, len(kept))
	for i, at := range kept {
		out[i] = v.Records[at]
	}
	return v.With(out)
}

// Scenario keeps the records of one scenario.
func (v View) Scenario(name string) View {
	return v.Where(func(r *Record) bool { return r.Scenario == name })
}

// Scenarios returns the names of the scenarios, in the order of their first record.
func (v View) Scenarios() []string {
	var names []string
	for _, r := range v.Records {
		if r.Scenario != "" && !slices.Contains(names, r.Scenario) {
			names = append(names, r.Scenario)
		}
	}
	return names
}

// Label keeps the records with exactly this label.
func (v View) Label(label string) View {
	return v.Where(func(r *Record) bool { return r.Label == label })
}

// Labels keeps the records whose label is prefix or begins with prefix and a dot.
func (v View) Labels(prefix string) View {
	return v.Where(func(r *Record) bool { return r.Label == prefix || strings.HasPrefix(r.Label, prefix+".") })
}

// Ref returns the record that a reference names, as [Record.Ref] makes it. Its end, #812, is enough.
func (v View) Ref(ref string) (r Record, ok bool) {
	for _, r := range v.Records {
		if ref == r.Ref() || strings.TrimPrefix(ref, "#") == strconv.FormatInt(r.Seq, 10) {
			return r, true
		}
	}
	return Record{}, false
}

// About keeps the records about one id: v.About(evidence.Archive, id).
func (v View) About(kind, id string) View {
	return v.Where(func(r *Record) bool { return id != "" && r.IDs[kind] == id })
}

// Between keeps the records with from <= time < to. A zero to means no upper limit.
func (v View) Between(from, to time.Time) View {
	return v.Where(func(r *Record) bool { return !r.Time.Before(from) && (to.IsZero() || r.Time.Before(to)) })
}

// Exchanges keeps the HTTP exchanges; if operations are named, only theirs.
func (v View) Exchanges(operations ...Operation) View {
	return v.Where(func(r *Record) bool {
		return r.Exchange != nil && (len(operations) == 0 || slices.Contains(operations, r.Exchange.Operation))
	})
}

// The following methods keep one kind of record each.

func (v View) Webhooks() View   { return v.Where(func(r *Record) bool { return r.Webhook != nil }) }
func (v View) Objects() View    { return v.Where(func(r *Record) bool { return r.Object != nil }) }
func (v View) Uploads() View    { return v.Where(func(r *Record) bool { return r.Upload != nil }) }
func (v View) Mails() View      { return v.Where(func(r *Record) bool { return r.Mail != nil }) }
func (v View) Clients() View    { return v.Where(func(r *Record) bool { return r.Client != nil }) }
func (v View) Steps() View      { return v.Where(func(r *Record) bool { return r.Step != nil }) }
func (v View) Prepared() View   { return v.Where(func(r *Record) bool { return r.Prepared != nil }) }
func (v View) Watches() View    { return v.Where(func(r *Record) bool { return r.Watch != nil }) }
func (v View) Media() View      { return v.Where(func(r *Record) bool { return r.Media != nil }) }
func (v View) Individual() View { return v.Where(func(r *Record) bool { return r.Individual != nil }) }
func (v View) Clocks() View     { return v.Where(func(r *Record) bool { return r.Clock != nil }) }
func (v View) Harness() View    { return v.Where(func(r *Record) bool { return r.Harness != nil }) }
func (v View) Published() View  { return v.Where(func(r *Record) bool { return r.Published != nil }) }

// Tracks keeps the last record on each published track. SSRC and epoch tell tracks apart. A track that switches to another fixture keeps one record
// for each fixture.
func (v View) Tracks() View {
	type piece struct {
		ssrc  uint32
		epoch int64
	}
	last := map[piece]int64{}
	of := func(r *Record) piece { return piece{r.Published.SSRC, r.Published.Epoch.UnixNano()} }
	for _, r := range v.Records {
		if r.Published != nil {
			last[of(&r)] = r.Seq
		}
	}
	return v.Where(func(r *Record) bool { return r.Published != nil && last[of(r)] == r.Seq })
}

// First returns the first record. ok is false when there is none.
func (v View) First() (r Record, ok bool) {
	if len(v.Records) == 0 {
		return Record{}, false
	}
	return v.Records[0], true
}

// Last returns the last record. ok is false when there is none.
func (v View) Last() (r Record, ok bool) {
	if len(v.Records) == 0 {
		return Record{}, false
	}
	return v.Records[len(v.Records)-1], true
}

// Torn returns the scenarios that did not end by themselves: they were interrupted, or the writer of the bundle was killed before their last step.
func (v View) Torn() []string {
	var torn []string
	for _, name := range v.Scenarios() {
		if step, ok := v.Outcome(name); !ok || step.Torn() {
			torn = append(torn, name)
		}
	}
	return torn
}

// Whole leaves out what was seen in the named scenarios, but for their steps: a part of a scenario would show that something did not happen.
func (v View) Whole(torn []string) View {
	return v.Where(func(r *Record) bool { return r.Step != nil || !slices.Contains(torn, r.Scenario) })
}

// Outcome returns the last "scenario" step of a scenario.
func (v View) Outcome(scenario string) (Step, bool) {
	r, ok := v.Scenario(scenario).Label("scenario").Steps().Last()
	if !ok {
		return Step{}, false
	}
	return *r.Step, true
}

// BlobPath returns the path of a blob's file, which need not exist.
func (v View) BlobPath(sha256 string) string { return filepath.Join(v.dir, blobDir, sha256) }

// Blob opens a blob by its hex SHA-256.
func (v View) Blob(sha256 string) (*os.File, error) {
	if len(sha256) != 64 || strings.ContainsAny(sha256, `/\.`) {
		return nil, fmt.Errorf("blob %q: want 64 hex digits", sha256)
	}
	name := v.BlobPath(sha256)
	if info, err := os.Lstat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("blob %s is no regular file", sha256)
	}
	return os.Open(name)
}

// Reader reads the whole body, wherever it is stored. The caller must close it.
func (v View) Reader(b Body) (io.ReadCloser, error) {
	if b.Text != "" || b.Size == 0 {
		return io.NopCloser(strings.NewReader(b.Text)), nil
	}
	return v.Blob(b.SHA256)
}

// Bytes returns the whole body, wherever it is stored.
func (v View) Bytes(b Body) ([]byte, error) {
	r, err := v.Reader(b)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(bounded.Reader(r, max(b.Size, int64(len(b.Text)))))
}
