package postgres_test

import (
	"testing"

	"reelcheck/reference/internal/store/postgres"
	"reelcheck/reference/internal/store/postgrestest"
	"reelcheck/reference/internal/store/sqlstore"
	"reelcheck/reference/internal/store/storetest"
)

func open(t *testing.T, url, server string) *sqlstore.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Server: server, Base: "http://" + server + ".example"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	url := postgrestest.Start(t).Database(t)
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, url, "one") })
}
