package evidence

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func create(t *testing.T) *Journal {
	t.Helper()
	j, err := Create(t.TempDir(), About{Suite: "test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func mustAppend(t *testing.T, j *Journal, r Record) Record {
	t.Helper()
	got, err := j.Append(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func step(scenario, label string, o Outcome) Record {
	return Record{Scenario: scenario, Label: label, Step: &Step{Outcome: o}}
}

func TestJournalReadsBackWhatWasAppended(t *testing.T) {
	j := create(t)
	mustAppend(t, j, step("composed-pair", "scenario", Began))
	mustAppend(t, j, Record{Scenario: "composed-pair", Label: "start", IDs: map[string]string{Archive: "a1"},
		Exchange: &Exchange{Operation: StartArchive, Identity: "unified", Request: Request{Method: "POST"},
			Response: &Response{Status: 200, Body: Body{Text: `{"id":"a1"}`, Size: 11}}}})
	mustAppend(t, j, step("listing", "scenario", Began))
	mustAppend(t, j, step("composed-pair", "scenario", Done))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	v, about, err := Open(j.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if about.Suite != "test" || about.Format != FormatVersion {
		t.Errorf("about = %+v", about)
	}
	if got := strings.Join(v.Scenarios(), " "); got != "composed-pair listing" {
		t.Errorf("scenarios = %q", got)
	}
	r, ok := v.Scenario("composed-pair").Exchanges(StartArchive).About(Archive, "a1").First()
	if !ok || r.Seq != 2 || r.Exchange.Status() != 200 {
		t.Errorf("start = %+v, %v", r, ok)
	}
	var a struct{ ID string }
	if err := r.Exchange.Decode(&a); err != nil || a.ID != "a1" {
		t.Errorf("decode = %+v, %v", a, err)
	}
	if s, ok := v.Outcome("composed-pair"); !ok || s.Outcome != Done {
		t.Errorf("outcome = %+v, %v", s, ok)
	}
	if s, ok := v.Outcome("listing"); !ok || s.Outcome != Began {
		t.Errorf("outcome of an unfinished scenario = %+v, %v", s, ok)
	}
}

func TestAppendWantsExactlyOnePayload(t *testing.T) {
	j := create(t)
	for _, r := range []Record{{Scenario: "none"}, {Step: &Step{}, Watch: &Watch{}}} {
		if _, err := j.Append(r); err == nil {
			t.Errorf("record %+v was accepted", r)
		}
	}
}

// A kill can cut the last line anywhere. The records before it must still be readable.
func TestReadToleratesATornTailOnly(t *testing.T) {
	j := create(t)
	for range 3 {
		mustAppend(t, j, step("auth", "scenario", Note))
	}
	whole, err := os.ReadFile(filepath.Join(j.Dir(), journalFile))
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := last + 1; cut < len(whole); cut++ {
		got, err := Read(bytes.NewReader(whole[:cut]))
		var torn *TornError
		if !errors.As(err, &torn) || torn.Offset != int64(last) || len(got) != 2 {
			t.Fatalf("cut at %d: %d records, %v", cut, len(got), err)
		}
	}
	for _, end := range []string{"{\n", "\x00\x00\n", string(whole[last:len(whole)-3]) + "\n"} {
		got, err := Read(strings.NewReader(string(whole[:last]) + end))
		var torn *TornError
		if !errors.As(err, &torn) || torn.Offset != int64(last) || len(got) != 2 {
			t.Errorf("%q at the end: %d records, %v", end, len(got), err)
		}
	}
	if got, err := Read(strings.NewReader("{\n" + string(whole))); err == nil || errors.As(err, new(*TornError)) || len(got) != 0 {
		t.Errorf("a torn line at the beginning: %d records, %v", len(got), err)
	}
	broken := bytes.Replace(whole, []byte(`"outcome"`), []byte(`"outcom"`), 1)
	if got, err := Read(bytes.NewReader(broken)); err == nil || len(got) != 0 {
		t.Errorf("unknown key in line 1: %d records, %v", len(got), err)
	}
}

func TestRedactedSecretsNeverReachTheDisk(t *testing.T) {
	j := create(t)
	pem := "-----BEGIN PRIVATE KEY-----\nMIIEvQ+/=<&>\n-----END PRIVATE KEY-----\n"
	j.Redact("private key", pem)
	j.Redact("api secret", "s3cr3t&<longer>")
	body, err := j.Body([]byte(`{"privateKey":"-----BEGIN PRIVATE KEY-----\nMIIEvQ+/=\u003c\u0026\u003e\n-----END PRIVATE KEY-----\n","apiSecret":"s3cr3t&<longer>"}`))
	if err != nil {
		t.Fatal(err)
	}
	r := mustAppend(t, j, Record{Exchange: &Exchange{Identity: "control",
		Request:  Request{Header: map[string][]string{"X": {"s3cr3t&<longer>"}}},
		Response: &Response{Status: 201, Body: body}}})
	disk, err := os.ReadFile(filepath.Join(j.Dir(), journalFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"MIIEvQ", "s3cr3t"} {
		if strings.Contains(string(disk), leak) || strings.Contains(r.Exchange.Response.Body.Text, leak) {
			t.Errorf("%q leaked: %s", leak, disk)
		}
	}
	var seen map[string]string
	if err := r.Exchange.Decode(&seen); err != nil || seen["privateKey"] != "[redacted: private key]" {
		t.Errorf("redacted body = %v, %v", seen, err)
	}
}

func TestBodiesAreInlineTextOrBlobs(t *testing.T) {
	j := create(t)
	for _, c := range []struct {
		name   string
		in     []byte
		inline bool
	}{
		{"empty", nil, true},
		{"json", []byte(`{}`), true},
		{"binary", []byte{0xff, 0xfe, 0}, false},
		{"nul", []byte("a\x00b"), false},
		{"long", bytes.Repeat([]byte("x"), inlineLimit+1), false},
	} {
		b, err := j.Body(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Text != "" || b.Size == 0; got != c.inline {
			t.Errorf("%s: inline = %v, want %v", c.name, got, c.inline)
		}
		got, err := j.View().Bytes(b)
		if err != nil || !bytes.Equal(got, c.in) {
			t.Errorf("%s: read back %d bytes, %v; want %d", c.name, len(got), err, len(c.in))
		}
	}
	if _, err := j.View().Blob("../../../etc/passwd"); err == nil {
		t.Error("a path was accepted as a blob name")
	}
}

func TestConcurrentAppendsAreNumberedInFileOrder(t *testing.T) {
	j := create(t)
	wake, stop := j.Watch()
	defer stop()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, err := j.Append(step("listing", "poll", Note)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	select {
	case <-wake:
	default:
		t.Error("no wake-up after appends")
	}
	v, _, err := Open(j.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Records) != 160 {
		t.Fatalf("%d records, want 160", len(v.Records))
	}
	for i, r := range v.Records {
		if r.Seq != int64(i+1) {
			t.Fatalf("record %d has number %d", i, r.Seq)
		}
	}
}

func TestPublishedUnitAt(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := Published{Epoch: at, Rate: 30, LoopUnits: 300, Ended: true, Last: at.Add(25 * time.Second),
		Muted: []Span{{From: at.Add(5 * time.Second), To: at.Add(6 * time.Second)}}}
	for _, c := range []struct {
		after time.Duration
		unit  int
		ok    bool
	}{
		{-time.Millisecond, 0, false},
		{0, 0, true},
		{time.Second, 30, true},
		{5500 * time.Millisecond, 0, false},
		{6 * time.Second, 180, true},
		{11 * time.Second, 30, true},
		{26 * time.Second, 0, false},
	} {
		unit, ok := p.UnitAt(at.Add(c.after))
		if unit != c.unit || ok != c.ok {
			t.Errorf("at %v: unit %d, %v; want %d, %v", c.after, unit, ok, c.unit, c.ok)
		}
	}
}

// TestKilledAnywhere cuts a journal at every byte of its last record, as kill -9 may, and takes the files away that a killed writer has not begun.
func TestKilledAnywhere(t *testing.T) {
	j := create(t)
	mustAppend(t, j, step("pair", "scenario", Began))
	mustAppend(t, j, step("pair", "scenario", Done))
	mustAppend(t, j, step("list", "scenario", Began))
	mustAppend(t, j, Record{Scenario: "list", Label: "call", Exchange: &Exchange{Identity: AsNobody}})
	name := filepath.Join(j.Dir(), journalFile)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for end := last; end <= len(whole); end++ {
		if err := os.Truncate(name, int64(end)); err != nil {
			t.Fatal(err)
		}
		v, _, err := Open(j.Dir())
		if want := 3 + end/len(whole); err != nil || len(v.Records) != want {
			t.Fatalf("cut after %d of %d bytes: %d records, %v; want %d", end, len(whole), len(v.Records), err, want)
		}
		if torn := v.Torn(); !slices.Equal(torn, []string{"list"}) || len(v.Whole(torn).Records) != 3 {
			t.Fatalf("torn scenarios %v, whole %d records", torn, len(v.Whole(torn).Records))
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if v, about, err := Open(j.Dir()); err != nil || len(v.Records) != 0 || about.Suite != "test" {
		t.Errorf("without a journal: %d records of %q, %v", len(v.Records), about.Suite, err)
	}
}

// TestCreateKeepsAnEarlierBundle checks that neither file of a bundle is replaced.
func TestCreateKeepsAnEarlierBundle(t *testing.T) {
	j := create(t)
	for _, name := range []string{journalFile, aboutFile} {
		if _, err := Create(j.Dir(), About{Suite: "other"}, nil); err == nil {
			t.Fatal("replaced a bundle")
		}
		if err := os.Remove(filepath.Join(j.Dir(), name)); err != nil {
			t.Fatal(err)
		}
		if name == aboutFile {
			return
		}
	}
}

// TestFullBundle checks that a target cannot make a bundle larger than its limits, and that a scenario can end nevertheless.
func TestFullBundle(t *testing.T) {
	call := Record{Scenario: "pair", Exchange: &Exchange{Identity: AsNobody}}
	var full *FullError
	for name, fill := range map[string]func(*Journal){
		"records": func(j *Journal) { j.seq = maxRecords },
		"bytes":   func(j *Journal) { j.size = maxJournal - 10 },
	} {
		j := create(t)
		fill(j)
		if _, err := j.Append(call); !errors.As(err, &full) {
			t.Errorf("%s: %v", name, err)
		}
		mustAppend(t, j, step("pair", "scenario", Broken))
	}
	j := create(t)
	j.blobs = maxBlobs - 100
	for range 3 { // what is kept already takes no room
		if _, _, err := j.Keep(bytes.NewReader(make([]byte, 40))); err != nil || j.blobs != maxBlobs-60 {
			t.Fatalf("%d bytes are taken, %v", j.blobs, err)
		}
	}
	if _, err := j.Body(append(bytes.Repeat([]byte{0}, 200), 1)); !errors.As(err, &full) {
		t.Errorf("a blob beyond the limit: %v", err)
	}
	if tmp, err := os.ReadDir(filepath.Join(j.Dir(), tmpDir)); err != nil || len(tmp) != 0 {
		t.Errorf("left over: %v, %v", tmp, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"seq":1,"time":"2026-01-02T03:04:05Z","step":{"outcome":"began"}}` + "\n"))
	f.Add([]byte(`{"seq":1,"time":"2026-01-02T03:04:05Z","step":{"outc`))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, _ := Read(bytes.NewReader(b))
		for _, r := range records {
			if _, err := r.Kind(); err != nil {
				t.Errorf("read a record without a kind: %v", err)
			}
		}
	})
}
