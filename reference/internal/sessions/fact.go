package sessions

import (
	"errors"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
)

// fact is an event that has happened even if the store fails, and that nobody will report again: a client has left, or
// a composition has ended.
type fact struct {
	event     archive.Event
	archiveID string // set if the event is about an archive that may be out of the room's state
	at        av.Instant
}

// happened applies f, or queues it for retry if the store fails. It returns the domain's refusal of the event; nil if f
// is queued.
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

// account applies f. done is false if the store failed and f must be retried.
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
	r.Log.Error("store failed; retrying", "session", r.id, "archive", f.archiveID, "error", err)
	return false, nil
}

// catchUp retries the queued facts, in their order.
func (r *room) catchUp() {
	now := r.Clock.Now(r.state.ApplicationID)
	for len(r.facts) > 0 && !now.Before(r.retry) {
		done, err := r.account(r.facts[0])
		if !done {
			r.retry = now.Add(retryAfter)
			return
		}
		if err != nil && !isNotFound(err) {
			r.Log.Error("event refused", "session", r.id, "error", err)
		}
		r.facts = r.facts[1:]
		r.ended.Send()
	}
}
