package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/forensics"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/adapter"
	"reelcheck/conformance/publisher/browser"
	"reelcheck/conformance/publisher/command"
	"reelcheck/conformance/report"
	"reelcheck/conformance/runner/liveness"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/target/schema"
	"reelcheck/fixtures"
	"reelcheck/spec"
)

// environment holds everything that a run needs: the target, the sinks, the evidence, and the running scenarios.
type environment struct {
	target  *launch.Target
	journal *evidence.Journal
	life    *liveness.Watch
	hooks   *sink.Webhooks
	store   *sink.Store
	azure   *sink.Azure
	clients publisher.Driver
	mail    *sink.Mailbox // a launched target gets its address, so it opens first

	mu     sync.Mutex
	ending map[string]chan struct{} // by scenario; closed just before the scenario's last step is written
	done   chan struct{}            // closed when all scenarios have ended and err is set
	err    error
}

// openEnvironment starts what the run needs. A *target.UnreachableError means that the target or a part of the
// environment is missing. On an error it closes what it had opened.
func openEnvironment(ctx context.Context, o Options, p Plan, selected Selection) (*environment, error) {
	s := &environment{ending: map[string]chan struct{}{}, done: make(chan struct{})}
	for _, sc := range p.Scenarios {
		s.ending[sc.Name] = make(chan struct{})
	}
	var err error
	if s.mail, err = sink.ListenMail(p.File.Sinks.Mail.Listen); err != nil {
		return nil, &launch.UnreachableError{What: "environment", Err: err}
	}
	if s.target, err = launch.Start(ctx, p.File, s.mail.Address, o.Out); err == nil {
		err = liveness.Reach(ctx, s.target.Credentials.URL)
	}
	if err == nil {
		err = s.open(ctx, o, p, selected)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *environment) open(ctx context.Context, o Options, p Plan, selected Selection) (err error) {
	head := evidence.About{Suite: "conform " + o.Version, Run: o.RunID, Target: o.about(p, s.target).Head(), Selection: selected.List(), Strict: o.Strict}
	if len(head.Selection) > 0 {
		head.Clauses = p.ids()
	}
	began := o.Now()
	if s.journal, err = evidence.Create(filepath.Join(o.Out, EvidenceDir), head, nil); err != nil {
		return err
	}
	s.life = &liveness.Watch{Target: s.target, Journal: s.journal, Began: began, Patience: liveness.Patience(p.File)}
	for _, secret := range p.File.Secrets {
		s.journal.Redact(secret.Name, secret.Value)
	}
	s.journal.Redact("control token", s.target.Credentials.ControlToken)
	s.journal.Redact("api secret", s.target.Credentials.APISecret)
	s.mail.Serve(s.journal)
	if s.hooks, err = sink.OpenWebhooks(ctx, p.File.Sinks.Webhook, s.journal); err == nil && p.File.Has(config.S3) {
		if s.store, err = sink.OpenStore(ctx, p.File.Sinks.S3, filepath.Join(o.Out, "s3"), s.journal); err == nil {
			err = s.store.Readable(ctx)
		}
	}
	if err == nil && p.File.Has(config.Azure) {
		if s.azure, err = sink.OpenAzure(ctx, p.File.Sinks.Azure, filepath.Join(o.Out, "azure"), s.journal); err == nil {
			err = s.azure.Readable(ctx)
		}
	}
	if err == nil {
		s.clients, err = Driver(ctx, p.File.Publisher, o.Out, s.journal)
	}
	if d, ok := s.clients.(*adapter.Driver); ok {
		s.life.Clients = d.Gone()
	}
	if err != nil {
		return &launch.UnreachableError{What: "environment", Err: err}
	}
	return nil
}

// drive starts the scenarios and returns at once. await and done tell when they end.
func (s *environment) drive(ctx context.Context, o Options, p Plan) error {
	schema, err := schema.New(spec.OpenAPI)
	if err != nil {
		return err
	}
	manifest, err := fixtures.Load()
	if err != nil {
		return err
	}
	env := scenario.Env{
		Target: s.target, Journal: s.journal, Schema: schema, Hooks: s.hooks, Store: s.store, Azure: s.azure, Mail: s.mail, Publisher: s.clients, RunID: o.RunID, Slots: slotsOf(p.File.Publisher),
		Forensics: func(ctx context.Context, path string) (json.RawMessage, error) {
			return s.forensics(ctx, path, manifest)
		},
		Progress: func(pr scenario.Progress) {
			o.Progress.Scenario(pr)
			s.note(pr)
		},
	}
	go func() { // close waits for done
		defer close(s.done)
		s.err = s.life.During(ctx, func(ctx context.Context) error { return scenario.Run(ctx, env, p.Scenarios) })
	}()
	return nil
}

// Driver starts what the clients of a target are driven by.
func Driver(ctx context.Context, p config.Publisher, out string, j *evidence.Journal) (publisher.Driver, error) {
	switch p.Driver {
	case config.WHIPDriver, "":
		return publisher.WHIP{At: p.WHIP}, nil
	case config.CommandDriver:
		return opened(command.Start(ctx, p, out, j))
	case config.BrowserDriver:
		return opened(browser.Start(ctx, p, out, j))
	}
	return nil, fmt.Errorf("internal error: unknown publisher driver %q", p.Driver)
}

// opened returns no driver with an error. A nil *adapter.Driver would be a driver that is not nil.
func opened(d *adapter.Driver, err error) (publisher.Driver, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

// slotsOf returns the number of media slots in use at a time; 0 means the default.
func slotsOf(p config.Publisher) int {
	if p.Driver == config.BrowserDriver {
		return browser.Slots * runtime.NumCPU()
	}
	return 0
}

// note receives the progress of the scenarios. It marks a scenario that is about to write its last step.
func (s *environment) note(pr scenario.Progress) {
	if pr.Outcome == evidence.Began || pr.Outcome == evidence.Note {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.ending[pr.Scenario]; c != nil {
		select {
		case <-c:
		default:
			close(c)
		}
	}
}

// await returns when the last steps of the scenarios are in the evidence, or when no more evidence will come, and when there is
// no doubt whether the target lives: of one that is gone no scenario tells anything.
func (s *environment) await(ctx context.Context, names []string) error {
	wake, release := s.journal.Watch()
	defer release()
	for _, name := range names {
		s.mu.Lock()
		c := s.ending[name]
		s.mu.Unlock()
		for c != nil && !over(s.journal.View(), name) {
			select {
			case <-c:
				select { // its last step is about to be written
				case <-wake:
				case <-s.done:
					c = nil
				case <-ctx.Done():
					return ctx.Err()
				}
			case <-s.done:
				c = nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	_, err := s.life.Gone(ctx)
	return err
}

// cutOff reports whether the evidence says that the target or the adapter of the clients ended, or that a cap stopped the run.
func cutOff(v evidence.View) bool { return report.Died(v) != nil || report.Stopped(v) != "" }

// over reports whether a scenario has ended by itself.
func over(v evidence.View, scenario string) bool {
	step, ok := v.Outcome(scenario)
	return ok && !step.Torn() && step.Outcome != evidence.Note
}

// settled returns the evidence of the scenarios that have ended.
func (s *environment) settled() evidence.View {
	v := liveness.Alive(s.journal.View())
	settled := map[string]bool{"": true}
	for _, name := range v.Scenarios() {
		settled[name] = over(v, name)
	}
	return v.Where(func(r *evidence.Record) bool { return settled[r.Scenario] })
}

// whole returns all evidence, without what was seen in scenarios that did not end by themselves.
func (s *environment) whole() evidence.View {
	v := liveness.Alive(s.journal.View())
	return v.Whole(v.Torn())
}

// forensics analyses a media file and stores sample pictures of it as blobs.
func (s *environment) forensics(ctx context.Context, path string, manifest fixtures.Manifest) (json.RawMessage, error) {
	found, err := forensics.Analyze(ctx, path, forensics.Options{Fixtures: manifest, Stills: 3})
	if err != nil {
		return nil, err
	}
	type frame struct {
		At   float64 `json:"at"`
		Blob string  `json:"blob"`
	}
	kept := struct {
		media.Report
		Frames []frame `json:"frames,omitempty"`
	}{Report: found}
	for _, still := range found.Stills {
		b, err := s.journal.Body(still.PNG)
		if err != nil {
			return nil, err
		}
		kept.Frames = append(kept.Frames, frame{still.At, b.SHA256})
	}
	kept.Report.Stills = nil
	return json.Marshal(kept)
}

// close closes everything that was opened: clients, target, sinks, and the journal last.
func (s *environment) close() error {
	var errs []error
	if c, ok := s.clients.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	for _, part := range []struct {
		open bool
		io.Closer
	}{{s.target != nil, s.target}, {s.hooks != nil, s.hooks}, {s.store != nil, s.store}, {s.azure != nil, s.azure}, {s.mail != nil, s.mail},
		{s.journal != nil, s.journal}} {
		if part.open {
			errs = append(errs, part.Close())
		}
	}
	return errors.Join(errs...)
}

// about returns the description of the target for the reports.
func (o Options) about(p Plan, t *launch.Target) report.Target {
	f := p.File
	about := report.Target{Name: f.Name, Organisation: f.Organisation, Product: f.Product, Version: f.Version, Contact: f.Contact,
		URL: t.Credentials.URL, Capabilities: p.capabilities(), TimeMode: string(f.Time)}
	if f.Launch != nil {
		about.Launched = f.Conceal(strings.Join(f.Launch.Command, " "))
	}
	return about
}
