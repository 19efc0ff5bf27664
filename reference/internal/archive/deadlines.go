package archive

import (
	"slices"
	"time"
)

// Deadlines returns the limits that will strike if nothing else happens to s, earliest first.
func Deadlines(s Session) []Deadline {
	var due []Deadline
	for _, a := range s.Archives {
		if !a.Status.Live() {
			continue
		}
		add := func(kind DeadlineKind, at time.Time) {
			due = append(due, Deadline{Kind: kind, At: at, SessionID: s.ID, ArchiveID: a.ID})
		}
		add(DueTotal, a.CreatedAt.Add(MaxTotal))
		switch {
		case !a.RecordingSince.IsZero():
			add(DueRecorded, a.RecordingSince.Add(MaxRecorded-a.Recorded))
		case a.EffectiveAt.IsZero():
			add(DueFirstPublisher, a.CreatedAt.Add(FirstPublisher))
		default:
			add(DueIdle, a.IdleSince.Add(MaxIdle))
		}
		if !s.EmptySince.IsZero() {
			add(DueLastClient, s.EmptySince.Add(MaxEmpty))
		}
	}
	slices.SortStableFunc(due, func(x, y Deadline) int { return x.At.Compare(y.At) })
	return due
}

// elapse ends the archive whose deadline has come. An old deadline, or one before its time, does nothing.
func (t *turn) elapse(d Deadline) {
	stands := func(x Deadline) bool { return x.Kind == d.Kind && x.ArchiveID == d.ArchiveID && x.At.Equal(d.At) }
	if d.At.After(t.now) || !slices.ContainsFunc(Deadlines(t.Session), stands) {
		return
	}
	reason := ReasonMaxDuration
	switch d.Kind {
	case DueIdle, DueFirstPublisher:
		reason = ReasonMaxIdle
	case DueLastClient:
		reason = ReasonSessionEnd
	case DueRecorded, DueTotal:
	}
	t.end(t.archive(d.ArchiveID), reason, d.At)
}
