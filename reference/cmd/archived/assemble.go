package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/controlapi"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/gateway"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/jobs"
	"reelcheck/reference/internal/recorder"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
	"reelcheck/spec"
)

// server has all parts of the server. Each part knows only the parts above it.
type server struct {
	config config
	public public
	log    *slog.Logger
	faults *fault.Board // nil without the control API

	founding *founding // the default application
	store    *sqlstore.Store
	cloud    *storage.Cloud
	recorder *recorder.Recorder
	sessions *sessions.Runner
	ingest   *ingest.Server
	gateway  *gateway.Gateway
	handler  http.Handler

	ready   readyLine
	lost    chan error     // receives the reason why the server must end
	closers []func() error // in the order of construction
}

// close closes all parts, in reverse order.
func (s *server) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

func (s *server) owns(closer func() error) { s.closers = append(s.closers, closer) }

// assemble builds the server, from its data to its HTTP handler, and finishes the work of an earlier run.
func assemble(ctx context.Context, c config, at public, log *slog.Logger) (*server, error) {
	s := &server{config: c, public: at, log: log, lost: make(chan error, 1)}
	if c.Control {
		s.faults = &fault.Board{}
	}
	for _, build := range []func(context.Context) error{
		s.data,      // the data directory, locked for this process, and the default application in it
		s.database,  // the store for sessions, archives and jobs
		s.core,      // the cloud, the recorder, jobs and sessions
		s.media,     // WebRTC and WebSockets
		s.introduce, // the ready line
		s.face,      // the HTTP handler
	} {
		if err := build(ctx); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *server) data(context.Context) error {
	syscall.Umask(0o077) // keeps all files below private, including SQLite's, whoever may read the directory
	if err := os.MkdirAll(s.config.Data, 0o700); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	locked, err := lock(s.config.Data)
	if err != nil {
		return err
	}
	s.owns(locked.Close)
	s.keepPrivate()
	if err := durable.Clean(s.config.Data); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if s.founding, err = found(s.config.Data, s.log); err != nil {
		return err
	}
	s.owns(s.founding.wait)
	return nil
}

// keepPrivate takes from others what a data directory has that was made, copied or restored by somebody else. The database does so for its own
// files.
func (s *server) keepPrivate() {
	for _, pattern := range []string{"lock", "recordings", "cloud", "cloud/link.key", "default.*", "server.id", "ready.json"} {
		files, _ := durable.Glob(s.config.Data, pattern) // the patterns are valid
		for _, file := range files {
			info, err := os.Lstat(file)
			if err == nil && info.Mode().Perm()&0o077 != 0 && info.Mode().Type()&fs.ModeSymlink == 0 {
				err = os.Chmod(file, info.Mode().Perm()&^0o077)
			}
			if err != nil {
				s.log.Warn("others may read a file", "file", file, "error", err)
			}
		}
	}
}

// core builds the parts that do not serve clients, and recovers.
func (s *server) core(ctx context.Context) (err error) {
	c, ticking := s.config, &clock.Clock{}
	if s.cloud, err = storage.OpenCloud(filepath.Join(c.Data, "cloud"), ticking.Now); err != nil {
		return err
	}
	s.owns(s.cloud.Close)
	s.recorder, err = recorder.New(recorder.Config{
		Dir: filepath.Join(c.Data, "recordings"), Media: clock.Media, FFmpeg: children(c.FFmpeg, s.log),
		Faults: s.faults, Log: s.log,
		Certificate: certificates(s.store), Keys: seal.NewKeyfile(c.keyFile()),
	})
	if err != nil {
		return err
	}
	runner, err := jobs.New(ctx, jobs.Config{Store: s.store, Clock: ticking, Cloud: s.cloud, Open: s.recorder.Open, Outbound: c.outbound(),
		Patience: c.Patience, Mail: c.Mail, Faults: s.faults, Log: s.log})
	if err != nil {
		return errors.Join(err, s.recorder.Close())
	}
	s.sessions = sessions.New(sessions.Config{Store: s.store, Jobs: runner, Clock: ticking, Recorder: s.recorder, Cloud: s.cloud, Log: s.log})
	s.owns(runner.Close)
	s.owns(func() error { s.sessions.Close(); return nil })
	s.owns(s.recorder.Close)
	if err := s.sessions.Recover(ctx); err != nil {
		return err
	}
	return runner.Start(ctx, s.sessions)
}

func (s *server) media(context.Context) error {
	in, err := ingest.New(ingest.Config{
		Listen:    net.JoinHostPort("", strconv.Itoa(int(s.config.ICEPort))),
		PublicIPs: s.config.ICEAddresses,
		Now:       clock.Media,
		Gone:      func(p ingest.Publisher, reason string) { s.gateway.Gone(p, reason) },
		Log:       s.log,
	}, publications{s.sessions})
	if err != nil {
		return fmt.Errorf("ice-port: %w", err)
	}
	s.ingest = in
	s.gateway = gateway.New(gateway.Config{Sessions: s.sessions, Ingest: in, Reference: s.public.reference, Log: s.log})
	s.owns(func() error { s.gateway.Close(); return nil })
	s.owns(in.Close)
	return nil
}

// introduce fills the ready line: the default application and the token of the control API.
func (s *server) introduce(ctx context.Context) error {
	app, err := s.founding.application(ctx, s.store, s.config.Application)
	if err != nil {
		return err
	}
	if err := s.store.Settle(ctx); err != nil {
		return err
	}
	s.ready = readyLine{URL: s.public.link(""), ApplicationID: app.ID, PrivateKeyFile: s.founding.keyFile, APIKey: app.Key(), APISecret: app.APISecret}
	if s.config.Control {
		s.ready.ControlToken = cmp.Or(s.config.ControlToken, rand.Text())
	}
	return nil
}

func (s *server) face(context.Context) error {
	targets := target.Rules{Guard: s.config.outbound()}
	face := api.Config{
		Targets: targets,

		Applications: s.store,
		Sessions:     s.sessions,
		Verifier:     account.Verifier{Applications: s.store, Unknown: store.ErrNotFound, Now: time.Now},
		Clients:      s.gateway,
		Link:         func(a archive.Archive) string { return s.public.link(s.cloud.Link(a)) },
		Download:     fileServer(s.cloud, s.store, s.log),
		Missing:      (&readiness{ffmpeg: s.config.FFmpeg, store: s.store}).missing,
		OpenAPI:      spec.OpenAPI,
		Now:          time.Now,
		Log:          s.log,
	}
	measured := newMetrics(s.recorder, s.ingest)
	if s.config.Metrics {
		face.Metrics = measured.page()
	}
	if s.config.Control {
		face.ControlAPI = controlapi.New(controlapi.Config{Token: s.ready.ControlToken, Applications: s.store, Sessions: s.sessions, Webhooks: s.store,
			Board: s.faults, Targets: targets, Now: time.Now})
	}
	s.handler = measured.count(api.New(face))
	return nil
}

// publications are the sessions as ingest uses them.
type publications struct{ *sessions.Runner }

// Published implements [ingest.Sessions].
func (r publications) Published(ctx context.Context, p ingest.Publication) (rtp.Sink, error) {
	return r.Runner.Published(ctx, sessions.Publication{
		ApplicationID: p.ApplicationID, SessionID: p.SessionID, Stream: p.Stream, At: p.At, KeyFrame: p.KeyFrame, Flush: p.Flush,
	})
}
