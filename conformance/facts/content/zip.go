package content

import (
	"encoding/json"
	"fmt"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media/individual"
)

// ZipOf reads what was found in the ZIP of an individual archive. An error is trouble of the evidence.
func ZipOf(f *facts.Facts, r evidence.Record) (individual.Report, error) {
	type zipOf string
	type reading struct {
		zip individual.Report
		err error
	}
	got := facts.Keep(f, zipOf(r.Individual.Report), func() (got reading) {
		if err := json.Unmarshal(r.Individual.Report, &got.zip); err != nil {
			got.err = fmt.Errorf("report of the ZIP in %s: %w", r.Ref(), err)
		}
		return got
	})
	return got.zip, got.err
}
