package sessions

import (
	"errors"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
)

// fact is an event that has happened whether or not the store takes it, and that nobody will report again: a client is gone, a composition
// has ended.
type fact struct {
	event     archive.Event
	archiveID string // of the archive it is about, if that may be at rest
	at        av.Instant
}

// happened steps a fact, now or, when the store refuses, as soon as it does not. Its error is that of a fact that was none.
func (r *room) happened(f fact) error {
	if len(r.facts) == 0 {
		done, err := r.account(f)
		if done {
			return err
		}
		r.retry = r.Clock.Now(r.state.ApplicationID).Add(retryAfter)
	}
	r.facts = append(r.facts, f)
	return nil
}

// account reports whether that was all about the fact.
func (r *room) account(f fact) (done bool, err error) {
	if f.archiveID != "" {
		_, err = r.about(f.archiveID, f.event, f.at)
	} else {
		err = r.step(f.event, f.at)
	}
	var refused *archive.Error
	if err == nil || isNotFound(err) || errors.As(err, &refused) {
		return true, err
	}
	r.Log.Error("the store is tried again", "session", r.id, "archive", f.archiveID, "error", err)
	return false, nil
}

// catchUp accounts for facts that the store had refused, in their order.
func (r *room) catchUp() {
	now := r.Clock.Now(r.state.ApplicationID)
	for len(r.facts) > 0 && !now.Before(r.retry) {
		done, err := r.account(r.facts[0])
		if !done {
			r.retry = now.Add(retryAfter)
			return
		}
		if err != nil && !isNotFound(err) {
			r.Log.Error("a fact was refused", "session", r.id, "error", err)
		}
		r.facts = r.facts[1:]
		r.ended.Send()
	}
}
