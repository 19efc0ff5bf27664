package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"reelcheck/conformance/durable"
)

// Names of the files in a bundle directory.
const (
	journalFile = "journal.jsonl"
	aboutFile   = "bundle.json"
	blobDir     = "blobs"
	tmpDir      = "tmp"
)

const (
	// FormatVersion changes when an older reader would misread a bundle.
	FormatVersion = 1
	// inlineLimit is the largest body, in bytes, that a record holds itself. Checks read no other one, so a list of 1000 archives has to fit.
	inlineLimit = 2 << 20
)

// Limits of a bundle, because the target decides how much there is to keep. A whole run has some 8000 records of together 8 MB, and 1 GB of blobs.
const (
	maxRecords = 150_000
	maxJournal = 512 << 20 // bytes
	maxBlobs   = 16 << 30  // bytes
)

// FullError says that a bundle has reached one of its limits. Steps of scenarios and notes of the harness are written nevertheless.
type FullError struct{ Limit string }

func (e *FullError) Error() string {
	return "the evidence is full: the target has caused more than " + e.Limit
}

// About describes the run that a bundle is from.
type About struct {
	Format  int       `json:"format"`
	Suite   string    `json:"suite,omitempty"`
	Run     string    `json:"run,omitempty"`
	Started time.Time `json:"started"`
	// Selection holds the selectors of clauses as the user gave them, and Clauses the ids that they meant. Both are empty if all clauses were selected.
	Selection []string `json:"selection,omitempty"`
	Clauses   []string `json:"clauses,omitempty"`
	// Strict means that failed recommendations fail the run.
	Strict bool `json:"strict,omitempty"`
	// Target is the decoded target file without its secrets.
	Target json.RawMessage `json:"target,omitempty"`
}

// Journal writes a bundle. It is safe for concurrent use.
type Journal struct {
	dir string
	now func() time.Time

	mu      sync.Mutex // guards the fields below
	f       *os.File
	seq     int64
	size    int64 // of the journal in bytes
	blobs   int64 // bytes of blobs, also of those that are not complete
	loose   int64 // see Loose
	records []Record
	secrets []secret
	waiters map[chan struct{}]struct{}

	syncMu sync.Mutex // held while fsync runs, so that one call serves all waiting callers
	synced int64      // guarded by syncMu
}

type secret struct{ name, value string }

// Create begins a bundle in dir, which must not hold one yet. now stamps the records; nil means the wall clock. The head
// of the bundle is complete before its journal begins, so that a bundle can be read whenever its writer is killed.
func Create(dir string, about About, now func() time.Time) (*Journal, error) {
	if now == nil {
		now = time.Now
	}
	for _, d := range []string{filepath.Join(dir, blobDir), filepath.Join(dir, tmpDir)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("create bundle: %w", err)
		}
	}
	about.Format = FormatVersion
	if about.Started.IsZero() {
		about.Started = now().UTC()
	}
	if err := about.write(dir); err != nil {
		return nil, fmt.Errorf("create bundle: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err == nil {
		err = lock(f)
	}
	if err != nil {
		return nil, fmt.Errorf("create bundle: %w", err)
	}
	return &Journal{dir: dir, now: now, f: f, waiters: map[chan struct{}]struct{}{}}, nil
}

// write writes the head of a bundle. It refuses to replace one.
func (a About) write(dir string) error {
	name := filepath.Join(dir, aboutFile)
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s: %w", name, os.ErrExist)
	}
	head, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(dir, tmpDir), "about-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(head, '\n'))
	if err = errors.Join(err, f.Chmod(0o644)); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return durable.Place(f, name)
}

// Dir returns the bundle's directory.
func (j *Journal) Dir() string { return j.dir }

// Redact replaces value by [redacted: name] in everything written from now on. It ignores values shorter than 8
// characters, which would blank out ordinary text.
func (j *Journal) Redact(name, value string) {
	if len(value) < 8 {
		return
	}
	quoted, err := json.Marshal(value) // the form of the value inside a JSON body
	if err != nil {
		return
	}
	inside := string(quoted[1 : len(quoted)-1])
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, v := range []string{value, inside} {
		if !slices.ContainsFunc(j.secrets, func(s secret) bool { return s.value == v }) {
			j.secrets = append(j.secrets, secret{name, v})
		}
	}
}

// Append writes r and returns it as written: numbered, with the time (now, unless set), and with secrets replaced. The
// record is on disk when Append returns.
func (j *Journal) Append(r Record) (Record, error) {
	if _, err := r.Kind(); err != nil {
		return r, err
	}
	j.mu.Lock()
	if r.Time.IsZero() {
		r.Time = j.now()
	}
	r.Time = r.Time.UTC()
	r.Seq = j.seq + 1
	r.IDs = maps.Clone(r.IDs)
	line, err := j.encode(&r)
	if err == nil {
		err = j.room(r, int64(len(line)))
	}
	if err == nil {
		_, err = j.f.Write(line)
	}
	if err != nil {
		j.mu.Unlock()
		return r, fmt.Errorf("append %s evidence: %w", r.Scenario, err)
	}
	j.seq, j.size = r.Seq, j.size+int64(len(line))
	j.records = append(j.records, r)
	j.wake()
	j.mu.Unlock()
	return r, j.sync(r.Seq)
}

