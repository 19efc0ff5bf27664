package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/store"
)

// founding is the default application of a data directory. If there is none, it is made while the server opens the rest, because making its key
// takes a tenth of a second and sometimes three.
type founding struct {
	id      string // "" = there is none
	idFile  string
	keyFile string
	log     *slog.Logger

	made chan struct{} // closed when the fields below are set; nil if none is made
	app  account.Application
	key  string
	err  error
}

// found looks for the default application and begins to make one if there is none. The caller must call wait.
func found(data string, log *slog.Logger) (*founding, error) {
	f := &founding{log: log, idFile: filepath.Join(data, "default.id"), keyFile: filepath.Join(data, "default.key")}
	id, err := os.ReadFile(f.idFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if f.id = strings.TrimSpace(string(id)); f.id == "" {
		f.begin()
	}
	return f, nil
}

func (f *founding) begin() {
	f.made = make(chan struct{})
	go func() {
		defer close(f.made)
		f.app, f.key, f.err = account.NewApplication("default", time.Now())
	}()
}

func (f *founding) wait() error {
	if f.made != nil {
		<-f.made
	}
	return nil
}

// known returns an error if the database does not have the application of the data directory. Then it is the wrong database, or a damaged one.
// If the server made a new application, it would replace the only copy of the private key.
func (f *founding) known(ctx context.Context, db applications, database string) error {
	if f.id == "" {
		return nil
	}
	_, err := db.Application(ctx, f.id)
	if errors.Is(err, store.ErrNotFound) {
		return f.unknown(database)
	}
	return err
}

func (f *founding) unknown(database string) error {
	return fmt.Errorf("database: %s names application %s, which %s does not have: start with the database that this data directory was used "+
		"with (--database), or, if it is lost, move %s and %s elsewhere", f.idFile, f.id, database, f.idFile, f.keyFile)
}

// applications is the part of the store that founding needs.
type applications interface {
	Application(ctx context.Context, id string) (account.Application, error)
	CreateApplication(ctx context.Context, a account.Application) error
	UpdateApplication(ctx context.Context, a account.Application) error
}

// application returns the default application with the chosen settings.
func (f *founding) application(ctx context.Context, db applications, chosen choice) (account.Application, error) {
	if f.id != "" {
		app, err := db.Application(ctx, f.id)
		if err != nil {
			return app, fmt.Errorf("default application %s: %w", f.id, err)
		}
		before := app
		if chosen.apply(&app); !reflect.DeepEqual(app, before) {
			err = db.UpdateApplication(ctx, app)
		}
		return app, err
	}
	if <-f.made; f.err != nil {
		return f.app, f.err
	}
	chosen.apply(&f.app)
	return f.app, f.create(ctx, db)
}

// create stores the application. It writes default.id last; before that, nobody relies on the application. It never overwrites a key.
func (f *founding) create(ctx context.Context, db applications) error {
	if err := db.CreateApplication(ctx, f.app); err != nil {
		return fmt.Errorf("create default application: %w", err)
	}
	aside, err := setAside(f.keyFile)
	if err != nil {
		return err
	}
	if aside != "" {
		f.log.Warn("new default application, because its id was missing; the key of the old one was kept", "file", aside)
	}
	if err := durable.WriteFile(f.keyFile, []byte(f.key), 0o600); err != nil {
		return err
	}
	return durable.WriteFile(f.idFile, []byte(f.app.ID+"\n"), 0o600)
}

// setAside renames an existing file to a free name, and returns it; "" if there is no file.
func setAside(file string) (name string, err error) {
	for n := 1; ; n++ {
		name = fmt.Sprintf("%s.%d", file, n)
		err := os.Link(file, name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return "", nil
		case err == nil:
			return name, os.Remove(file)
		case !errors.Is(err, os.ErrExist):
			return "", err
		}
	}
}
