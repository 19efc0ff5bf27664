package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/store"
)

const pending = "status IN ('started', 'paused', 'stopped')"

// CreateSession stores the constant fields of v. The session belongs to this server.
func (s *Store) CreateSession(ctx context.Context, v archive.Session) error {
	v.Connections, v.Streams, v.Archives = nil, nil, nil
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode session: %w", err)
	}
	_, err = s.exec(ctx, "INSERT INTO sessions (id, application_id, server, data) VALUES ($1, $2, $3, $4)", v.ID, v.ApplicationID, s.Server, string(data))
	if err != nil {
		return fmt.Errorf("create session %q: %w", v.ID, s.Known(err))
	}
	return nil
}

// Session returns the session with its pending archives and without clients. Otherwise it returns [store.ErrNotFound] or [*store.Elsewhere].
func (s *Store) Session(ctx context.Context, id string) (archive.Session, error) {
	return reading(ctx, s, func() (archive.Session, error) { return s.session(ctx, id) })
}

func (s *Store) session(ctx context.Context, id string) (archive.Session, error) {
	var v archive.Session
	var server, data string
	if err := s.Read.QueryRowContext(ctx, "SELECT server, data FROM sessions WHERE id = $1", id).Scan(&server, &data); err != nil {
		return v, s.Known(err)
	}
	if server != s.Server {
		return v, s.elsewhere(ctx, server)
	}
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		return v, fmt.Errorf("decode session %q: %w", id, err)
	}
	var err error
	v.Archives, err = many[archive.Archive](s.Read.QueryContext(ctx,
		"SELECT data FROM archives WHERE session_id = $1 AND "+pending+" ORDER BY seq", id))
	return v, err
}

// Unsettled returns the ids of this server's sessions that have pending archives or acts in the outbox.
func (s *Store) Unsettled(ctx context.Context) ([]string, error) {
	return reading(ctx, s, func() ([]string, error) { return s.unsettled(ctx) })
}

func (s *Store) unsettled(ctx context.Context) ([]string, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT id FROM sessions WHERE server = $1 AND id IN (
		SELECT session_id FROM archives WHERE `+pending+` UNION SELECT session_id FROM outbox) ORDER BY id`, s.Server)
	if err != nil {
		return nil, fmt.Errorf("list unsettled sessions: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list unsettled sessions: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Archive returns an archive of the application, or [store.ErrNotFound].
func (s *Store) Archive(ctx context.Context, applicationID, id string) (archive.Archive, error) {
	return reading(ctx, s, func() (archive.Archive, error) {
		return one[archive.Archive](s, s.Read.QueryRowContext(ctx,
			"SELECT data FROM archives WHERE id = $1 AND application_id = $2", id, applicationID))
	})
}

// Archives returns a page of the application's archives, newest first and without deleted ones, and the total number.
func (s *Store) Archives(ctx context.Context, applicationID string, q archive.Query) (page []archive.Archive, total int, err error) {
	err = s.patiently(ctx, func() error {
		page, total, err = s.archives(ctx, applicationID, q)
		return err
	})
	return page, total, err
}

func (s *Store) archives(ctx context.Context, applicationID string, q archive.Query) ([]archive.Archive, int, error) {
	// ARC-DEL-02, ARC-LIST-12
	const where = " FROM archives WHERE application_id = $1 AND ($2 = '' OR session_id = $2) AND ($3 = '' OR status = $3) AND status <> 'deleted'" +
		" AND ($4 = '' OR replace(data, $4, '') <> data)"
	tag, err := tagged(q.MultiArchiveTag)
	if err != nil {
		return nil, 0, err
	}
	matches := []any{applicationID, q.SessionID, string(q.Status), tag}
	tx, err := s.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return nil, 0, fmt.Errorf("list archives: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing to undo
	var total int
	if err := tx.QueryRowContext(ctx, "SELECT count(*)"+where, matches...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count archives: %w", err)
	}
	// ARC-LIST-04, ARC-LIST-05
	page, err := many[archive.Archive](tx.QueryContext(ctx,
		"SELECT data"+where+" ORDER BY seq DESC LIMIT $5 OFFSET $6", append(matches, q.Count, q.Offset)...))
	if err != nil {
		return nil, 0, fmt.Errorf("list archives: %w", err)
	}
	return page, total, nil
}

// tagged returns a text that only the JSON of archives with this tag contains, because quotes in strings are escaped there. For "" it returns
// "", which every JSON contains.
func tagged(tag string) (string, error) {
	if tag == "" {
		return "", nil
	}
	text, err := json.Marshal(tag)
	return `"multiArchiveTag":` + string(text), err
}

// Commit makes t durable and returns the ids of its outbox, in order.
func (s *Store) Commit(ctx context.Context, t store.Transition) (acts []int64, err error) {
	err = s.InTx(ctx, func(tx Tx) error {
		acts = nil
		for _, a := range t.Archives {
			if err := putArchive(ctx, tx, a); err != nil {
				return err
			}
		}
		for _, act := range t.Outbox {
			id, err := putAct(ctx, tx, act)
			if err != nil {
				return err
			}
			acts = append(acts, id)
		}
		for _, id := range t.Done {
			if _, err := tx.ExecContext(ctx, "DELETE FROM outbox WHERE id = $1", id); err != nil {
				return fmt.Errorf("clear outbox: %w", err)
			}
		}
		for _, d := range t.Deliveries {
			if err := putDelivery(ctx, tx, d); err != nil {
				return err
			}
		}
		if len(t.Jobs) == 0 {
			return nil
		}
		return s.Enqueue(ctx, tx, t.Jobs)
	})
	if err != nil {
		return nil, fmt.Errorf("commit transition: %w", s.Known(err))
	}
	return acts, nil
}

func putArchive(ctx context.Context, tx Tx, a archive.Archive) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode archive: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO archives (id, session_id, application_id, status, data) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, data = excluded.data`,
		a.ID, a.SessionID, a.ApplicationID, string(a.Status), string(data))
	if err != nil {
		return fmt.Errorf("keep archive %q: %w", a.ID, err)
	}
	return nil
}
