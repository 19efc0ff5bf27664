package sqlite_test

import (
	"path/filepath"
	"testing"

	"reelcheck/reference/internal/store/sqlite"
	"reelcheck/reference/internal/store/sqlstore"
	"reelcheck/reference/internal/store/storetest"
)

func TestContract(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a directory with ?&%", "archived.db")
	storetest.Run(t, func(t *testing.T) *sqlstore.Store {
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
