package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/store"
)

// CreateApplication stores a. It returns [store.ErrExists] if its id or API key is taken.
func (s *Store) CreateApplication(ctx context.Context, a account.Application) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode application: %w", err)
	}
	_, err = s.exec(ctx, "INSERT INTO applications (id, api_key, data) VALUES ($1, $2, $3)", a.ID, a.APIKey, string(data))
	if err != nil {
		return fmt.Errorf("create application %q: %w", a.ID, s.Known(err))
	}
	return nil
}

// Application returns the application with this id, or [store.ErrNotFound].
func (s *Store) Application(ctx context.Context, id string) (account.Application, error) {
	return reading(ctx, s, func() (account.Application, error) {
		return one[account.Application](s, s.Read.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = $1", id))
	})
}

// ApplicationByKey returns the application with this API key, or [store.ErrNotFound].
func (s *Store) ApplicationByKey(ctx context.Context, key int64) (account.Application, error) {
	return reading(ctx, s, func() (account.Application, error) {
		return one[account.Application](s, s.Read.QueryRowContext(ctx, "SELECT data FROM applications WHERE api_key = $1", key))
	})
}

// Applications returns all applications, oldest first.
func (s *Store) Applications(ctx context.Context) ([]account.Application, error) {
	return reading(ctx, s, func() ([]account.Application, error) {
		return many[account.Application](s.Read.QueryContext(ctx, "SELECT data FROM applications ORDER BY rowid"))
	})
}

// UpdateApplication replaces all stored fields of a except its clock offset.
func (s *Store) UpdateApplication(ctx context.Context, a account.Application) error {
	return s.InTx(ctx, func(tx Tx) error {
		old, err := one[account.Application](s, tx.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = $1", a.ID))
		if err != nil {
			return err
		}
		a.ClockOffset = old.ClockOffset
		return putApplication(ctx, tx, a)
	})
}

func putApplication(ctx context.Context, tx Tx, a account.Application) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode application: %w", err)
	}
	_, err = tx.ExecContext(ctx, "UPDATE applications SET api_key = $1, data = $2 WHERE id = $3", a.APIKey, string(data), a.ID)
	return err
}

// DeleteApplication removes the application, its sessions, its archives and all webhooks and acts for them.
func (s *Store) DeleteApplication(ctx context.Context, id string) error {
	result, err := s.exec(ctx, "DELETE FROM applications WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("delete application %q: %w", id, err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return store.ErrNotFound
	}
	return nil
}

// ResetApplication removes everything the application has and sets its clock back, but keeps the application. It calls emptied in the same
// transaction.
func (s *Store) ResetApplication(ctx context.Context, id string, emptied func(Tx) error) error {
	return s.alone(ctx, func(tx Tx) error {
		a, err := one[account.Application](s, tx.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = $1", id))
		if err != nil {
			return err
		}
		a.ClockOffset = 0
		if err := putApplication(ctx, tx, a); err != nil {
			return err
		}
		for _, table := range []string{"sessions", "deliveries"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE application_id = $1", id); err != nil {
				return fmt.Errorf("empty %s: %w", table, err)
			}
		}
		return emptied(tx)
	})
}

// SetClock stores the application's clock offset, and calls moved in the same transaction. No transition can commit in between.
func (s *Store) SetClock(ctx context.Context, id string, offset time.Duration, moved func(Tx) error) error {
	return s.alone(ctx, func(tx Tx) error {
		a, err := one[account.Application](s, tx.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = $1", id))
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
