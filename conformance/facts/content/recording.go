package content

import (
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// Recording is a composed archive with media and its file.
type Recording struct {
	*facts.History
	File
	R evidence.Record
	Expected
}
