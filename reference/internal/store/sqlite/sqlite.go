// Package sqlite opens the store in one SQLite file.
//
// One connection writes, so that writers queue in Go and transactions run one after another. Reads have a pool of their own. A committed
// transaction survives the death of the process and of the machine (WAL, synchronous=FULL).
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
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
)

//go:embed schema.sql
var schema string

//go:embed lanes.sql
var lanes string

//go:embed servers.sql
var servers string

// migrations holds the migration from version i to i+1 at index i. A published migration is never changed.
var migrations = []string{schema, lanes, servers}

// Open opens or creates the database file and migrates it to the present version.
func Open(ctx context.Context, path string) (*sqlstore.Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := private(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	write, err := sql.Open("sqlite", dsn(path, "&_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", path, err), write.Close())
	}
	read, err := sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", path, err), write.Close())
	}
	read.SetMaxOpenConns(4)
	settle := func(ctx context.Context) error {
		_, err := write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	}
	shut := func() error {
		return errors.Join(read.Close(), settle(context.WithoutCancel(ctx)), write.Close())
	}
	s, err := sqlstore.New(ctx, sqlstore.Database{
		Read: read, Write: write, Dialect: dialect, River: river{riversqlite.New(write)}, Settle: settle, Close: shut,
		Begin: func(ctx context.Context) (sqlstore.Tx, error) { return write.BeginTx(ctx, nil) },
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", path, err), shut())
	}
	return s, nil
}

// private creates the database file if it is missing, and makes it readable only by its owner, because it has the applications' secrets. SQLite
// creates its other files with the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(file, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func dsn(path, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" + more
}

func migrate(ctx context.Context, db *sql.DB) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	if version > len(migrations) {
		return fmt.Errorf("database has version %d, this program knows up to %d", version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		// A list of statements in one Exec is one transaction.
		const step = "BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; COMMIT"
		if _, err := db.ExecContext(ctx, fmt.Sprintf(step, migrations[version], version+1)); err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
	}
	return nil
}

var dialect = sqlstore.Dialect{
	Event:   "json_extract(CAST(body AS TEXT), '$.event')",
	Shifted: "strftime('%Y-%m-%d %H:%M:%f', scheduled_at, $1)",
	Instant: func(t time.Time) any { return t.UTC().Round(time.Millisecond).Format("2006-01-02 15:04:05.000") }, // as River writes them
	Known:   known,
	Passing: func(error) bool { return false }, // writers queue
}

// known translates the driver's constraint errors to errors of package store.
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

// river is River's driver for transactions of the store.
type river struct{ *riversqlite.Driver }

func (r river) UnwrapExecutor(tx sqlstore.Tx) riverdriver.ExecutorTx {
	return r.Driver.UnwrapExecutor(tx.(*sql.Tx))
}

func (r river) UnwrapTx(tx riverdriver.ExecutorTx) sqlstore.Tx { return r.Driver.UnwrapTx(tx) }
