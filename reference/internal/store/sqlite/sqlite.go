// Package sqlite keeps applications, sessions, archives and what is owed for them in one SQLite file.
//
// There is one connection that writes, so that writers queue in Go and transactions are serial, and a pool of its own for reads.
// A committed transaction survives the death of the process and of the machine (WAL, synchronous=FULL).
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"reelcheck/reference/internal/store"
)

//go:embed schema.sql
var schema string

//go:embed lanes.sql
var lanes string

// migrations bring the database from version i to i+1. Published ones are never edited.
var migrations = []string{schema, lanes}

// Store is safe for concurrent use.
type Store struct {
	write, read *sql.DB

	// Enqueue inserts jobs in the transaction that commits a transition. It is set before the first Commit.
	Enqueue func(ctx context.Context, tx *sql.Tx, jobs []store.Job) error
}

// Open opens the database file, makes it if there is none, and brings it to the present version.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	write, err := sql.Open("sqlite", dsn(path, "&_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	s := &Store{write: write}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", path, err), write.Close())
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", path, err), write.Close())
	}
	s.read.SetMaxOpenConns(4)
	return s, nil
}

func dsn(path, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" + more
}

func (s *Store) migrate(ctx context.Context) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	if version > len(migrations) {
		return fmt.Errorf("database has version %d, this program knows up to %d", version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, migrations[version]+fmt.Sprintf(";PRAGMA user_version = %d", version+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
	}
	return nil
}

// DB returns the one connection that writes, for the job engine on the same file.
func (s *Store) DB() *sql.DB { return s.write }

// Ping reports whether the store answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

func (s *Store) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
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

// known maps the driver's constraint errors to those of package store.
func known(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
			return store.ErrExists
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return store.ErrNotFound
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
