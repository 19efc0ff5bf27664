// Package sqlstore stores applications, sessions, archives and the acts and webhooks for them in an SQL database. Packages sqlite and postgres
// open it. Both have the same tables and nearly the same statements.
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

	"reelcheck/reference/internal/await"
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
	// Read and Write are for statements outside of transactions. They may be the same.
	Read, Write *sql.DB
	// Begin starts a transaction that writes.
	Begin func(ctx context.Context) (Tx, error)
	// River runs the jobs, in tables created by its own migrations.
	River riverdriver.Driver[Tx]
	// Server is the name of this server. Sessions belong to the server that created them; several servers may share the database.
	Server string
	Dialect
	// Settle, if set, moves committed data from the database's log to its main file.
	Settle func(ctx context.Context) error
	// Close ends every connection.
	Close func() error
}

// Dialect has the parts in which the databases differ. Parameters are $1, $2, ... in both.
type Dialect struct {
	// Event is an expression for the event name in a webhook's body. For another body it may return anything that is not an event name.
	Event string
	// Shifted is an expression for the instant of a job, moved by $1 ("+1.500 seconds").
	Shifted string
	// SkipLocked makes a SELECT lock its rows and skip rows that another transaction has locked.
	SkipLocked string
	// Instant returns t as a parameter to compare with instants of jobs.
	Instant func(t time.Time) any
	// Known translates errors of the driver to errors of package store.
	Known func(error) error
	// Passing reports whether a statement or transaction failed for a reason that passes, such as a concurrent transaction or a restart of the
	// server.
	Passing func(error) bool
}

// Store is the store on an SQL database. It is safe for concurrent use.
type Store struct {
	Database

	// Enqueue inserts jobs in the transaction that commits a transition. It must be set before the first Commit.
	Enqueue func(ctx context.Context, tx Tx, jobs []store.Job) error

	// moving is locked for reading by every transaction and for writing while a clock moves, because the clock determines when jobs are due.
	moving sync.RWMutex
}

// New returns the store on db and takes ownership of db. It migrates the tables of the job engine to the present version.
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

// Close closes all connections. The store must not be used afterwards.
func (s *Store) Close() error { return s.Database.Close() }

// Settle makes committed data safe from damage of the database's log, if that is a file of its own.
func (s *Store) Settle(ctx context.Context) error {
	if s.Database.Settle == nil {
		return nil
	}
	return s.Database.Settle(ctx)
}

// Ping returns an error if the store does not answer.
func (s *Store) Ping(ctx context.Context) error { return s.Read.PingContext(ctx) }

// InTx runs do in a transaction. It may run do several times, until one succeeds.
func (s *Store) InTx(ctx context.Context, do func(Tx) error) error {
	s.moving.RLock()
	defer s.moving.RUnlock()
	return s.patiently(ctx, func() error { return s.inTx(ctx, do) })
}

// alone is like InTx, but runs while no other transaction of this process is open.
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

// reading calls do, which only reads, with retries as in patiently.
func reading[T any](ctx context.Context, s *Store, do func() (T, error)) (v T, err error) {
	err = s.patiently(ctx, func() error {
		v, err = do()
		return err
	})
	return v, err
}

// exec executes one statement that writes, with retries as in patiently.
func (s *Store) exec(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = s.patiently(ctx, func() error {
		result, err = s.Write.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

const (
	patience = 30 * time.Second // how long errors are retried while the database is away
	again    = 50 * time.Millisecond
)

// patiently calls do again while it fails for a reason that passes.
func (s *Store) patiently(ctx context.Context, do func() error) error {
	end := time.Now().Add(patience)
	for {
		err := do()
		if err == nil || !s.Passing(err) || time.Now().After(end) {
			return err
		}
		if await.Pause(ctx, again) != nil {
			return err
		}
	}
}

// one decodes the only column of a row, which is JSON.
func one[T any](s *Store, row *sql.Row) (v T, err error) {
	var data string
	if err := row.Scan(&data); err != nil {
		return v, s.Known(err)
	}
	return v, json.Unmarshal([]byte(data), &v)
}

// many decodes the only column of all rows, which is JSON.
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
