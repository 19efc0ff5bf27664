package archive

import (
	"time"

	"reelcheck/reference/internal/layout"
)

var zero time.Time

func (t *turn) start(e Start) error {
	r := e.Request.asked
	if t.archive(e.ArchiveID) != nil {
		return conflict(0, "archive %s exists already", e.ArchiveID)
	}
	if t.MediaMode != Routed { // ARC-START-01
		return conflict(CodeNotRouted, "only routed sessions can be archived; this session is relayed")
	}
	if len(t.Connections) == 0 { // ARC-START-02, decision 2
		return notFound("no client is connected to the session")
	}
	if t.ArchiveMode == Always && r.MultiArchiveTag == "" { // ARC-SIM-05
		return conflict(CodeAlreadyRecording, "the session is archived automatically: a multiArchiveTag is required for another archive")
	}
	for a := range t.live { // ARC-START-05
		if a.MultiArchiveTag == r.MultiArchiveTag { // ARC-START-14, ARC-SIM-01, ARC-SIM-02, ARC-SIM-09
			return conflict(CodeAlreadyRecording, "the session is already being recorded with multiArchiveTag %q", r.MultiArchiveTag)
		}
	}
	a := t.newArchive(e.ArchiveID, r)
	if a.OutputMode == Individual {
		a.individual(e.PreferredVideoCodec)
	}
	t.begin(a)
	return nil
}

// individual clears the fields that only composed archives have (ARC-IND-02).
func (a *Archive) individual(codec string) {
	a.Resolution, a.Layout, a.FirstLayout, a.PreferredVideoCodec = "", layout.Layout{}, layout.Layout{}, codec
}

// begin adds a new archive to the session and starts it.
func (t *turn) begin(created Archive) {
	t.Archives = append(t.Archives, created)
	a := &t.Archives[len(t.Archives)-1]
	t.do(DoCompose, a) // ARC-START-03
	switch {
	case a.StreamMode == Manual: // ARC-SEL-03
		t.do(DoSelect, a)
	case len(t.Session.Streams) > 0:
		t.include(a) // ARC-SEL-01
		t.record(a)
	}
	t.do(DoAnnounce, a)
	t.notify(Notice{Kind: ArchiveStarted, ArchiveID: a.ID, Name: a.Name}) // ARC-EVT-01, ARC-EVT-03
}

func (t *turn) newArchive(id string, r StartRequest) Archive {
	a := Archive{
		ID: id, SessionID: t.ID, ApplicationID: t.ApplicationID,
		Name: r.Name, OutputMode: Composed, StreamMode: Auto, // ARC-START-06, ARC-START-19, ARC-SEL-02
		HasAudio: given(r.HasAudio, true), HasVideo: given(r.HasVideo, true), // ARC-START-10
		Resolution: DefaultResolution, Layout: given(r.Layout, layout.Default), // ARC-RES-01, ARC-LAY-02, ARC-LAY-04
		MaxBitrate: given(r.MaxBitrate, 0), QuantizationParameter: given(r.QuantizationParameter, 0),
		MultiArchiveTag: r.MultiArchiveTag,
		// ARC-STAT-14, decision 4
		Status: Started, CreatedAt: t.now, UpdatedAt: t.now, IdleSince: t.now, Published: len(t.Session.Streams) > 0,
	}
	if r.OutputMode != "" {
		a.OutputMode = r.OutputMode // ARC-START-07
	}
	if r.StreamMode != "" {
		a.StreamMode = r.StreamMode
	}
	if r.Resolution != "" {
		a.Resolution = r.Resolution
	}
	a.FirstLayout = a.Layout
	return a
}

// record opens a span, if none is open.
func (t *turn) record(a *Archive) {
	if !a.RecordingSince.IsZero() {
		return
	}
	a.RecordingSince, a.IdleSince = t.now, zero
	if a.EffectiveAt.IsZero() {
		a.EffectiveAt = t.now // ARC-GET-04, ARC-MAN-06
	}
	t.do(DoRecord, a)
	if a.Status == Paused {
		t.enter(a, Started) // ARC-STAT-05
	}
}

// pause closes the open span, if one is open.
func (t *turn) pause(a *Archive) {
	if a.RecordingSince.IsZero() {
		return
	}
	a.Recorded, a.RecordingSince, a.IdleSince = a.RecordedBy(t.now), zero, t.now // ARC-DUR-04, ARC-STAT-06
	t.do(DoPause, a)
	t.enter(a, Paused) // ARC-STAT-03, ARC-STAT-04
}

func (t *turn) stop(id string) error {
	a := t.archive(id)
	switch {
	case a == nil || a.Status == Deleted: // ARC-STOP-05
		return notFound("archive %s does not exist", id)
	case a.Status.Live() && a.Automatic: // ARC-AUTO-09, decision 8
		return conflict(0, "an automatic archive cannot be stopped by a call; it stops %.0f s after the last client has disconnected", MaxEmpty.Seconds())
	case a.Status.Live():
		t.end(a, ReasonUser, t.now) // ARC-STOP-01, ARC-STOP-02, ARC-STOP-07
	case a.Status != Stopped: // ARC-STOP-06, decision 2
		return conflict(CodeCannotStop, "an archive can be stopped only in these statuses: started OR paused OR stopped; this one is %s", a.Status)
	}
	return nil
}

// arrange changes the layout of a live archive from this instant.
func (t *turn) arrange(id string, l layout.Layout) error {
	a := t.archive(id)
	switch {
	case a == nil || a.Status == Deleted:
		return notFound("archive %s does not exist", id)
	case a.OutputMode != Composed: // ARC-LAY-16
		return invalid("", "only archives of outputMode composed have a layout")
	}
	if !a.Status.Live() { // ARC-LAY-13
		return conflict(0, "the layout of an archive can be changed only in these statuses: started OR paused; this one is %s", a.Status)
	}
	if a.Layout.Spec() != l.Spec() {
		a.Layout, a.UpdatedAt = l, t.now // ARC-LAY-05, ARC-SIM-03
		t.do(DoArrange, a)
	}
	return nil
}

// end stops a live archive. Media after until does not count.
func (t *turn) end(a *Archive, reason string, until time.Time) {
	t.close(a, until)
	a.Reason = reason
	t.enter(a, Stopped)                                                   // ARC-STAT-07
	t.notify(Notice{Kind: ArchiveStopped, ArchiveID: a.ID, Name: a.Name}) // ARC-EVT-02, ARC-EVT-03, ARC-EVT-05
}

// close ends the recording of a live archive. The caller sets its new status.
func (t *turn) close(a *Archive, until time.Time) {
	a.Recorded = a.RecordedBy(until)
	a.RecordingSince, a.IdleSince, a.Streams, a.StoppedAt = zero, zero, nil, t.now
	t.do(DoStop, a)
}

func (t *turn) interrupt(at time.Time) {
	if at.After(t.now) {
		at = t.now
	}
	t.Session.Streams, t.Connections = nil, nil
	t.EmptySince = t.now
	t.forgetRotation()
	for a := range t.live {
		t.end(a, ReasonSessionEnd, at) // decision 3
	}
}
