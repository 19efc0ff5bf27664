package archive

import "slices"

// addStream adds a published stream to an archive with streamMode manual. For a stream that is in it already, it changes which parts are taken.
func (t *turn) addStream(id string, in Inclusion) error {
	if !in.HasAudio && !in.HasVideo { // ARC-SEL-11
		return invalid("hasAudio", "hasAudio and hasVideo must not both be false")
	}
	a, err := t.selective(id)
	if err != nil {
		return err
	}
	st, published := t.Session.Stream(in.StreamID)
	if !published { // ARC-SEL-10
		return notFound("stream %s is not published in the session", in.StreamID)
	}
	in.HasAudio, in.HasVideo = in.HasAudio && a.HasAudio && st.HasAudio, in.HasVideo && a.HasVideo && st.HasVideo // ARC-IND-25
	i := slices.IndexFunc(a.Streams, in.same)
	if fit := a.fit(in); fit != in { // ARC-IND-27
		return conflict(0, "the archive takes %d streams with video and %d with audio at once, and has no place for this one", MaxVideoStreams, MaxAudioStreams)
	}
	switch {
	case i < 0:
		a.Streams = append(slices.Clone(a.Streams), in)
		t.do(DoSelect, a)
		t.announceStream(DoStreamAdded, a, st, "") // ARC-CB-24, ARC-CB-35
		t.record(a)                                // ARC-STAT-02, ARC-STAT-05
	case a.Streams[i] != in: // ARC-SEL-05, ARC-SEL-13, ARC-CB-35
		a.Streams = slices.Clone(a.Streams)
		a.Streams[i] = in
		t.do(DoSelect, a)
	}
	return nil
}

func (t *turn) dropStream(id, streamID string) error {
	a, err := t.selective(id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(a.Streams, Inclusion{StreamID: streamID}.same) { // ARC-SEL-10
		return notFound("stream %s is not in the archive", streamID)
	}
	st, _ := t.Session.Stream(streamID)
	t.exclude(a, st, "")
	return nil
}

// exclude removes a stream from an archive with streamMode manual, if it is in there. reason says why the stream left the session; "" = it did
// not.
func (t *turn) exclude(a *Archive, st Stream, reason string) {
	left := slices.DeleteFunc(slices.Clone(a.Streams), Inclusion{StreamID: st.ID}.same)
	if len(left) == len(a.Streams) {
		return
	}
	a.Streams = left // ARC-SEL-04, ARC-SEL-12
	t.do(DoSelect, a)
	t.announceStream(DoStreamRemoved, a, st, reason) // ARC-CB-23, ARC-CB-24
	if len(left) == 0 {
		t.pause(a)
	}
}

// selective returns the live archive id, whose streams are selected by calls, or says why there is none.
func (t *turn) selective(id string) (*Archive, error) {
	a := t.archive(id)
	switch {
	case a == nil || a.Status == Deleted: // ARC-SEL-10
		return nil, notFound("archive %s does not exist", id)
	case a.StreamMode != Manual: // ARC-SEL-09, decision 2
		return nil, invalid("streamMode", "streams are selected only in archives with streamMode manual; this one has streamMode %s", a.StreamMode)
	case !a.Status.Live():
		return nil, conflict(0, "streams are selected only while an archive is started OR paused; this one is %s", a.Status)
	}
	return a, nil
}

func (t *turn) announceStream(kind EffectKind, a *Archive, st Stream, reason string) {
	c, _ := t.Session.Connection(st.ConnectionID)
	t.effects = append(t.effects, Effect{Kind: kind, Archive: *a, At: t.now, Notice: Notice{At: t.now, Connection: c, Stream: st, Reason: reason}})
}

// fit returns the parts of another stream for which an individual archive has free places (ARC-IND-03, ARC-IND-26). The streams that came first
// keep theirs. Composed archives have no such limit.
func (a *Archive) fit(in Inclusion) Inclusion {
	if a.OutputMode != Individual {
		return in
	}
	video, audio := 0, 0
	for _, have := range a.Streams {
		if have.StreamID == in.StreamID {
			continue
		}
		if have.HasVideo {
			video++
		}
		if have.HasAudio {
			audio++
		}
	}
	in.HasVideo, in.HasAudio = in.HasVideo && video < MaxVideoStreams, in.HasAudio && audio < MaxAudioStreams
	return in
}

func (in Inclusion) same(other Inclusion) bool { return in.StreamID == other.StreamID }