// wake wakes those who watch. The caller holds mu.
func (j *Journal) wake() {
	for w := range j.waiters {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// room returns a *FullError if the journal has no room for a record of so many bytes. The suite decides itself how many steps and notes there are.
func (j *Journal) room(r Record, bytes int64) error {
	switch {
	case r.Step != nil || r.Harness != nil:
		return nil
	case j.seq >= maxRecords:
		return &FullError{fmt.Sprintf("%d records", maxRecords)}
	case j.size+bytes > maxJournal:
		return &FullError{fmt.Sprintf("%d bytes of records", maxJournal)}
	}
	return nil
}

// take reserves n bytes for blobs.
func (j *Journal) take(n int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.blobs+n > maxBlobs {
		return &FullError{fmt.Sprintf("%d bytes of bodies and files", int64(maxBlobs))}
	}
	j.blobs += n
	j.loose += n
	j.wake()
	return nil
}

// give returns what take reserved.
func (j *Journal) give(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.blobs -= n
}

// Loose returns how many bytes were written to blobs that are not complete, or never will be.
func (j *Journal) Loose() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.loose
}

// encode marshals r with secrets replaced, and changes r to what a reader of the bundle will see.
func (j *Journal) encode(r *Record) ([]byte, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	clean := line
	for _, s := range j.secrets {
		clean = bytes.ReplaceAll(clean, []byte(s.value), []byte("[redacted: "+s.name+"]"))
		// A body is a JSON string inside the JSON of the record, so it is quoted twice.
		if again, err := json.Marshal(s.value); err == nil {
			clean = bytes.ReplaceAll(clean, again[1:len(again)-1], []byte("[redacted: "+s.name+"]"))
		}
	}
	var seen Record
	if err := json.Unmarshal(clean, &seen); err != nil {
		return nil, fmt.Errorf("internal error: redaction broke the record: %w", err)
	}
	*r = seen
	return append(clean, '\n'), nil
}

// sync returns when everything up to seq is on disk. Concurrent callers share one fsync.
func (j *Journal) sync(seq int64) error {
	j.syncMu.Lock()
	defer j.syncMu.Unlock()
	if j.synced >= seq {
		return nil
	}
	j.mu.Lock()
	upTo := j.seq
	j.mu.Unlock()
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("sync evidence: %w", err)
	}
	j.synced = upTo
	return nil
}

// Watch returns a channel that receives a value after records were appended or bytes of blobs written, and a function that ends the watch. It is a
// wake-up, not a queue: look at a View after each value.
func (j *Journal) Watch() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waiters[c] = struct{}{}
	return c, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.waiters, c)
	}
}

// View returns what has been written so far.
func (j *Journal) View() View {
	j.mu.Lock()
	defer j.mu.Unlock()
	return View{Records: j.records[:len(j.records):len(j.records)], dir: j.dir}
}

// Body stores b: inline if it is short text, as a blob otherwise.
func (j *Journal) Body(b []byte) (Body, error) {
	if len(b) == 0 {
		return Body{}, nil
	}
	sum := sha256.Sum256(b)
	body := Body{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b))}
	if len(b) <= inlineLimit && utf8.Valid(b) && !bytes.ContainsRune(b, 0) {
		body.Text = string(b)
		return body, nil
	}
	_, _, err := j.Keep(bytes.NewReader(b))
	return body, err
}

// Keep copies all of r into a blob and returns its hex SHA-256 and its size in bytes.
func (j *Journal) Keep(r io.Reader) (sum string, size int64, err error) {
	w, err := j.Blob()
	if err != nil {
		return "", 0, err
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Abort()
		return "", 0, fmt.Errorf("keep blob: %w", err)
	}
	return w.Commit()
}

// BlobWriter writes one blob. The caller must end it with Commit or Abort.
type BlobWriter struct {
	f       *os.File
	h       hash.Hash
	n       int64
	journal *Journal
}

var _ io.Writer = (*BlobWriter)(nil)

// Blob begins a blob. Its name is known once it is complete.
func (j *Journal) Blob() (*BlobWriter, error) {
	f, err := os.CreateTemp(filepath.Join(j.dir, tmpDir), "blob-*")
	if err != nil {
		return nil, fmt.Errorf("begin blob: %w", err)
	}
	return &BlobWriter{f: f, h: sha256.New(), journal: j}, nil
}

func (w *BlobWriter) Write(p []byte) (int, error) {
	if err := w.journal.take(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := w.f.Write(p)
	w.h.Write(p[:n])
	w.n += int64(n)
	return n, err
}

// Commit makes the blob durable and returns its hex SHA-256 and its size in bytes.
func (w *BlobWriter) Commit() (sum string, size int64, err error) {
	sum = hex.EncodeToString(w.h.Sum(nil))
	name := filepath.Join(w.journal.dir, blobDir, sum)
	if _, err := os.Lstat(name); err == nil { // the same bytes take no more room
		w.journal.give(w.n)
	}
	if err := durable.Place(w.f, name); err != nil {
		return "", 0, fmt.Errorf("keep blob: %w", err)
	}
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	w.journal.loose -= w.n
	return sum, w.n, nil
}

// Abort discards the bytes.
func (w *BlobWriter) Abort() {
	w.journal.give(w.n)
	_ = w.f.Close()
	_ = os.Remove(w.f.Name())
}

// Close ends the bundle.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.f.Sync()
	if cerr := j.f.Close(); err == nil {
		err = cerr
	}
	if rerr := os.RemoveAll(filepath.Join(j.dir, tmpDir)); err == nil {
		err = rerr
	}
	if err != nil {
		return fmt.Errorf("close bundle %s: %w", strings.TrimSpace(j.dir), err)
	}
	return nil
}
