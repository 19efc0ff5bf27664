package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/store"
)

// CreateApplication keeps a; [store.ErrExists] when its id or API key is taken.
func (s *Store) CreateApplication(ctx context.Context, a session.Application) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode application: %w", err)
	}
	_, err = s.write.ExecContext(ctx, "INSERT INTO applications (id, api_key, data) VALUES (?, ?, ?)", a.ID, a.APIKey, string(data))
	if err != nil {
		return fmt.Errorf("create application %q: %w", a.ID, known(err))
	}
	return nil
}

// Application returns the application of this id, or [store.ErrNotFound].
func (s *Store) Application(ctx context.Context, id string) (session.Application, error) {
	return one[session.Application](s.read.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = ?", id))
}

// ApplicationByKey returns the application of this API key, or [store.ErrNotFound].
func (s *Store) ApplicationByKey(ctx context.Context, key int64) (session.Application, error) {
	return one[session.Application](s.read.QueryRowContext(ctx, "SELECT data FROM applications WHERE api_key = ?", key))
}

// Applications returns all applications, oldest first.
func (s *Store) Applications(ctx context.Context) ([]session.Application, error) {
	return many[session.Application](s.read.QueryContext(ctx, "SELECT data FROM applications ORDER BY rowid"))
}

// UpdateApplication replaces what is kept of a, but for its clock.
func (s *Store) UpdateApplication(ctx context.Context, a session.Application) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		old, err := one[session.Application](tx.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = ?", a.ID))
		if err != nil {
			return err
		}
		a.ClockOffset = old.ClockOffset
		return putApplication(ctx, tx, a)
	})
}

func putApplication(ctx context.Context, tx *sql.Tx, a session.Application) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode application: %w", err)
	}
	_, err = tx.ExecContext(ctx, "UPDATE applications SET api_key = ?, data = ? WHERE id = ?", a.APIKey, string(data), a.ID)
	return err
}

// DeleteApplication removes the application with its sessions, archives and everything owed for them.
func (s *Store) DeleteApplication(ctx context.Context, id string) error {
	result, err := s.write.ExecContext(ctx, "DELETE FROM applications WHERE id = ?", id)
	if err != nil {
		return fmt.Errorf("delete application %q: %w", id, err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return store.ErrNotFound
	}
	return nil
}

// ResetApplication removes everything the application has and sets its clock back; the application itself stays as it is. In the same
// transaction it calls emptied.
func (s *Store) ResetApplication(ctx context.Context, id string, emptied func(*sql.Tx) error) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		a, err := one[session.Application](tx.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = ?", id))
		if err != nil {
			return err
		}
		a.ClockOffset = 0
		if err := putApplication(ctx, tx, a); err != nil {
			return err
		}
		for _, table := range []string{"sessions", "deliveries"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE application_id = ?", id); err != nil {
				return fmt.Errorf("empty %s: %w", table, err)
			}
		}
		return emptied(tx)
	})
}

// SetClock keeps the application's clock offset and, in the same transaction, calls moved: no transition commits in between.
func (s *Store) SetClock(ctx context.Context, id string, offset time.Duration, moved func(*sql.Tx) error) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		a, err := one[session.Application](tx.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = ?", id))
		if err != nil {
			return err
		}
		a.ClockOffset = offset
		if err := putApplication(ctx, tx, a); err != nil {
			return err
		}
		return moved(tx)
	})
}

// one decodes the only column of a row, JSON.
func one[T any](row *sql.Row) (v T, err error) {
	var data string
	if err := row.Scan(&data); err != nil {
		return v, known(err)
	}
	return v, json.Unmarshal([]byte(data), &v)
}

// many decodes the only column of all rows, JSON.
func many[T any](rows *sql.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		var data string
		var v T
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
