// Package pledge keeps what a run left to be looked at hours or days later: a file in the report folder that names each look,
// so that conform collect can take it, after a reboot too. The file has no secrets; the target file must be at hand again.
package pledge

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/durable"
	"reelcheck/conformance/evidence"
)

// Name is the name of the file in the report folder.
const Name = "pledges.json"

// Format is the version of the file.
const Format = "reelcheck.pledges/1"

// File holds the open pledges of a run.
type File struct {
	Format  string   `json:"format"`
	Run     string   `json:"run"`
	Target  string   `json:"target"` // path of the target file
	Pledges []Pledge `json:"pledges"`
}

// Pledge is a look at what a scenario left.
type Pledge struct {
	Scenario string            `json:"scenario"`
	Look     string            `json:"look"`
	From     time.Time         `json:"from"`    // when it can be taken
	Created  map[string]string `json:"created"` // ids of the archive, the session and the application
	Clauses  []string          `json:"clauses"` // that it shows
	Needs    string            `json:"needs"`   // in words
}

// Of returns the open pledges of a run, in the order in which they fall due.
func Of(v evidence.View) []Pledge {
	out := []Pledge{}
	for _, r := range v.Pledges().Records {
		out = append(out, Pledge{r.Scenario, r.Label, r.Pledge.From, r.IDs, r.Pledge.Clauses, r.Pledge.Needs})
	}
	return out
}

// Write writes the file into a report folder; complete or not at all. Without pledges it removes the file.
func (f File) Write(dir string) error {
	name := filepath.Join(dir, Name)
	if len(f.Pledges) == 0 {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("pledges: %w", err)
		}
		return nil
	}
	f.Format = Format
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("pledges: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return fmt.Errorf("pledges: %w", err)
	}
	if _, err := tmp.Write(append(text, '\n')); err != nil {
		return errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
	}
	return durable.Place(tmp, name)
}

// sizeLimit is the largest file in bytes: far more than a run can pledge.
const sizeLimit = 16 << 20

// Read reads the file of a report folder. A folder without one is an error that wraps [os.ErrNotExist].
func Read(dir string) (File, error) {
	name := filepath.Join(dir, Name)
	text, err := bounded.File(name, sizeLimit)
	if err != nil {
		return File{}, fmt.Errorf("pledges: %w", err)
	}
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		var odd *json.UnmarshalTypeError // its text has the names of Go types
		if errors.As(err, &odd) {
			err = fmt.Errorf("%s is a JSON %s", cmp.Or(odd.Field, "the file"), odd.Value)
		}
		return File{}, fmt.Errorf("%s: %w; want an object with format %q and a list of pledges, as conform run writes it", name, err, Format)
	}
	if f.Format != Format {
		return File{}, fmt.Errorf("%s: format %q, want %q", name, f.Format, Format)
	}
	for _, member := range []struct {
		name    string
		missing bool
	}{{"run", f.Run == ""}, {"target", f.Target == ""}, {"pledges", len(f.Pledges) == 0}} {
		if member.missing {
			return File{}, fmt.Errorf("%s: %s is missing or empty; want format %q with run, target and a list of pledges, as conform run writes it", name, member.name, Format)
		}
	}
	return f, nil
}
