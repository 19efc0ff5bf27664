package archive

import "slices"

func (t *turn) connect(c Connection, archiveID string) error {
	if _, known := t.Session.Connection(c.ID); known {
		return conflict(0, "connection %s is already connected", c.ID)
	}
	c.CreatedAt = t.now
	first := len(t.Connections) == 0
	t.Connections = append(t.Connections, c)
	t.EmptySince = zero                                         // ARC-DUR-13
	t.notify(Notice{Kind: ConnectionCreated, Connection: c})    // ARC-SES-09
	if first && t.ArchiveMode == Always && !t.recordsItself() { // ARC-AUTO-02
		t.startAutomatic(archiveID, t.now)
	}
	return nil
}

func (t *turn) disconnect(id, reason string) error {
	i := slices.IndexFunc(t.Connections, func(c Connection) bool { return c.ID == id })
	if i < 0 {
		return notFound("connection %s is not connected to the session", id)
	}
	gone := t.Connections[i]
	for _, st := range slices.Clone(t.Session.Streams) {
		if st.ConnectionID == id {
			t.removeStream(st.ID, reason)
		}
	}
	t.Connections = slices.Delete(t.Connections, i, i+1)
	if len(t.Connections) == 0 {
		t.EmptySince = t.now // ARC-DUR-07
		t.forgetRotation()
	}
	t.notify(Notice{Kind: ConnectionDestroyed, Connection: gone, Reason: reason}) // ARC-SES-11
	t.effects = append(t.effects, Effect{Kind: DoClose, At: t.now,
		Notice: Notice{Kind: SessionDisconnected, At: t.now, Connection: gone, Reason: reason}})
	return nil
}

func (t *turn) publish(st Stream) error {
	c, connected := t.Session.Connection(st.ConnectionID)
	if !connected {
		return notFound("connection %s is not connected to the session", st.ConnectionID)
	}
	if _, known := t.Session.Stream(st.ID); known {
		return conflict(0, "stream %s is already published", st.ID)
	}
	st.CreatedAt = t.now
	t.Session.Streams = append(t.Session.Streams, st)
	t.notify(Notice{Kind: StreamCreated, Connection: c, Stream: st}) // ARC-SES-09
	for a := range t.live {
		a.Published = true          // ARC-DUR-01
		if a.StreamMode != Manual { // ARC-SEL-01, ARC-START-04
			t.include(a)
			t.record(a)
		}
	}
	return nil
}

func (t *turn) unpublish(id, reason string) error {
	if _, known := t.Session.Stream(id); !known {
		return notFound("stream %s is not published in the session", id)
	}
	t.removeStream(id, reason)
	return nil
}

func (t *turn) removeStream(id, reason string) {
	i := slices.IndexFunc(t.Session.Streams, func(st Stream) bool { return st.ID == id })
	gone := t.Session.Streams[i]
	t.Session.Streams = slices.Delete(t.Session.Streams, i, i+1)
	c, _ := t.Session.Connection(gone.ConnectionID)
	t.notify(Notice{Kind: StreamDestroyed, Connection: c, Stream: gone, Reason: reason}) // ARC-SES-11
	for a := range t.live {
		if a.StreamMode == Manual {
			t.exclude(a, gone, reason) // ARC-CB-24, ARC-CB-28
			continue
		}
		t.include(a)
		if len(t.Session.Streams) == 0 { // ARC-STAT-03
			t.pause(a)
		}
	}
}

func (t *turn) classify(classes map[string][]string) error {
	for id := range classes {
		if _, known := t.Session.Stream(id); !known {
			return notFound("stream %s is not published in the session", id)
		}
	}
	for i, st := range t.Session.Streams {
		list, ok := classes[st.ID]
		if !ok || slices.Equal(list, st.LayoutClasses) {
			continue
		}
		t.Session.Streams[i].LayoutClasses = slices.Clone(list) // ARC-LAY-11
		t.effects = append(t.effects, Effect{Kind: DoClassify, At: t.now, Stream: t.Session.Streams[i]})
	}
	return nil
}

// include makes the published streams the archive's streams; an individual archive gets only as many as it has places for (ARC-IND-27). The
// recorder is told as soon as all places are taken, because it must know before another stream comes.
func (t *turn) include(a *Archive) {
	a.Streams = nil
	for _, st := range t.Session.Streams {
		in := Inclusion{StreamID: st.ID, HasAudio: a.HasAudio && st.HasAudio, HasVideo: a.HasVideo && st.HasVideo} // ARC-START-09, ARC-IND-25
		fit := a.fit(in)
		if fit != in && !fit.HasAudio && !fit.HasVideo { // ARC-IND-27
			continue
		}
		a.Streams = append(a.Streams, fit)
	}
	another := Inclusion{HasAudio: true, HasVideo: true}
	if a.Limited = a.Limited || a.fit(another) != another; a.Limited {
		t.do(DoSelect, a)
	}
}
