package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
)

// defaultApplication returns the application of the data directory, which the first start creates, and the file of its
// private key. default.id is written last: without it nothing was promised to anyone.
func defaultApplication(ctx context.Context, data string, db *sqlstore.Store) (app session.Application, keyFile string, err error) {
	keyFile, idFile := filepath.Join(data, "default.key"), filepath.Join(data, "default.id")
	id, err := os.ReadFile(idFile)
	if err == nil {
		app, err = db.Application(ctx, strings.TrimSpace(string(id)))
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return app, keyFile, err
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return app, "", err
	}
	app, key, err := session.NewApplication("default", time.Now())
	if err != nil {
		return app, "", err
	}
	if err := db.CreateApplication(ctx, app); err != nil {
		return app, "", fmt.Errorf("create default application: %w", err)
	}
	if err := os.WriteFile(keyFile, []byte(key), 0o600); err != nil {
		return app, "", err
	}
	return app, keyFile, os.WriteFile(idFile, []byte(app.ID+"\n"), 0o600)
}
