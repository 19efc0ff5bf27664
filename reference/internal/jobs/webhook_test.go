package jobs_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/jobs"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
)

// TestSecretsOfURLs checks that the log has only scheme, host and path of a callback URL, whether its receiver answers or not.
func TestSecretsOfURLs(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	nobody := httptest.NewServer(nil)
	nobody.Close()
	defer refuses.Close()
	for _, server := range []*httptest.Server{refuses, nobody} {
		var said bytes.Buffer
		s := onSQLite(t, filepath.Join(t.TempDir(), "archived.db"))
		cloud, err := storage.OpenCloud(t.TempDir(), new(clock.Clock).Now)
		must(t, err)
		r, err := jobs.New(t.Context(), jobs.Config{Store: s, Clock: &clock.Clock{}, Cloud: cloud, Outbound: outbound.Guard{AllowPrivate: true},
			Log:  slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Open: func(archive.Archive) (io.ReadCloser, int64, error) { return nil, 0, errUnexpected }})
		must(t, err)
		must(t, s.CreateApplication(t.Context(), account.Application{ID: "app"}))
		at := time.Now()
		url := strings.Replace(server.URL, "://", "://user:hunter2@", 1) + "/hook?token=t0ken"
		_, err = s.Commit(t.Context(), store.Transition{
			Deliveries: []store.Delivery{{ApplicationID: "app", SessionID: "S", ArchiveID: "A", URL: url, Body: []byte("{}"), CreatedAt: at}},
			Jobs:       []store.Job{{Kind: store.JobWebhook, ApplicationID: "app", SessionID: "S", ArchiveID: "A", At: at}},
		})
		must(t, err)
		must(t, r.Start(t.Context(), &worked{}))
		must(t, r.Settle(t.Context(), "app"))
		must(t, r.Close())
		log := said.String()
		if !strings.Contains(log, server.URL+"/hook") || strings.Contains(log, "hunter2") || strings.Contains(log, "t0ken") {
			t.Errorf("log: %s", log)
		}
		must(t, cloud.Close())
		must(t, s.Close())
	}
}
