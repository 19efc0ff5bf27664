package sessions

import (
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/sessions/effect"
	"reelcheck/reference/internal/sessions/webhook"
	"reelcheck/reference/internal/store"
)

// act performs effects in order. ids are the outbox ids of the durable ones.
func (r *room) act(effects []archive.Effect, ids []int64, at av.Instant) {
	var broken []string
	for _, e := range effects {
		if e.Kind == archive.DoNotify || e.Kind == archive.DoClose {
			r.tell(e)
			continue
		}
		err := r.perform(e, at)
		if effect.Durable(e.Kind) {
			if err == nil {
				r.done = append(r.done, ids[0])
			}
			ids = ids[1:]
		}
		if err != nil {
			r.Log.Error("effect failed", "session", r.id, "archive", e.Archive.ID, "effect", e.Kind, "error", err)
			if effect.Recording(e.Kind) {
				broken = append(broken, e.Archive.ID)
			}
		}
	}
	for _, id := range broken {
		if err := r.happened(fact{archive.Fail{ArchiveID: id}, "", at}); err != nil { // ARC-STAT-12, decision 15
			r.Log.Error("cannot fail archive", "archive", id, "error", err)
		}
	}
}

func (r *room) perform(e archive.Effect, at av.Instant) error {
	switch e.Kind {
	case archive.DoCompose:
		return r.compose(e.Archive)
	case archive.DoErase:
		return r.Cloud.Erase(r.background(), e.Archive)
	case archive.DoDiscard:
		return r.Recorder.Discard(r.id, e.Archive.ID)
	default:
		if noted, ok := effect.Event(e, at); ok {
			return r.Recorder.Note(r.id, noted)
		}
		return nil // a job, committed with the step
	}
}

func (r *room) compose(a archive.Archive) error {
	c := r.Runner
	return r.Recorder.Compose(r.ctx, a, func(f File, err error) {
		if err != nil {
			c.Log.Error("composition failed", "session", a.SessionID, "archive", a.ID, "error", err)
		}
		var result archive.Event = archive.Finish{ArchiveID: a.ID, Size: f.Size, Password: f.Password} // ARC-STO-03
		if err != nil {
			result = archive.Fail{ArchiveID: a.ID} // ARC-STAT-12, decision 15
		}
		c.post(a.SessionID, func(r *room) error {
			defer c.ended.Send()
			err := r.happened(fact{result, a.ID, clock.Media()})
			if err != nil && !isNotFound(err) {
				r.Log.Error("end of composition not recorded", "session", r.id, "archive", a.ID, "error", err)
			}
			return err
		})
	})
}

// flush removes performed acts from the outbox.
func (r *room) flush() {
	if len(r.done) == 0 {
		return
	}
	if _, err := r.Store.Commit(r.background(), store.Transition{Done: r.done}); err != nil {
		r.Log.Error("cannot clear outbox", "session", r.id, "error", err) // they are performed again at the next start
	}
	r.done = nil
}

// monitor adds the session events of a step to its transition, if the application wants them.
func (r *room) monitor(t *store.Transition, next archive.Session, effects []archive.Effect) error {
	notices := callback.Notices(r.state, next, effects)
	if len(notices) == 0 {
		return nil
	}
	return r.webhooks().Session(r.background(), t, next.ApplicationID, r.id, notices)
}

func (c *Runner) webhooks() webhook.Announcer {
	return webhook.Announcer{Store: c.Store, Clock: c.Clock}
}
