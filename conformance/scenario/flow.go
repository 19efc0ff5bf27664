package scenario

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/queue"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Flow is one run of a scenario, with its application and everything that it created.
type Flow struct {
	Env
	Scenario Scenario
	As       target.As // makes calls as the flow's own application
	Place    Place     // where its archives are uploaded
	Clock    *clock.Clock
	undo     []func(context.Context) error
	Resumed  bool // takes a look that another run has pledged
	looks    *queue.Queue
	release  func() // gives its media slots back; it may be called more than once
}

// Blocked returns the error that ends the flow because of the record with that label.
func Blocked(label, format string, args ...any) error {
	return &BlockedError{Label: label, Text: fmt.Sprintf(format, args...)}
}

// InTurn runs the phases of a flow one after the other, until one fails.
func InTurn(ctx context.Context, phases ...func(context.Context) error) error {
	for _, phase := range phases {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Silent gives the flow's media slots back. The flow must not publish or record anything after it.
func (f *Flow) Silent() {
	if !f.Target.File.Has(config.Control) { // one that runs alone must wait for the end of the flow
		return
	}
	f.release()
}

// Idle is Silent for a flow that from now on only looks at its own archives, so that others may use its application.
func (f *Flow) Idle() { f.release() }

// Note writes a line of text into the timeline.
func (f *Flow) Note(label, text string) error {
	return f.Append(evidence.Record{Label: label, Step: &evidence.Step{Outcome: evidence.Note, Text: text}})
}

// Append writes a record of this scenario.
func (f *Flow) Append(r evidence.Record) error {
	r.Scenario = f.Scenario.Name
	_, err := f.Journal.Append(r)
	return err
}

// Session creates a routed session, the only kind that can be recorded.
func (f *Flow) Session(ctx context.Context, label string) (string, error) {
	return f.SessionOf(ctx, label, url.Values{"p2p.preference": {"disabled"}})
}

// SessionOf creates a session with the given form.
func (f *Flow) SessionOf(ctx context.Context, label string, form url.Values) (string, error) {
	a, id, err := f.As.CreateSession(ctx, label, form)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", Blocked(label, "creating a session answered %s, without a session id", a.Describe())
	}
	if f.Hooks != nil {
		f.Hooks.Own(id, f.Scenario.Name)
	}
	return id, nil
}

// Started is an archive that the target reported as started.
type Started struct {
	ID      string
	Session string
	// Took is the duration of the start call. The file's time begins at an unknown moment within it, so a flow must let
	// each change last longer than that for a check to tell the changes apart.
	Took time.Duration
}

// Start starts an archive. Any answer but 200 with an id blocks the flow.
func (f *Flow) Start(ctx context.Context, label, session string, options map[string]any) (Started, error) {
	body := map[string]any{"sessionId": session}
	for k, v := range options {
		body[k] = v
	}
	a, err := f.As.Start(ctx, label, body)
	if err != nil {
		return Started{}, err
	}
	id := a.String("id")
	if a.Status != 200 || id == "" {
		return Started{}, Blocked(label, "starting an archive answered %s", a.Describe())
	}
	if f.Store != nil {
		f.Store.Own(id, f.Scenario.Name)
	}
	return Started{ID: id, Session: session, Took: a.Exchange.Duration}, nil
}

// Record starts an archive, lets it run for the time long and stops it. The labels begin with prefix.
func (f *Flow) Record(ctx context.Context, prefix, session string, options map[string]any, long time.Duration) (Started, error) {
	a, err := f.Start(ctx, prefix+"start", session, options)
	if err != nil {
		return a, err
	}
	if err := clock.Sleep(ctx, long); err != nil {
		return a, err
	}
	return a, f.Stop(ctx, prefix+"stop", a.ID)
}

// Stop stops an archive. Any answer but 200 blocks the flow.
func (f *Flow) Stop(ctx context.Context, label, id string) error {
	a, err := f.As.Stop(ctx, label, id, nil)
	if err == nil && a.Status != 200 {
		err = Blocked(label, "stopping the archive answered %s", a.Describe())
	}
	return err
}
