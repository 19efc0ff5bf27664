package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"reelcheck/reference/internal/store/postgres"
	"reelcheck/reference/internal/store/postgrestest"
	"reelcheck/reference/internal/store/sqlite"
	"reelcheck/reference/internal/store/sqlstore"
)

// onPostgres is the environment variable that makes the tests of this package run on PostgreSQL. Its value is the URL of a server.
const onPostgres = "CONTROL_TEST_POSTGRES"

// TestPostgres runs all tests of this package again on PostgreSQL.
func TestPostgres(t *testing.T) {
	t.Parallel()
	if os.Getenv(onPostgres) != "" {
		t.Skip("this is that run")
	}
	server := postgrestest.Start(t)
	again := exec.Command(os.Args[0], "-test.v", "-test.skip=^TestPostgres$")
	again.Env = append(os.Environ(), onPostgres+"="+server.URL())
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// openStore opens the store for dir: a file in dir, or on PostgreSQL a database of its own.
func openStore(ctx context.Context, dir string) (*sqlstore.Store, error) {
	server := os.Getenv(onPostgres)
	if server == "" {
		return sqlite.Open(ctx, filepath.Join(dir, "archived.db"))
	}
	place, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	sum.Write([]byte(dir))
	place.Path = fmt.Sprintf("/t%x", sum.Sum64())
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	const duplicate = "42P04"
	_, err = conn.Exec(ctx, "CREATE DATABASE "+place.Path[1:])
	if known := (*pgconn.PgError)(nil); err != nil && (!errors.As(err, &known) || known.Code != duplicate) {
		return nil, err
	}
	return postgres.Open(ctx, postgres.Config{URL: place.String(), Server: "server", Base: "http://server.example", Alone: true})
}
