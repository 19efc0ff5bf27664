package postgres

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
)

var dialect = sqlstore.Dialect{
	// As text, because a client's own data may contain what PostgreSQL's JSON cannot.
	Event:      `substring(convert_from(body, 'UTF8') FROM '"event":"([a-zA-Z]+)"')`,
	Shifted:    "scheduled_at + CAST($1 AS INTERVAL)",
	SkipLocked: " FOR UPDATE SKIP LOCKED",
	Instant:    func(t time.Time) any { return t },
	Known:      known,
	Passing:    passing,
}

// SQLSTATEs, see https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	connectionException  = "08" // and all codes that begin with it
	notInRepertoire      = "22021"
	foreignKeyViolation  = "23503"
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	tooManyConnections   = "53300"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
)

func known(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code {
		case uniqueViolation:
			return store.ErrExists
		case foreignKeyViolation, notInRepertoire: // a key that is no valid UTF-8 cannot be in a row
			return store.ErrNotFound
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// passing reports whether the error will pass: another transaction was in the way, or the server restarts.
func passing(err error) bool {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return strings.HasPrefix(e.Code, connectionException) || slices.Contains([]string{serializationFailure, deadlockDetected,
			tooManyConnections, adminShutdown, crashShutdown, cannotConnectNow}, e.Code)
	}
	network, connecting := (*net.OpError)(nil), (*pgconn.ConnectError)(nil)
	return errors.As(err, &network) || errors.As(err, &connecting) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}
