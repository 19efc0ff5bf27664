package scenario

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Flow is one run of a scenario: its application, and what it created.
type Flow struct {
	Env
	Scenario Scenario
	As       target.As // the calls of the flow's own application
	Place    Place     // where its archives are uploaded
	undo     []func(context.Context) error
	looks    looks
	release  func() // gives its media slots back; may be called more than once
}

// Blocked ends the flow because of the record with that label.
func Blocked(label, format string, args ...any) error {
	return &BlockedError{Label: label, Text: fmt.Sprintf(format, args...)}
}

// InTurn goes through the phases of a flow, until one fails.
func InTurn(ctx context.Context, phases ...func(context.Context) error) error {
	for _, phase := range phases {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Silent gives the flow's media slots back: it publishes and records nothing any more.
func (f *Flow) Silent() {
	if f.Target.File.Has(config.Control) { // on a prepared application nobody else may begin before the flow has ended
		f.release()
	}
}

// Note writes a line of narrative.
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

// SessionOf creates a session as the form says.
func (f *Flow) SessionOf(ctx context.Context, label string, form url.Values) (string, error) {
	a, id, err := f.As.CreateSession(ctx, label, form)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", Blocked(label, "creating a session answered %d without a session id", a.Status)
	}
	if f.Hooks != nil {
		f.Hooks.Own(id, f.Scenario.Name)
	}
	return id, nil
}

// Started is an archive that the target said it started.
type Started struct {
	ID      string
	Session string
	// Took is how long the call took. Nobody knows when in it the file's time begins, so that changes have to be recorded for as
	// much longer to be told apart.
	Took time.Duration
}

// Start starts an archive; anything but 200 with an id blocks the flow.
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
		return Started{}, Blocked(label, "starting an archive answered %s", Describe(a))
	}
	return Started{ID: id, Session: session, Took: a.Exchange.Duration}, nil
}

// Record makes an archive of that length; its labels begin with prefix.
func (f *Flow) Record(ctx context.Context, prefix, session string, options map[string]any, long time.Duration) (Started, error) {
	a, err := f.Start(ctx, prefix+"start", session, options)
	if err != nil {
		return a, err
	}
	if err := Sleep(ctx, long); err != nil {
		return a, err
	}
	return a, f.Stop(ctx, prefix+"stop", a.ID)
}

// Describe says what was answered, for a flow that it blocks.
func Describe(a target.Answer) string {
	if a.Status == 0 {
		return "nothing: " + a.Exchange.Error
	}
	text := string(a.Body)
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Sprintf("%d %s", a.Status, text)
}

// Stop stops an archive; anything but 200 blocks the flow.
func (f *Flow) Stop(ctx context.Context, label, id string) error {
	a, err := f.As.Stop(ctx, label, id, nil)
	if err == nil && a.Status != 200 {
		err = Blocked(label, "stopping the archive answered %s", Describe(a))
	}
	return err
}

// Sleep lets real time pass while media flows or something is watched.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
