package facts

import (
	"time"

	"reelcheck/conformance/evidence"
)

// Move is the move of a session to another server, in policy time. The harness plans it through the control API, or the
// application calls for it at once.
type Move struct {
	At, Late time.Time     // the earliest and the latest moment of the move
	Notice   time.Duration // time from the plan to the move; 0 for a call
	R        evidence.Record
}

// Moves returns the moves of the session that the target accepted, in order.
func (f *Facts) Moves(s *Session) []Move {
	var out []Move
	for _, r := range f.Calls(evidence.RotateSession, evidence.MigrateSession) {
		if r.IDs[evidence.Session] != s.ID || r.Exchange.Status() != 202 {
			continue
		}
		var in time.Duration
		if r.Exchange.Operation == evidence.RotateSession {
			body, _ := f.Decode(r.Exchange.Request.Body.Text)
			ms, _ := body.Whole("in")
			in = time.Duration(ms) * time.Millisecond
		}
		out = append(out, Move{At: f.Earliest(s.App, r.Sent()).Add(in), Late: f.Latest(s.App, r.Over()).Add(in), Notice: in, R: r})
	}
	return out
}
