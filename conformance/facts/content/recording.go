package content

import (
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// Recording is a composed archive that recorded something, with the report on its file.
type Recording struct {
	*facts.History
	File
	R evidence.Record
	Expected
}
