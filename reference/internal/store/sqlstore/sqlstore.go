// Package sqlstore keeps applications, sessions, archives and what is owed for them in an SQL database. Packages sqlite and postgres
// open it; they have the tables in common, and nearly every statement.
package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"reelcheck/reference/internal/store"
)

// Tx is a transaction.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	Commit() error
	Rollback() error
}

// Database is an open database with the tables of the present version.
type Database struct {
	// Read and Write are outside of transactions. They may be one.
	Read, Write *sql.DB
	// Begin starts a transaction that writes.
	Begin func(ctx context.Context) (Tx, error)
	// River runs the jobs, in tables that its own migrations make.
	River riverdriver.Driver[Tx]
	// Server is the one this process is. Sessions belong to the server that made them; several servers may share the database.
	Server string
	Dialect
	// Settle, if set, brings what is committed from the database's log to where it stays.
	Settle func(ctx context.Context) error
	// Close ends every connection.
	Close func() error
}

// Dialect is what the databases do not say alike. Parameters are $1, $2, ... in all of them.
type Dialect struct {
	// Event is the event of a webhook's body, or something that is none.
	Event string
	// Shifted is the instant of a job, moved by $1 ("+1.500 seconds").
	Shifted string
	// SkipLocked makes a SELECT lock its rows, and pass over those that another transaction holds.
	SkipLocked string
	// Instant is t as a parameter beside the instants of jobs.
	Instant func(t time.Time) any
	// Known turns errors of the driver into those of package store.
	Known func(error) error
	// Passing reports whether a statement or a transaction failed for a reason that passes: another one beside it, or a server that restarts.
	Passing func(error) bool
}

// Store is safe for concurrent use.
type Store struct {
	Database

	// Enqueue inserts jobs in the transaction that commits a transition. It is set before the first Commit.
	Enqueue func(ctx context.Context, tx Tx, jobs []store.Job) error

	// moving is held for reading by every transaction, and for writing while a clock moves: the jobs of a transition fall due by the clock.
	moving sync.RWMutex
}

// New returns the store on db, which it owns. It brings the tables of the job engine to the present version.
func New(ctx context.Context, db Database) (*Store, error) {
	migrator, err := rivermigrate.New(db.River, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("prepare job tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("prepare job tables: %w", err)
	}
	return &Store{Database: db}, nil
}

// Close ends every connection. Nothing may use the store any more.
func (s *Store) Close() error { return s.Database.Close() }

// Settle has what is committed survive damage of the database's log, where there is one in a file of its own.
func (s *Store) Settle(ctx context.Context) error {
	if s.Database.Settle == nil {
		return nil
	}
	return s.Database.Settle(ctx)
}

// Ping reports whether the store answers.
func (s *Store) Ping(ctx context.Context) error { return s.Read.PingContext(ctx) }

// InTx runs do in a transaction, perhaps several times until one succeeds.
func (s *Store) InTx(ctx context.Context, do func(Tx) error) error {
	s.moving.RLock()
	defer s.moving.RUnlock()
	return s.patiently(ctx, func() error { return s.inTx(ctx, do) })
}

// alone is InTx while no other transaction of this process is under way.
func (s *Store) alone(ctx context.Context, do func(Tx) error) error {
	s.moving.Lock()
	defer s.moving.Unlock()
	return s.patiently(ctx, func() error { return s.inTx(ctx, do) })
}

func (s *Store) inTx(ctx context.Context, do func(Tx) error) error {
	tx, err := s.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// reading does something patiently that only reads.
func reading[T any](ctx context.Context, s *Store, do func() (T, error)) (v T, err error) {
	err = s.patiently(ctx, func() error {
		v, err = do()
		return err
	})
	return v, err
}

// exec is one statement that writes.
func (s *Store) exec(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = s.patiently(ctx, func() error {
		result, err = s.Write.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

const (
	patience = 30 * time.Second // how long a database may be away before somebody is told
	again    = 50 * time.Millisecond
)

// patiently does something again while it fails for a reason that passes.
func (s *Store) patiently(ctx context.Context, do func() error) error {
	end := time.Now().Add(patience)
	for {
		err := do()
		if err == nil || !s.Passing(err) || time.Now().After(end) {
			return err
		}
		pause := time.NewTimer(again)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// one decodes the only column of a row, JSON.
func one[T any](s *Store, row *sql.Row) (v T, err error) {
	var data string
	if err := row.Scan(&data); err != nil {
		return v, s.Known(err)
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
