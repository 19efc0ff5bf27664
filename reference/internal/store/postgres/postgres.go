// Package postgres opens the store in a PostgreSQL database, which several servers may share.
//
// Each server claims its name in the database. It changes only the sessions with its name and their jobs; it may read those of others.
package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"reelcheck/reference/internal/store/sqlstore"
)

//go:embed schema.sql
var schema string

// migrations holds the migration from version i to i+1 at index i. A published migration is never changed.
var migrations = []string{schema}

// Config is the configuration of a store. Every field but Alone, Lost and Log is required.
type Config struct {
	URL    string // postgres://user:password@host:port/database?option=...
	Server string // name of the server, which never changes
	Base   string // URL by which clients reach the server
	// Alone refuses to share the database with other servers. They are refused, too.
	Alone bool
	// Lost is called if another process has claimed the name of this server while the database was away. The caller must then exit.
	Lost func(error)
	Log  *slog.Logger
}

// connections is the maximum number of connections of a server, apart from the one that holds its claim, unless the URL sets another.
const connections = 16

// Open opens the database for one server and migrates it to the present version.
func Open(ctx context.Context, c Config) (s *sqlstore.Store, err error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	options, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if !strings.Contains(c.URL, "pool_max_conns") {
		options.MaxConns = connections
	}
	options.ConnConfig.RuntimeParams["application_name"] = "archived " + c.Server
	taken, err := take(ctx, c, options.ConnConfig.Copy())
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), taken.release())
	}
	db := stdlib.OpenDBFromPool(pool)
	shut := func() error {
		err := errors.Join(db.Close(), taken.release())
		pool.Close()
		return err
	}
	err = taken.migrating(ctx, func() error {
		s, err = sqlstore.New(ctx, sqlstore.Database{
			Read: db, Write: db, Dialect: dialect, Server: c.Server, River: river{riverpgxv5.New(pool)}, Close: shut,
			Begin: func(ctx context.Context) (sqlstore.Tx, error) { return begin(ctx, db) },
		})
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), shut())
	}
	taken.guard()
	return s, nil
}

func migrate(ctx context.Context, tx pgx.Tx) error {
	const version = "CREATE TABLE IF NOT EXISTS archived_version (version INTEGER NOT NULL)"
	if _, err := tx.Exec(ctx, version); err != nil {
		return fmt.Errorf("make version: %w", err)
	}
	var now int
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM archived_version").Scan(&now); err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	if now > len(migrations) {
		return fmt.Errorf("database has version %d, this program knows up to %d", now, len(migrations))
	}
	for ; now < len(migrations); now++ {
		if _, err := tx.Exec(ctx, migrations[now]); err != nil {
			return fmt.Errorf("migrate to version %d: %w", now+1, err)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO archived_version VALUES ($1)", now+1); err != nil {
			return fmt.Errorf("migrate to version %d: %w", now+1, err)
		}
	}
	return nil
}

// tx is a transaction for both database/sql, which the store uses, and pgx, which River uses.
type tx struct {
	*sql.Conn
	end context.Context // context of the transaction; Commit and Rollback have none, as in database/sql
	pgx pgx.Tx
}

func begin(ctx context.Context, db *sql.DB) (sqlstore.Tx, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &tx{Conn: conn, end: ctx}
	err = conn.Raw(func(c any) error {
		t.pgx, err = c.(*stdlib.Conn).Conn().Begin(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return t, nil
}

func (t *tx) Commit() error   { return t.finish(t.pgx.Commit) }
func (t *tx) Rollback() error { return t.finish(t.pgx.Rollback) }

// finish ends the transaction and gives its connection back. If the connection broke during a statement, it was given back already and may have
// another user; finish then does not touch it and returns sql.ErrConnDone.
func (t *tx) finish(how func(context.Context) error) error {
	err := t.Raw(func(any) error { return how(t.end) })
	if errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return errors.Join(err, t.Close())
}

// river is River's driver for transactions of the store.
type river struct{ *riverpgxv5.Driver }

func (r river) UnwrapExecutor(t sqlstore.Tx) riverdriver.ExecutorTx {
	return r.Driver.UnwrapExecutor(t.(*tx).pgx)
}

// UnwrapTx is only for River's own tests.
func (r river) UnwrapTx(t riverdriver.ExecutorTx) sqlstore.Tx { return &tx{pgx: r.Driver.UnwrapTx(t)} }
