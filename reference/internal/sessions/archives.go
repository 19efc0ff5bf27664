package sessions

import (
	"context"
	"errors"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/store"
)

// CreateSession stores a new session.
func (c *Runner) CreateSession(ctx context.Context, s archive.Session) error {
	if s.CreatedAt.IsZero() {
		s.CreatedAt = c.Clock.Now(s.ApplicationID)
	}
	return c.Store.CreateSession(ctx, s)
}

// Session returns a session with its clients.
func (c *Runner) Session(ctx context.Context, applicationID, sessionID string) (archive.Session, error) {
	var s archive.Session
	err := c.in(ctx, applicationID, sessionID, func(r *room) error {
		s = r.state
		return nil
	})
	if err != nil {
		return archive.Session{}, err
	}
	return s, nil
}

// StartArchive begins a recording.
func (c *Runner) StartArchive(ctx context.Context, applicationID string, request archive.Request) (archive.Archive, error) {
	at := clock.Media()
	answer := make(chan archive.Archive, 1)
	err := c.in(ctx, applicationID, request.Asked().SessionID, func(r *room) error {
		app, err := r.Store.Application(r.background(), applicationID)
		if err != nil {
			return err
		}
		id := newID()
		if err := r.step(archive.Start{ArchiveID: id, Request: request, PreferredVideoCodec: app.PreferredVideoCodec}, at); err != nil {
			return err
		}
		a, _ := r.state.Archive(id)
		answer <- a
		return nil
	})
	if err != nil {
		return archive.Archive{}, err
	}
	return <-answer, nil
}

// StopArchive ends a recording. If the archive is stopped already, it returns the archive and no error.
func (c *Runner) StopArchive(ctx context.Context, applicationID, archiveID string) (archive.Archive, error) {
	return c.change(ctx, applicationID, archiveID, archive.Stop{ArchiveID: archiveID})
}

// SetLayout changes the layout of a live archive from this instant.
func (c *Runner) SetLayout(ctx context.Context, applicationID, archiveID string, l layout.Layout) (archive.Archive, error) {
	return c.change(ctx, applicationID, archiveID, archive.Arrange{ArchiveID: archiveID, Layout: l})
}

// DeleteArchive removes an archive from the list and its file from the built-in cloud.
func (c *Runner) DeleteArchive(ctx context.Context, applicationID, archiveID string) error {
	_, err := c.change(ctx, applicationID, archiveID, archive.Delete{ArchiveID: archiveID})
	return err
}

func (c *Runner) change(ctx context.Context, applicationID, archiveID string, e archive.Event) (archive.Archive, error) {
	at := clock.Media()
	a, err := c.read(ctx, applicationID, archiveID)
	if err != nil {
		return a, err
	}
	answer := make(chan archive.Archive, 1)
	err = c.in(ctx, applicationID, a.SessionID, func(r *room) error {
		a, err := r.about(archiveID, e, at)
		answer <- a
		return err
	})
	if err != nil {
		return archive.Archive{}, err
	}
	return <-answer, nil
}

// AddStream adds a stream to an archive with streamMode manual.
func (c *Runner) AddStream(ctx context.Context, applicationID, archiveID string, in archive.Inclusion) error {
	_, err := c.change(ctx, applicationID, archiveID, archive.AddStream{ArchiveID: archiveID, Inclusion: in})
	return err
}

// RemoveStream removes a stream from an archive with streamMode manual.
func (c *Runner) RemoveStream(ctx context.Context, applicationID, archiveID, streamID string) error {
	_, err := c.change(ctx, applicationID, archiveID, archive.RemoveStream{ArchiveID: archiveID, StreamID: streamID})
	return err
}

// Archive returns an archive.
func (c *Runner) Archive(ctx context.Context, applicationID, archiveID string) (archive.Archive, error) {
	a, err := c.read(ctx, applicationID, archiveID)
	if err == nil && a.Status == archive.Deleted { // ARC-DEL-03
		return archive.Archive{}, noArchive(archiveID)
	}
	return a, err
}

func (c *Runner) read(ctx context.Context, applicationID, archiveID string) (archive.Archive, error) {
	a, err := c.Store.Archive(ctx, applicationID, archiveID)
	if errors.Is(err, store.ErrNotFound) { // ARC-GET-02, ARC-GET-05, ARC-STOP-05, ARC-STOP-10, ARC-DEL-06, ARC-DEL-11
		return a, noArchive(archiveID)
	}
	return a, err
}

// Archives returns a page of archives, newest first, and the total number.
func (c *Runner) Archives(ctx context.Context, applicationID string, q archive.Query) ([]archive.Archive, int, error) {
	return c.Store.Archives(ctx, applicationID, q)
}

// Stored says that the file of an archive was stored.
func (c *Runner) Stored(ctx context.Context, sessionID, archiveID string, status archive.Status, sha256sum string) error {
	return c.report(ctx, sessionID, archiveID, archive.Store{ArchiveID: archiveID, Status: status, SHA256Sum: sha256sum})
}

// Unstorable says that the file of an archive could not be stored and will not be retried.
func (c *Runner) Unstorable(ctx context.Context, sessionID, archiveID string) error {
	return c.report(ctx, sessionID, archiveID, archive.Fail{ArchiveID: archiveID})
}

// Expired says that the built-in cloud no longer keeps the file of an archive.
func (c *Runner) Expired(ctx context.Context, sessionID, archiveID string) error {
	return c.report(ctx, sessionID, archiveID, archive.Expire{ArchiveID: archiveID})
}

// report applies the result of a job. It ignores an archive that was removed with its application.
func (c *Runner) report(ctx context.Context, sessionID, archiveID string, e archive.Event) error {
	err := c.enter(ctx, sessionID, func(r *room) error {
		_, err := r.about(archiveID, e, clock.Media())
		return err
	})
	if isNotFound(err) {
		return nil
	}
	return err
}
