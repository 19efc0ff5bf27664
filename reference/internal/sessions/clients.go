package sessions

import (
	"context"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/clock"
)

// backlog is the number of notices a client may have waiting before the server disconnects it.
const backlog = 256

// Connect makes client a client of the session until Disconnect.
func (c *Runner) Connect(ctx context.Context, applicationID, sessionID string, client archive.Connection) (*Subscription, error) {
	answer := make(chan *Subscription, 1)
	err := c.in(ctx, applicationID, sessionID, func(r *room) error {
		if err := r.step(archive.Connect{Connection: client, ArchiveID: newID()}, clock.Media()); err != nil {
			return err
		}
		notices := make(chan archive.Notice, backlog+len(r.state.Archives))
		r.clients[client.ID] = notices
		for _, a := range r.state.Archives {
			if a.Status.Live() {
				notices <- archive.Notice{Kind: archive.ArchiveStarted, At: r.decided, ArchiveID: a.ID, Name: a.Name} // ARC-EVT-06
			}
		}
		answer <- &Subscription{Session: r.state, C: notices}
		return nil
	})
	if ctx.Err() != nil { // the caller went away and may not know that the client is connected
		c.post(sessionID, func(r *room) error {
			return r.happened(fact{archive.Disconnect{ConnectionID: client.ID, Reason: "clientDisconnected"}, "", clock.Media()})
		})
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

// Disconnect ends a client's connection and its streams, for the given reason.
func (c *Runner) Disconnect(ctx context.Context, sessionID, connectionID, reason string) error {
	return c.enter(context.WithoutCancel(ctx), sessionID, func(r *room) error {
		at := clock.Media()
		for _, st := range r.state.Streams {
			if st.ConnectionID == connectionID {
				r.endStream(st.ID, at, reason)
			}
		}
		return r.happened(fact{archive.Disconnect{ConnectionID: connectionID, Reason: reason}, "", at})
	})
}

// SetStreamClasses replaces layout classes of streams. The keys of classes are stream ids.
func (c *Runner) SetStreamClasses(ctx context.Context, applicationID, sessionID string, classes map[string][]string) error {
	return c.in(ctx, applicationID, sessionID, func(r *room) error {
		return r.step(archive.Classify{Classes: classes}, clock.Media())
	})
}

// Published adds a stream whose first media has arrived, and returns the sink for its samples.
func (c *Runner) Published(ctx context.Context, p Publication) (Sink, error) {
	var sink Sink
	err := c.in(context.WithoutCancel(ctx), p.ApplicationID, p.SessionID, func(r *room) (err error) {
		client, _ := r.state.Connection(p.Stream.ConnectionID)
		p.ConnectionData = client.Data
		if sink, err = r.Recorder.Stream(p); err != nil {
			return err
		}
		if err = r.step(archive.Publish{Stream: p.Stream}, p.At); err != nil {
			r.endStream(p.Stream.ID, p.At, "clientDisconnected")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.streams[p.Stream.ID] = p.SessionID
	c.mu.Unlock()
	return sink, nil
}

// Ended removes a stream from its session. It must be called once for each successful Published.
func (c *Runner) Ended(streamID string, at av.Instant, reason string) {
	c.mu.Lock()
	sessionID, known := c.streams[streamID]
	delete(c.streams, streamID)
	c.mu.Unlock()
	if !known {
		return
	}
	err := <-c.post(sessionID, func(r *room) error {
		r.endStream(streamID, at, reason)
		err := r.happened(fact{archive.Unpublish{StreamID: streamID, Reason: reason}, "", at})
		if isNotFound(err) { // it was removed with its connection
			return nil
		}
		return err
	})
	if err != nil && !isNotFound(err) { // the session may have been removed with its application
		c.Log.Error("cannot end stream", "session", sessionID, "stream", streamID, "error", err)
	}
}

func (r *room) endStream(id string, at av.Instant, reason string) {
	if err := r.Recorder.StreamEnded(r.id, id, at, reason); err != nil {
		r.Log.Error("cannot close stream", "session", r.id, "stream", id, "error", err)
	}
}

// tell sends a notice to the session's clients.
func (r *room) tell(e archive.Effect) {
	if e.Kind == archive.DoClose {
		r.hangUp(e.Notice.Connection.ID, e.Notice)
		return
	}
	for id, notices := range r.clients { // ARC-EVT-04
		if e.Notice.Kind == archive.ConnectionDestroyed && e.Notice.Connection.ID == id {
			continue
		}
		select {
		case notices <- e.Notice:
		default:
			r.Log.Warn("client does not keep up", "session", r.id, "connection", id)
			r.hangUp(id, archive.Notice{})
		}
	}
}

// hangUp closes a client's channel. It first sends last, if last is set and the channel has room.
func (r *room) hangUp(id string, last archive.Notice) {
	notices, here := r.clients[id]
	if !here {
		return
	}
	delete(r.clients, id)
	if last.Kind != "" {
		select {
		case notices <- last:
		default:
		}
	}
	close(notices)
}
