package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"reelcheck/reference/internal/api"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/compose/ffmpeg"
	"reelcheck/reference/internal/control"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/gateway"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/jobs"
	"reelcheck/reference/internal/recorder"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
	"reelcheck/reference/internal/testctl"
	"reelcheck/spec"
)

// server is everything that runs, wired.
type server struct {
	handler  http.Handler
	gateway  *gateway.Gateway
	recorder *recorder.Recorder
	faults   *fault.Board // nil without the control API
	ready    readyLine
	lost     chan error     // why the server must end
	closers  []func() error // in the order of construction
}

// close ends everything, the last first.
func (s *server) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

func (s *server) owns(closer func() error) { s.closers = append(s.closers, closer) }

// assemble builds the server on c.Data and finishes what an earlier run left.
func assemble(ctx context.Context, c config, base string, log *slog.Logger) (s *server, err error) {
	s = &server{lost: make(chan error, 1)}
	if c.Control {
		s.faults = &fault.Board{}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return s, fmt.Errorf("data: %w", err)
	}
	locked, err := lock(c.Data)
	if err != nil {
		return s, err
	}
	s.owns(locked.Close)
	founding, err := found(c.Data)
	if err != nil {
		return s, err
	}
	s.owns(founding.wait)
	db, err := s.open(ctx, c, base, log)
	if err != nil {
		return s, err
	}
	s.owns(db.Close)
	ctl, cloud, err := s.core(ctx, c, db, log)
	if err != nil {
		return s, err
	}
	if err := s.media(c, ctl, log); err != nil {
		return s, err
	}
	app, err := founding.application(ctx, db, c.Application)
	if err != nil {
		return s, err
	}
	s.ready = readyLine{URL: base, ApplicationID: app.ID, PrivateKeyFile: founding.keyFile, APIKey: app.Key(), APISecret: app.APISecret}
	targets := target.Rules{Guard: c.outbound()}
	face := api.Config{
		Targets: targets,

		Applications: db,
		Control:      ctl,
		Verifier:     session.Verifier{Applications: db, Unknown: store.ErrNotFound, Now: time.Now},
		Clients:      s.gateway,
		Link:         func(a archive.Archive) string { return strings.TrimSuffix(base, "/") + cloud.Link(a) },
		Download:     fromHolder(cloud, db, log),
		Missing:      (&readiness{ffmpeg: c.FFmpeg, store: db}).missing,
		OpenAPI:      spec.OpenAPI,
		Now:          time.Now,
		Log:          log,
	}
	measured := newMetrics(s.recorder.Composing)
	if c.Metrics {
		face.Metrics = measured.page()
	}
	if c.Control {
		s.ready.ControlToken = c.ControlToken
		if s.ready.ControlToken == "" {
			s.ready.ControlToken = rand.Text()
		}
		face.TestControl = testctl.New(testctl.Config{Token: s.ready.ControlToken, Applications: db, Control: ctl, Webhooks: db,
			Board: s.faults, Targets: targets, Now: time.Now})
	}
	s.handler = measured.count(api.New(face))
	return s, nil
}

// core builds what knows no client: clock, jobs, cloud, recorder and control, and recovers.
func (s *server) core(ctx context.Context, c config, db *sqlstore.Store, log *slog.Logger) (*control.Control, *storage.Cloud, error) {
	ticking := &clock.Clock{}
	cloud, err := storage.OpenCloud(filepath.Join(c.Data, "cloud"), ticking.Now)
	if err != nil {
		return nil, nil, err
	}
	s.owns(cloud.Close)
	rec, err := recorder.New(recorder.Config{
		Dir: filepath.Join(c.Data, "recordings"), Media: clock.Media, FFmpeg: ffmpeg.Config{Path: c.FFmpeg},
		Faults: s.faults, Log: log,
		Certificate: certificates(db), Keys: seal.NewKeyfile(c.keyFile()),
	})
	if err != nil {
		return nil, nil, err
	}
	s.recorder = rec
	runner, err := jobs.New(ctx, jobs.Config{Store: db, Clock: ticking, Cloud: cloud, Open: rec.Open, Outbound: c.outbound(), Patience: c.Patience, Mail: c.Mail,
		Faults: s.faults, Log: log})
	if err != nil {
		return nil, nil, errors.Join(err, rec.Close())
	}
	ctl := control.New(control.Config{Store: db, Jobs: runner, Clock: ticking, Recorder: rec, Cloud: cloud, Log: log})
	s.owns(runner.Close)
	s.owns(func() error { ctl.Close(); return nil })
	s.owns(rec.Close)
	if err := ctl.Recover(ctx); err != nil {
		return nil, nil, err
	}
	return ctl, cloud, runner.Start(ctx, ctl)
}

// media builds what clients talk to.
func (s *server) media(c config, ctl *control.Control, log *slog.Logger) error {
	var gate *gateway.Gateway
	in, err := ingest.New(ingest.Config{
		Listen:    net.JoinHostPort("", strconv.Itoa(int(c.ICEPort))),
		PublicIPs: c.ICEAddresses,
		Now:       clock.Media,
		Gone:      func(p ingest.Publisher, reason string) { gate.Gone(p, reason) },
		Log:       log,
	}, room{ctl})
	if err != nil {
		return fmt.Errorf("ice-port: %w", err)
	}
	gate = gateway.New(gateway.Config{Control: ctl, Ingest: in, Log: log})
	s.gateway = gate
	s.owns(func() error { gate.Close(); return nil })
	s.owns(in.Close)
	return nil
}

// room is control as ingest knows it.
type room struct{ *control.Control }

// Published implements [ingest.Room].
func (r room) Published(ctx context.Context, s ingest.Stream) (rtp.Sink, error) {
	return r.Control.Published(ctx, control.Publication{
		ApplicationID: s.ApplicationID, SessionID: s.SessionID, ConnectionID: s.ConnectionID, StreamID: s.StreamID,
		Name: s.Name, VideoType: s.VideoType, LayoutClasses: s.LayoutClasses,
		HasAudio: s.HasAudio, HasVideo: s.HasVideo, At: s.At, KeyFrame: s.KeyFrame,
	})
}
