package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/store"
)

// durable tells the effects that go through the outbox. Of the others, announce, upload and expire are jobs, compose follows from
// the state, and notices are for clients who are gone after a crash.
func durable(kind archive.EffectKind) bool {
	switch kind {
	case archive.DoSelect, archive.DoRecord, archive.DoPause, archive.DoStop, archive.DoArrange, archive.DoErase, archive.DoDiscard:
		return true
	default:
		return false
	}
}

// act performs effects in order; ids are those of the durable ones.
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
		if err := r.happened(fact{archive.Fail{ArchiveID: id}, "", at}); err != nil {
			r.Log.Error("cannot fail archive", "archive", id, "error", err)
		}
	}
}

// recording tells the effects without which there will be no file.
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
	case archive.DoSelect:
		return r.Recorder.Select(r.id, e.Archive.ID, e.Archive.Streams, at)
	case archive.DoRecord:
		return r.Recorder.Record(r.id, e.Archive.ID, at)
	case archive.DoPause:
		return r.Recorder.Pause(r.id, e.Archive.ID, at)
	case archive.DoStop:
		return r.Recorder.Stop(r.id, e.Archive.ID, at)
	case archive.DoArrange:
		return r.Recorder.Arrange(r.id, e.Archive.ID, e.Archive.Layout, at)
	case archive.DoClassify:
		return r.Recorder.Classify(r.id, e.Stream.ID, e.Stream.LayoutClasses, at)
	case archive.DoErase:
		return r.Cloud.Erase(r.background(), e.Archive)
	case archive.DoDiscard:
		return r.Recorder.Discard(r.id, e.Archive.ID)
	default:
		return nil // a job, committed with the step
	}
}

func (r *room) compose(a archive.Archive) error {
	c := r.Control
	return r.Recorder.Compose(r.ctx, a, func(f File, err error) {
		if err != nil {
			c.Log.Error("composition failed", "session", a.SessionID, "archive", a.ID, "error", err)
		}
		var result archive.Event = archive.Finish{ArchiveID: a.ID, Size: f.Size, Password: f.Password}
		if err != nil {
			result = archive.Fail{ArchiveID: a.ID}
		}
		c.post(a.SessionID, func(r *room) error {
			defer c.ended.ring()
			err := r.happened(fact{result, a.ID, clock.Media()})
			if err != nil && !lost(err) {
				r.Log.Error("composition not accounted for", "session", r.id, "archive", a.ID, "error", err)
			}
			return err
		})
	})
}

// flush clears performed acts from the outbox.
func (r *room) flush() {
	if len(r.done) == 0 {
		return
	}
	if _, err := r.Store.Commit(r.background(), store.Transition{Done: r.done}); err != nil {
		r.Log.Error("cannot clear outbox", "session", r.id, "error", err) // they are performed again at the next start
	}
	r.done = nil
}

// delivery fixes the webhook of an announcement as of now. wanted is false when the application wants none.
func (r *room) delivery(e archive.Effect) (d store.Delivery, wanted bool, err error) {
	app, err := r.Store.Application(r.background(), r.state.ApplicationID)
	if errors.Is(err, store.ErrNotFound) || err == nil && app.ArchiveCallbackURL == "" {
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("read application: %w", err)
	}
	body, err := json.Marshal(about(callback(app, e.Archive), e))
	if err != nil {
		return d, false, fmt.Errorf("encode callback: %w", err)
	}
	return store.Delivery{ApplicationID: app.ID, SessionID: r.id, ArchiveID: e.Archive.ID,
		URL: app.ArchiveCallbackURL, Body: body, CreatedAt: e.At}, true, nil
}

// Callback is the body of an archive's status webhook.
type Callback struct {
	ID            string         `json:"id"`
	Event         string         `json:"event"`
	Status        archive.Status `json:"status"`
	Name          string         `json:"name"`
	Reason        string         `json:"reason"`
	SessionID     string         `json:"sessionId"`
	ApplicationID string         `json:"applicationId"`
	PartnerID     string         `json:"partnerId"` // "your App ID"
	CreatedAt     int64          `json:"createdAt"` // ms, the start call to the nearest second
	UpdatedAt     int64          `json:"updatedAt"` // ms
	Duration      int64          `json:"duration"`  // s
	Size          int64          `json:"size"`

	OutputMode            string  `json:"outputMode"`
	StreamMode            string  `json:"streamMode"`
	HasAudio              bool    `json:"hasAudio"`
	HasVideo              bool    `json:"hasVideo"`
	Resolution            string  `json:"resolution,omitempty"`
	MultiArchiveTag       string  `json:"multiArchiveTag"`
	MaxBitrate            int     `json:"maxBitrate,omitempty"`
	QuantizationParameter int     `json:"quantizationParameter,omitempty"`
	SHA256Sum             string  `json:"sha256sum"`
	Password              string  `json:"password"`
	URL                   *string `json:"url"` // always null: links are only for authenticated readers

	Streams *[]archive.Inclusion `json:"streams,omitempty"` // only while started

	Timestamp int64           `json:"timestamp,omitempty"` // ms, of stream updates
	Stream    *CallbackStream `json:"stream,omitempty"`    // of stream updates
}

// CallbackStream is a stream that was added to an archive or removed.
type CallbackStream struct {
	ID         string `json:"id"`
	Connection struct {
		ID string `json:"id"`
	} `json:"connection"`
	CreatedAt int64 `json:"createdAt"` // ms, to the nearest second
}

// about turns the body of a status webhook into that of a stream update, if e is one: then status is its name, and reason why the
// stream has left the session.
func about(c Callback, e archive.Effect) Callback {
	if e.Kind != archive.DoStreamAdded && e.Kind != archive.DoStreamRemoved {
		return c
	}
	st := e.Notice.Stream
	c.Status, c.Reason, c.Streams = archive.Status(e.Kind), e.Notice.Reason, nil
	c.Timestamp = e.At.UnixMilli()
	c.Stream = &CallbackStream{ID: st.ID, CreatedAt: st.CreatedAt.Round(time.Second).UnixMilli()}
	c.Stream.Connection.ID = st.ConnectionID
	return c
}

func callback(app session.Application, a archive.Archive) Callback {
	c := Callback{
		ID: a.ID, Event: "archive", Status: a.Status, Name: a.Name, Reason: a.Reason, SessionID: a.SessionID,
		ApplicationID: app.ID, PartnerID: app.ID,
		CreatedAt: a.CreatedAt.Round(time.Second).UnixMilli(), UpdatedAt: a.UpdatedAt.UnixMilli(),
		Duration: int64(a.Duration / time.Second), Size: a.Size,
		OutputMode: a.OutputMode, StreamMode: a.StreamMode, HasAudio: a.HasAudio, HasVideo: a.HasVideo,
		Resolution: a.Resolution, MultiArchiveTag: a.MultiArchiveTag,
		MaxBitrate: a.MaxBitrate, QuantizationParameter: a.QuantizationParameter, SHA256Sum: a.SHA256Sum, Password: a.Password,
	}
	if a.Status == archive.Started {
		streams := a.Streams
		if streams == nil {
			streams = []archive.Inclusion{}
		}
		c.Streams = &streams
	}
	return c
}
