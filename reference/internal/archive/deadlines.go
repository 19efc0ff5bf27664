package archive

import (
	"slices"
	"time"
)

// Deadlines returns the limits that s will reach if nothing else happens, earliest first.
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
		add(DueTotal, full) // ARC-DUR-05, ARC-DUR-19
		switch {
		case !a.RecordingSince.IsZero():
			recorded := a.RecordingSince.Add(MaxRecorded - a.Recorded) // ARC-DUR-03, ARC-DUR-04, ARC-DUR-18
			add(DueRecorded, recorded)
			if recorded.Before(full) {
				full = recorded
			}
		case !a.Published && !a.Automatic: // ARC-DUR-01, ARC-DUR-21, ARC-AUTO-15
			add(DueFirstPublisher, a.CreatedAt.Add(FirstPublisher))
		default:
			add(DueIdle, a.IdleSince.Add(MaxIdle)) // ARC-DUR-06, ARC-DUR-20, ARC-AUTO-11
		}
		if !s.EmptySince.IsZero() { // ARC-DUR-07, ARC-AUTO-10
			add(DueLastClient, s.EmptySince.Add(MaxEmpty))
		}
		if a.Automatic && !a.Followed { // ARC-AUTO-06, ARC-AUTO-07
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

// elapse handles a deadline that has come: it ends the archive or begins the next one. It ignores a deadline that no longer stands or has not
// come yet.
func (t *turn) elapse(d Deadline, archiveID string) {
	if d.At.After(t.now) || !d.Stands(t.Session) { // ARC-DUR-12, ARC-DUR-13, ARC-DUR-14
		return
	}
	reason := ReasonMaxDuration // ARC-DUR-08, ARC-DUR-09
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
		reason = ReasonMaxIdle // ARC-DUR-02, ARC-DUR-10, decision 3
	case DueLastClient:
		reason = ReasonSessionEnd // ARC-DUR-11
	case DueRecorded, DueTotal:
	}
	t.end(t.archive(d.ArchiveID), reason, d.At)
}
