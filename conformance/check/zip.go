package check

import (
	"encoding/json"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/individual"
)

// Zip is what the ZIP of an individual archive holds.
type Zip struct {
	individual.Report
	ok bool
}

// Zip decodes what was found in a ZIP; ok is false when the evidence cannot be read, which is noted.
func (c *Case) Zip(r evidence.Record) (b Zip, ok bool) {
	text := string(r.Individual.Report)
	if b, known := c.zips[text]; known {
		return b, b.ok
	}
	err := json.Unmarshal(r.Individual.Report, &b.Report)
	if b.ok = err == nil; !b.ok {
		c.Unclear("report of the ZIP in " + Ref(r) + ": " + err.Error())
	}
	c.zips[text] = b
	return b, b.ok
}
