package sessions

import (
	"encoding/json"
	"errors"
	"fmt"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/timeline"
)

// durable reports whether effects of this kind go through the outbox. Announcements, uploads and expiries need none,
// because they are jobs. A composition follows from the state, and notices are for clients who are gone after a crash.
func durable(kind archive.EffectKind) bool {
	switch kind {
	case archive.DoSelect, archive.DoRecord, archive.DoPause, archive.DoStop, archive.DoArrange, archive.DoErase, archive.DoDiscard:
		return true
	default:
		return false
	}
}

// act performs effects in order. ids are the outbox ids of the durable ones.
func (r *room) act(effects []archive.Effect, ids []int64, at av.Instant) {
	var broken []string
	for _, e := range effects {
		if e.Kind == archive.DoNotify || e.Kind == archive.DoClose {
			r.tell(e)
			continue
		}
		err := r.perform(e, at)
		if durable(e.Kind) {
			if err == nil {
				r.done = append(r.done, ids[0])
			}
			ids = ids[1:]
		}
		if err != nil {
			r.Log.Error("effect failed", "session", r.id, "archive", e.Archive.ID, "effect", e.Kind, "error", err)
			if recording(e.Kind) {
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

// recording reports whether the archive has no file if an effect of this kind fails.
func recording(kind archive.EffectKind) bool {
	switch kind {
	case archive.DoCompose, archive.DoSelect, archive.DoRecord, archive.DoPause, archive.DoStop:
		return true
	default:
		return false
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
		if noted, ok := timelineEvent(e, at); ok {
			return r.Recorder.Note(r.id, noted)
		}
		return nil // a job, committed with the step
	}
}

// timelineEvent returns the event that an effect puts on the session's timeline; ok is false if it puts none there.
func timelineEvent(e archive.Effect, at av.Instant) (noted timeline.Event, ok bool) {
	noted = timeline.Event{At: at, Archive: e.Archive.ID}
	switch e.Kind {
	case archive.DoSelect:
		noted.Kind = timeline.Selected
		for _, in := range e.Archive.Streams {
			noted.Selection = append(noted.Selection, timeline.Selection{Stream: in.StreamID, HasAudio: in.HasAudio, HasVideo: in.HasVideo})
		}
	case archive.DoRecord:
		noted.Kind = timeline.Recording
	case archive.DoPause:
		noted.Kind = timeline.Paused
	case archive.DoStop:
		noted.Kind = timeline.Stopped
	case archive.DoArrange:
		noted.Kind, noted.Layout = timeline.Arranged, &e.Archive.Layout
	case archive.DoClassify:
		noted.Kind, noted.Stream, noted.Classes = timeline.Classified, e.Stream.ID, e.Stream.LayoutClasses
	default:
		return noted, false
	}
	return noted, true
}

func (r *room) compose(a archive.Archive) error {
	c := r.Runner
	return r.Recorder.Compose(r.ctx, a, func(f File, err error) {
		if err != nil {
			c.Log.Error("composition failed", "session", a.SessionID, "archive", a.ID, "error", err)
		}
		var result archive.Event = archive.Finish{ArchiveID: a.ID, Size: f.Size, Password: f.Password}
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

// delivery returns the webhook of an announcement, with the application's present settings. wanted is false if the
// application wants no webhooks.
func (r *room) delivery(e archive.Effect) (d store.Delivery, wanted bool, err error) {
	app, err := r.Store.Application(r.background(), r.state.ApplicationID)
	if errors.Is(err, store.ErrNotFound) || err == nil && app.ArchiveCallbackURL == "" { // ARC-CB-01, ARC-CB-32
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("read application: %w", err)
	}
	body, err := json.Marshal(callback.Of(app, e))
	if err != nil {
		return d, false, fmt.Errorf("encode callback: %w", err)
	}
	return store.Delivery{ApplicationID: app.ID, SessionID: r.id, ArchiveID: e.Archive.ID,
		URL: app.ArchiveCallbackURL, Body: body, CreatedAt: e.At}, true, nil
}
