package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"reelcheck/reference/internal/store/postgres"
	"reelcheck/reference/internal/store/sqlite"
	"reelcheck/reference/internal/store/sqlstore"
)

// open opens the store of the configuration.
func (s *server) open(ctx context.Context, c config, base string, log *slog.Logger) (*sqlstore.Store, error) {
	if c.Database == "" {
		return sqlite.Open(ctx, filepath.Join(c.Data, "archived.db"))
	}
	id, err := serverID(c.Data)
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, postgres.Config{
		URL: c.Database, Server: id, Base: strings.TrimSuffix(base, "/"), Log: log,
		Alone: c.Control, // the other servers would not notice that a clock moves
		Lost: func(err error) {
			select {
			case s.lost <- err:
			default:
			}
		},
	})
}

// serverID returns the name that the server of this data directory has in a database. The first start invents it.
func serverID(data string) (string, error) {
	path := filepath.Join(data, "server.id")
	id, err := os.ReadFile(path)
	if err == nil {
		name := strings.TrimSpace(string(id))
		if uuid.Validate(name) != nil || len(name) != 36 {
			return "", fmt.Errorf("data: %s holds no server id", path)
		}
		return name, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("data: %w", err)
	}
	name := uuid.NewString()
	return name, keep(path, name+"\n")
}

// keep writes a small file that is there in full, or not at all, whenever the machine dies.
func keep(path, text string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	if err := syncPath(next); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
