// Package postgres opens the store in a PostgreSQL database, which several servers may share.
//
// Each server claims its name in the database and keeps to what bears it: its sessions, and the jobs of those. What it reads of
// others, it reads only.
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

// migrations bring the database from version i to i+1. Published ones are never edited.
var migrations = []string{schema}

// Config of a store. Every field but Alone, Lost and Log is required.
type Config struct {
	URL    string // postgres://user:password@host:port/database?option=...
	Server string // name of the server, the same at every start
	Base   string // URL that clients reach it by
	// Alone refuses other servers on the database, which then refuses them in turn.
	Alone bool
	// Lost is called when another process has taken the name of this server while the database was away. The caller must then end.
	Lost func(error)
	Log  *slog.Logger
}

// connections are the most that a server has, besides the one that holds its name, unless the URL says otherwise.
const connections = 16

// Open opens the database for one server and brings it to the present version.
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

// tx is a transaction that both database/sql and pgx know: of the store's statements, and of River's.
type tx struct {
	*sql.Conn
	end context.Context // of the transaction; Commit and Rollback have none, as in database/sql
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

// finish ends the transaction and gives the connection back. A connection that broke under a statement has been given
// back already, and is somebody else's: finish leaves it alone and returns sql.ErrConnDone.
func (t *tx) finish(how func(context.Context) error) error {
	err := t.Raw(func(any) error { return how(t.end) })
	if errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return errors.Join(err, t.Close())
}

// river is River's driver on transactions of the store.
type river struct{ *riverpgxv5.Driver }

func (r river) UnwrapExecutor(t sqlstore.Tx) riverdriver.ExecutorTx {
	return r.Driver.UnwrapExecutor(t.(*tx).pgx)
}

// UnwrapTx is for River's own tests.
func (r river) UnwrapTx(t riverdriver.ExecutorTx) sqlstore.Tx { return &tx{pgx: r.Driver.UnwrapTx(t)} }
