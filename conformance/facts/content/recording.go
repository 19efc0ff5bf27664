package content

import (
	"time"

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

// Delay returns how late the file begins to hold a piece: after the answer to the start, or after the first media. It is 0 if
// the content does not tell.
func (x Recording) Delay(piece int) time.Duration {
	p := x.Pieces[piece]
	due := p.From
	if asked := x.Begun.To; piece == 0 && asked.After(due) {
		due = asked
	}
	if !p.Aligned {
		return 0
	}
	return max(0, p.Begun().Sub(due))
}

// Lacks returns by how many seconds the file is shorter than its pieces, apart from their delays.
func (x Recording) Lacks() float64 {
	lacks := -x.Duration
	for i, p := range x.Pieces {
		lacks += (p.To.Sub(p.From) - x.Delay(i)).Seconds()
	}
	return lacks
}
