package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"reelcheck/reference/internal/await"
)

// claim holds the locks that this process has in the database while a connection lasts: one for the name of its server, and one for the whole
// database or for the right to share it. Both are advisory locks of the session.
type claim struct {
	Config
	options *pgx.ConnConfig
	conn    *pgx.Conn

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

const (
	claimWithin  = 5 * time.Second // a dying process may still hold it
	claimEvery   = 100 * time.Millisecond
	reclaimEvery = time.Second
	closeWithin  = 5 * time.Second
)

// Keys of the locks. Servers in other schemas do not conflict.
const (
	keyServer = "hashtextextended('archived server ' || current_schema() || ' ' || $1, 0)"
	keyShare  = "hashtextextended('archived share ' || current_schema(), 0)"
	keyTables = "hashtextextended('archived tables ' || current_schema(), 0)"
)

// errTaken is returned if another process holds the claim.
var errTaken = errors.New("in use")

// take claims the database for c. It ends the connections of a dead process of this server, so that no unfinished transaction of that process is
// committed later.
func take(ctx context.Context, c Config, options *pgx.ConnConfig) (*claim, error) {
	// With these settings the death of the machine is noticed within half a minute.
	maps.Copy(options.RuntimeParams, map[string]string{
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	})
	t := &claim{Config: c, options: options}
	err := t.attempt(ctx)
	for end := time.Now().Add(claimWithin); errors.Is(err, errTaken) && time.Now().Before(end) && await.Pause(ctx, claimEvery) == nil; {
		err = t.attempt(ctx)
	}
	if err != nil {
		return nil, err
	}
	const remnants = `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
		WHERE application_name = $1 AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`
	if _, err := t.conn.Exec(ctx, remnants, options.RuntimeParams["application_name"]); err != nil {
		return nil, errors.Join(fmt.Errorf("database: end old connections: %w", err), t.release())
	}
	return t, nil
}

// attempt connects and takes the locks. If another process holds them, it returns an [errTaken] that says what to do.
func (t *claim) attempt(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, t.options)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	lock, other := "pg_try_advisory_lock_shared", "by an archived with the control API, which needs a database of its own"
	if t.Alone {
		lock, other = "pg_try_advisory_lock", "by another archived; one with the control API needs a database of its own"
	}
	var named, shared bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+keyServer+"), "+lock+"("+keyShare+")", t.Server).Scan(&named, &shared)
	switch {
	case err != nil:
		err = fmt.Errorf("database: %w", err)
	case !named:
		err = fmt.Errorf("database: server %s is %w by another archived, with a copy of this data directory", t.Server, errTaken)
	case !shared:
		err = fmt.Errorf("database: it is %w %s", errTaken, other)
	default:
		t.conn = conn
		return nil
	}
	return errors.Join(err, conn.Close(ctx))
}

// migrating migrates the tables to the present version, adds the server, and calls more. Only one server at a time does this.
func (t *claim) migrating(ctx context.Context, more func() error) (err error) {
	if _, err := t.conn.Exec(ctx, "SELECT pg_advisory_lock("+keyTables+")"); err != nil {
		return fmt.Errorf("lock tables: %w", err)
	}
	defer func() {
		_, failure := t.conn.Exec(ctx, "SELECT pg_advisory_unlock("+keyTables+")")
		err = errors.Join(err, failure)
	}()
	err = pgx.BeginFunc(ctx, t.conn, func(tx pgx.Tx) error {
		if err := migrate(ctx, tx); err != nil {
			return err
		}
		const enter = "INSERT INTO servers (id, url) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET url = excluded.url"
		_, err := tx.Exec(ctx, enter, t.Server, t.Base)
		return err
	})
	if err != nil {
		return err
	}
	return more()
}

// guard keeps the claim until release, and takes it again when the database has restarted.
func (t *claim) guard() {
	ctx, cancel := context.WithCancel(context.Background())
	t.stop = cancel
	t.stopped.Go(func() {
		for {
			_, err := t.conn.WaitForNotification(ctx) // no notification comes, so it returns when the connection ends
			for err != nil && ctx.Err() == nil {
				t.Log.Warn("database not reachable", "error", err)
				if await.Pause(ctx, reclaimEvery) != nil {
					return
				}
				if err = t.attempt(ctx); errors.Is(err, errTaken) && t.Lost != nil {
					t.Lost(err)
					return
				}
			}
			if ctx.Err() != nil {
				return
			}
		}
	})
}

// release gives up the claim.
func (t *claim) release() error {
	if t.stop != nil {
		t.stop()
		t.stopped.Wait()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	return t.conn.Close(ctx)
}
