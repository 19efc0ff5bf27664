// Package zips spoils the reports on the ZIPs of individual archives.
package zips

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/mutants/tape"
)

// Spoil changes the report on the ZIP of a scenario's archive.
func Spoil(scenario string, spoil func(*individual.Report)) func(*tape.Tape) {
	return SpoilOf(scenario, "object.individual", spoil)
}

func SpoilOf(scenario, label string, spoil func(*individual.Report)) func(*tape.Tape) {
	return func(t *tape.Tape) {
		r := t.Where(scenario, label, func(r *evidence.Record) bool { return r.Individual != nil })
		if r != nil {
			r.Individual.Report = tape.Spoiled(t, r.Individual.Report, spoil)
		}
	}
}

// FilesOfClient returns the media files of a client's streams, sorted by name.
func FilesOfClient(t *tape.Tape, r *individual.Report, scenario, client string) []*individual.Entry {
	var out []*individual.Entry
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Media == nil {
			continue
		}
		for _, record := range t.Records {
			p := record.Published
			if record.Scenario == scenario && p != nil && p.Client == client && strings.HasPrefix(e.Name, record.IDs[evidence.Stream]) {
				out = append(out, e)
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b *individual.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// edit changes a file of the ZIP.
type edit func(*individual.Report, *individual.Entry)

func InFile(scenario, client string, spoil edit) func(*tape.Tape) {
	return InLabel(scenario, "object.individual", client, spoil)
}

// InLabel changes the first file of a client.
func InLabel(scenario, label, client string, spoil edit) func(*tape.Tape) {
	return func(t *tape.Tape) {
		SpoilOf(scenario, label, func(r *individual.Report) {
			files := FilesOfClient(t, r, scenario, client)
			if len(files) == 0 {
				t.Missed = append(t.Missed, scenario+" file of "+client)
				return
			}
			spoil(r, files[0])
		})(t)
	}
}

// Segments changes the first two files of a client.
func Segments(scenario, client string, spoil func(r *individual.Report, first, second *individual.Entry)) func(*tape.Tape) {
	return func(t *tape.Tape) {
		Spoil(scenario, func(r *individual.Report) {
			files := FilesOfClient(t, r, scenario, client)
			if len(files) < 2 {
				t.Missed = append(t.Missed, fmt.Sprintf("%s: %d files of %s", scenario, len(files), client))
				return
			}
			spoil(r, files[0], files[1])
		})(t)
	}
}

// Both changes the files of two clients together. Without spoil, it adds a copy of the first client's file as a file of
// the second client.
func Both(scenario, label, one, other string, spoil func(from, to *individual.Entry)) func(*tape.Tape) {
	return func(t *tape.Tape) {
		SpoilOf(scenario, label, func(r *individual.Report) {
			from, into := FilesOfClient(t, r, scenario, one), FilesOfClient(t, r, scenario, other)
			switch {
			case len(from) == 0 || spoil != nil && len(into) == 0:
				t.Missed = append(t.Missed, scenario+" files of "+one+" and "+other)
			case spoil != nil:
				spoil(from[0], into[0])
			default:
				stray := *from[0]
				stray.Name = t.StreamOf(scenario, other) + ".webm"
				r.Entries = append(r.Entries, stray)
			}
		})(t)
	}
}
