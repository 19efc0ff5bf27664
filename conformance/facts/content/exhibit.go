package content

import (
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// Exhibit is a composed archive with media and its file.
type Exhibit struct {
	*facts.History
	File
	R evidence.Record
	Performance
}
