package archive

import (
	"fmt"
	"slices"
	"time"
)

// Step applies e to s at the instant now of the application's policy clock, and returns the new session and the effects. It does not modify s.
// If it refuses the event, it returns s unchanged and an [*Error].
func Step(s Session, e Event, now time.Time) (Session, []Effect, error) {
	t := turn{Session: s, now: now}
	t.Connections = slices.Clone(s.Connections)
	t.Session.Streams = slices.Clone(s.Streams)
	t.Archives = slices.Clone(s.Archives)
	if err := t.apply(e); err != nil {
		return s, nil, err
	}
	return t.Session, t.effects, nil
}

// turn is a step in progress. It owns its slices. Their elements may point to shared data, which it replaces but never modifies.
type turn struct {
	Session
	now     time.Time
	effects []Effect
}

func (t *turn) apply(e Event) error {
	switch e := e.(type) {
	case Connect:
		return t.connect(e.Connection, e.ArchiveID)
	case Disconnect:
		return t.disconnect(e.ConnectionID, e.Reason)
	case Publish:
		return t.publish(e.Stream)
	case Unpublish:
		return t.unpublish(e.StreamID, e.Reason)
	case Classify:
		return t.classify(e.Classes)
	case Start:
		return t.start(e)
	case Arrange:
		return t.arrange(e.ArchiveID, e.Layout)
	case Stop:
		return t.stop(e.ArchiveID)
	case Delete:
		return t.delete(e.ArchiveID)
	case AddStream:
		return t.addStream(e.ArchiveID, e.Inclusion)
	case RemoveStream:
		return t.dropStream(e.ArchiveID, e.StreamID)
	case Migrate:
		return t.migrate(e.ArchiveID)
	case Rotate:
		return t.rotate(e.At, e.ArchiveID)
	case Elapse:
		t.elapse(e.Deadline, e.ArchiveID)
	case Finish:
		t.finish(e)
	case Fail:
		t.fail(e.ArchiveID)
	case Store:
		t.store(e)
	case Expire:
		t.expire(e.ArchiveID)
	case Interrupt:
		t.interrupt(e.At)
	default:
		return &Error{Kind: Internal, Message: fmt.Sprintf("unknown event %T", e)}
	}
	return nil
}

// archive returns a pointer to the archive with this id, so that it can be changed; nil if there is none.
func (t *turn) archive(id string) *Archive {
	for i := range t.Archives {
		if t.Archives[i].ID == id {
			return &t.Archives[i]
		}
	}
	return nil
}

// live yields pointers to the archives that can still record.
func (t *turn) live(yield func(*Archive) bool) {
	for i := range t.Archives {
		if t.Archives[i].Status.Live() && !yield(&t.Archives[i]) {
			return
		}
	}
}

// do adds an effect with the archive's present state.
func (t *turn) do(kind EffectKind, a *Archive) {
	t.effects = append(t.effects, Effect{Kind: kind, Archive: *a, At: t.now})
}

// enter changes the archive's status and announces it. The caller has checked that the present status allows it (ARC-STAT-09).
func (t *turn) enter(a *Archive, s Status) {
	a.Status, a.UpdatedAt = s, t.now
	t.do(DoAnnounce, a)
}

func (t *turn) notify(n Notice) {
	n.At = t.now
	t.effects = append(t.effects, Effect{Kind: DoNotify, At: t.now, Notice: n})
}
