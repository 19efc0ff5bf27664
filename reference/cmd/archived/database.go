package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/store/postgres"
	"reelcheck/reference/internal/store/sqlite"
	"reelcheck/reference/internal/store/sqlstore"
)

// database opens the configured store.
func (s *server) database(ctx context.Context) (err error) {
	if s.config.Database != "" {
		s.store, err = s.postgres(ctx)
	} else {
		s.store, err = s.sqlite(ctx)
	}
	if err == nil {
		s.owns(s.store.Close)
	}
	return err
}

func (s *server) sqlite(ctx context.Context) (*sqlstore.Store, error) {
	file := filepath.Join(s.config.Data, "archived.db")
	if _, err := os.Stat(file); s.founding.id != "" && errors.Is(err, os.ErrNotExist) {
		return nil, s.founding.unknown(file + ", for it is not there,")
	}
	db, err := sqlite.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	if err := s.founding.known(ctx, db, file); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (s *server) postgres(ctx context.Context) (*sqlstore.Store, error) {
	id, err := serverID(s.config.Data)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, postgres.Config{
		URL: s.config.Database, Server: id, Base: s.public.link(""), Log: s.log,
		Alone: s.config.Control, // other servers would not notice that a clock is moved
		Lost: func(err error) {
			select {
			case s.lost <- err:
			default:
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if err := s.founding.known(ctx, db, "the database of the setting"); err != nil { // the URL is not shown, because it may hold a password
		return nil, errors.Join(err, db.Close())
	}
	if err := shareLinks(ctx, s.config.Data, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// shareLinks gives the built-in clouds of all servers on db the same key, so that a link from one server is valid at another.
func shareLinks(ctx context.Context, data string, db *sqlstore.Store) error {
	file := filepath.Join(data, "cloud", "link.key")
	mine, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		mine = make([]byte, 32)
		_, err = rand.Read(mine)
	}
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	key, err := db.Shared(ctx, "link.key", mine)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return durable.WriteFile(file, key, 0o600)
}

// fileServer serves files of the built-in cloud. It redirects requests for a file that another server has.
func fileServer(cloud http.Handler, db *sqlstore.Store, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		archiveID := path.Base(path.Dir(r.URL.Path))
		url, err := db.FileServer(r.Context(), archiveID)
		switch {
		case err != nil:
			log.Error("cannot find the server of an archive", "archive", archiveID, "error", err)
			http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		case url != "":
			http.Redirect(w, r, url+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		default:
			cloud.ServeHTTP(w, r)
		}
	})
}

// serverID returns the name of this data directory's server in the database. The first start creates it.
func serverID(data string) (string, error) {
	file := filepath.Join(data, "server.id")
	id, err := os.ReadFile(file)
	if err == nil {
		name := strings.TrimSpace(string(id))
		if !account.IsUUID(name) {
			return "", fmt.Errorf("data: %s holds no server id", file)
		}
		return name, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("data: %w", err)
	}
	name := uuid.NewString()
	return name, durable.WriteFile(file, []byte(name+"\n"), 0o600)
}
