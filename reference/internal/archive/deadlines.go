package archive

import (
	"slices"
	"time"
)

// Deadlines returns the limits that will strike if nothing else happens to s, earliest first.
func Deadlines(s Session) []Deadline {
	due := s.rotations()
	for _, a := range s.Archives {
		if !a.Status.Live() {
			continue
		}
		add := func(kind DeadlineKind, at time.Time) {
			media := !a.RecordingSince.IsZero() && (a.Followed || kind == DueOverlap)
			due = append(due, Deadline{Kind: kind, At: at, SessionID: s.ID, ArchiveID: a.ID, Media: media})
		}
		full := a.CreatedAt.Add(MaxTotal)
		add(DueTotal, full)
		switch {
		case !a.RecordingSince.IsZero():
			recorded := a.RecordingSince.Add(MaxRecorded - a.Recorded)
			add(DueRecorded, recorded)
			if recorded.Before(full) {
				full = recorded
			}
		case !a.Published && !a.Automatic:
			add(DueFirstPublisher, a.CreatedAt.Add(FirstPublisher))
		default:
			add(DueIdle, a.IdleSince.Add(MaxIdle))
		}
		if !s.EmptySince.IsZero() {
			add(DueLastClient, s.EmptySince.Add(MaxEmpty))
		}
		if a.Automatic && !a.Followed {
			add(DueOverlap, full.Add(-Overlap))
		}
	}
	slices.SortStableFunc(due, func(x, y Deadline) int { return x.At.Compare(y.At) })
	return due
}

// Stands reports whether d is still one of the deadlines of s.
func (d Deadline) Stands(s Session) bool {
	return slices.ContainsFunc(Deadlines(s), func(x Deadline) bool {
		return x.Kind == d.Kind && x.ArchiveID == d.ArchiveID && x.At.Equal(d.At)
	})
}

// elapse lets the deadline strike that has come: it ends its archive, or begins the one after it. An old deadline, or one before its
// time, does nothing.
func (t *turn) elapse(d Deadline, archiveID string) {
	if d.At.After(t.now) || !d.Stands(t.Session) {
		return
	}
	reason := ReasonMaxDuration
	switch d.Kind {
	case DueRotationNotice:
		t.warn()
		return
	case DueRotation:
		t.move(archiveID)
		return
	case DueOverlap:
		t.follow(t.archive(d.ArchiveID), archiveID)
		return
	case DueIdle, DueFirstPublisher:
		reason = ReasonMaxIdle
	case DueLastClient:
		reason = ReasonSessionEnd
	case DueRecorded, DueTotal:
	}
	t.end(t.archive(d.ArchiveID), reason, d.At)
}
