package jobs_test

import (
	"path/filepath"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/postgrestest"
	"reelcheck/reference/internal/store/sqlstore"
)

// BenchmarkCommit commits a step of a session to disk: an archive that changed, an effect, and a webhook with its job.
func BenchmarkCommit(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { commits(b, onSQLite(b, filepath.Join(b.TempDir(), "archived.db"))) })
	b.Run("postgres", func(b *testing.B) { commits(b, onPostgres(b, postgrestest.Start(b, "fsync=on").Database(b), "one")) })
}

func commits(b *testing.B, s *sqlstore.Store) {
	ctx := b.Context()
	runner(b, s) // it enqueues the jobs, but does not run them
	must(b, s.CreateApplication(ctx, account.Application{ID: "app"}))
	must(b, s.CreateSession(ctx, archive.Session{ID: "S", ApplicationID: "app"}))
	a := archive.Archive{ID: "A", SessionID: "S", ApplicationID: "app", Status: archive.Started}
	body := make([]byte, 600)
	var done []int64
	for b.Loop() {
		a.UpdatedAt = time.Now()
		ids, err := s.Commit(ctx, store.Transition{
			Archives:   []archive.Archive{a},
			Outbox:     []store.Act{{SessionID: "S", Effect: archive.Effect{Kind: archive.DoRecord, Archive: a}}},
			Done:       done,
			Deliveries: []store.Delivery{{ApplicationID: "app", SessionID: "S", ArchiveID: "A", URL: "http://hooks.example", Body: body}},
			Jobs:       []store.Job{{Kind: store.JobWebhook, ApplicationID: "app", SessionID: "S", ArchiveID: "A", At: a.UpdatedAt}},
		})
		must(b, err)
		done = ids
	}
	must(b, s.Close())
}
