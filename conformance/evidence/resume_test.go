package evidence

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestResume goes on with a bundle whose last line was cut off by a kill.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	j, err := Create(dir, About{Run: "one"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for _, r := range []Record{
		{Scenario: "s", Label: "later", Pledge: &Pledge{From: from.Add(time.Hour)}},
		{Scenario: "s", Label: "soon", Pledge: &Pledge{From: from}},
	} {
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"seq":3,"scen`); err != nil {
		t.Fatal(err)
	}
	f.Close()

	j, about, err := Resume(dir, nil)
	if err != nil || about.Run != "one" {
		t.Fatal(about, err)
	}
	if open := j.View().Pledges().Records; len(open) != 2 || open[0].Label != "soon" {
		t.Errorf("open pledges %+v, want the one that is due first to come first", open)
	}
	if r, err := j.Append(Record{Scenario: "s", Label: "soon", Step: &Step{Outcome: Done}}); err != nil || r.Seq != 3 {
		t.Errorf("appended %+v, %v", r, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	v, _, err := Open(dir)
	if err != nil || len(v.Records) != 3 {
		t.Fatalf("%d records, %v", len(v.Records), err)
	}
	if open := v.Pledges().Records; len(open) != 1 || open[0].Label != "later" {
		t.Errorf("open pledges %+v", open)
	}
	if _, _, err := Resume(t.TempDir(), nil); err == nil {
		t.Error("resumed an empty folder")
	}
}

// TestOneWriter checks that a bundle has one writer at a time.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	j, err := Create(dir, About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Resume(dir, nil); err == nil || !strings.Contains(err.Error(), "another conform") {
		t.Errorf("resumed while it is written: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, _, err = Resume(dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Resume(dir, nil); err == nil {
		t.Error("resumed twice")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
