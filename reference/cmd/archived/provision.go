package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/store"
)

// founding is the default application of a data directory: the one that is there, or one that is made while the server opens the rest,
// since its key takes a tenth of a second and now and then three.
type founding struct {
	id      string // "" = there is none
	idFile  string
	keyFile string

	made chan struct{} // closed when the fields below are set; nil unless one is made
	app  session.Application
	key  string
	err  error
}

// found looks for the default application and begins to make one if need be. The caller must wait.
func found(data string) (*founding, error) {
	f := &founding{idFile: filepath.Join(data, "default.id"), keyFile: filepath.Join(data, "default.key")}
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
		f.app, f.key, f.err = session.NewApplication("default", time.Now())
	}()
}

func (f *founding) wait() error {
	if f.made != nil {
		<-f.made
	}
	return nil
}

// applications is what founding needs of the store.
type applications interface {
	Application(ctx context.Context, id string) (session.Application, error)
	CreateApplication(ctx context.Context, a session.Application) error
	UpdateApplication(ctx context.Context, a session.Application) error
}

// application returns the default application with what was chosen of it.
func (f *founding) application(ctx context.Context, db applications, chosen choice) (session.Application, error) {
	if f.id != "" {
		app, err := db.Application(ctx, f.id)
		if err == nil {
			before := app
			if chosen.apply(&app); !reflect.DeepEqual(app, before) {
				err = db.UpdateApplication(ctx, app)
			}
		}
		if !errors.Is(err, store.ErrNotFound) {
			return app, err
		}
		f.begin()
	}
	if <-f.made; f.err != nil {
		return f.app, f.err
	}
	chosen.apply(&f.app)
	return f.app, f.create(ctx, db)
}

// create keeps the application. default.id is written last: without it nothing was promised to anyone.
func (f *founding) create(ctx context.Context, db applications) error {
	if err := db.CreateApplication(ctx, f.app); err != nil {
		return fmt.Errorf("create default application: %w", err)
	}
	if err := os.WriteFile(f.keyFile, []byte(f.key), 0o600); err != nil {
		return err
	}
	return os.WriteFile(f.idFile, []byte(f.app.ID+"\n"), 0o600)
}
