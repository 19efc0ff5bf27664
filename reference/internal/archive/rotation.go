package archive

import "time"

// ReasonRotation is the reason in the notices of a rotation.
const ReasonRotation = "serverRotation"

// migrate moves the session now, at the application's request.
func (t *turn) migrate(archiveID string) error {
	if err := t.movable(); err != nil {
		return err
	}
	if !t.MovedAt.IsZero() && t.now.Before(t.MovedAt.Add(MoveInterval)) {
		return conflict(CodeMovedRecently, "the session has moved less than %.0f s ago", MoveInterval.Seconds())
	}
	t.warn()
	t.move(archiveID)
	return nil
}

// rotate plans to move the session at the instant at, or moves it now if at has passed. It replaces an earlier plan.
func (t *turn) rotate(at time.Time, archiveID string) error {
	if err := t.movable(); err != nil {
		return err
	}
	if !at.After(t.now) {
		t.warn()
		t.move(archiveID)
		return nil
	}
	t.MoveAt = at
	if at.Sub(t.now) <= RotationNotices[0] {
		t.warn()
	}
	return nil
}

func (t *turn) movable() error {
	if len(t.Connections) == 0 {
		return notFound("no clients are actively connected to the session")
	}
	return nil
}

// rotations returns the deadlines of a planned rotation: the notices that are still due, and the move.
func (s Session) rotations() (due []Deadline) {
	if s.MoveAt.IsZero() {
		return nil
	}
	for _, before := range RotationNotices {
		if at := s.MoveAt.Add(-before); at.After(s.WarnedAt) { // ARC-EVT-07
			due = append(due, Deadline{Kind: DueRotationNotice, At: at, SessionID: s.ID})
		}
	}
	return append(due, Deadline{Kind: DueRotation, At: s.MoveAt, SessionID: s.ID})
}

// warn tells the clients that the session is going to move.
func (t *turn) warn() {
	t.WarnedAt = t.now
	t.notify(Notice{Kind: SessionNotification, Reason: ReasonRotation}) // ARC-EVT-07, ARC-EVT-08
}

// move ends all recordings, as they stay on the old server. If the session is archived automatically, a new archive begins on the new server.
func (t *turn) move(archiveID string) {
	t.forgetRotation()
	t.MovedAt = t.now
	automatic, idle := t.recordsItself(), t.now
	for a := range t.live {
		if a.Automatic && !a.IdleSince.IsZero() {
			idle = a.IdleSince
		}
		t.end(a, ReasonSessionEnd, t.now) // ARC-DUR-15
	}
	if automatic { // ARC-AUTO-14
		t.startAutomatic(archiveID, idle)
	}
}

func (t *turn) forgetRotation() { t.MoveAt, t.WarnedAt = zero, zero }
