package facts

import (
	"time"

	"reelcheck/conformance/evidence"
)

// Move is a session going to another server, in policy time: by a plan that the harness made through the control API, or at once by a
// call of the application.
type Move struct {
	At, Late time.Time     // the earliest and the latest moment
	Notice   time.Duration // how long before it was planned; 0 for a call
	R        evidence.Record
}

// Moves are those that the target accepted, in order.
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
