package scenario

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

// flow is one run of a scenario: its application, and what it created.
type flow struct {
	Env
	scenario Scenario
	as       target.As // the calls of the flow's own application
	place    place     // where its archives are uploaded
	undo     []func(context.Context) error
	looking  chan struct{} // held while forensics run
}

// blocked ends the flow because of the record with that label.
func blocked(label, format string, args ...any) error {
	return &BlockedError{Label: label, Text: fmt.Sprintf(format, args...)}
}

// note writes a line of narrative.
func (f *flow) note(label, text string, values map[string]any) error {
	return f.append(evidence.Record{Label: label, Step: &evidence.Step{Outcome: evidence.Note, Text: text, Values: values}})
}

// append writes a record of this scenario.
func (f *flow) append(r evidence.Record) error {
	r.Scenario = f.scenario.Name
	_, err := f.Journal.Append(r)
	return err
}

// session creates a routed session, the only kind that can be recorded.
func (f *flow) session(ctx context.Context, label string) (string, error) {
	return f.sessionOf(ctx, label, url.Values{"p2p.preference": {"disabled"}})
}

// sessionOf creates a session as the form says.
func (f *flow) sessionOf(ctx context.Context, label string, form url.Values) (string, error) {
	a, id, err := f.as.CreateSession(ctx, label, form)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", blocked(label, "creating a session answered %d without a session id", a.Status)
	}
	if f.Hooks != nil {
		f.Hooks.Own(id, f.scenario.Name)
	}
	return id, nil
}

// started is an archive that the target said it started.
type started struct {
	ID      string
	Session string
	At      time.Time // when the answer had arrived
}

// start starts an archive; anything but 200 with an id blocks the flow.
func (f *flow) start(ctx context.Context, label, session string, options map[string]any) (started, error) {
	body := map[string]any{"sessionId": session}
	for k, v := range options {
		body[k] = v
	}
	a, err := f.as.Start(ctx, label, body)
	if err != nil {
		return started{}, err
	}
	id := a.String("id")
	if a.Status != 200 || id == "" {
		return started{}, blocked(label, "starting an archive answered %s", describe(a))
	}
	return started{ID: id, Session: session, At: time.Now()}, nil
}

// record makes an archive of that length; its labels begin with prefix.
func (f *flow) record(ctx context.Context, prefix, session string, options map[string]any, long time.Duration) (started, error) {
	a, err := f.start(ctx, prefix+"start", session, options)
	if err != nil {
		return a, err
	}
	if err := sleep(ctx, long); err != nil {
		return a, err
	}
	return a, f.stop(ctx, prefix+"stop", a.ID)
}

func describe(a target.Answer) string {
	if a.Status == 0 {
		return "nothing: " + a.Exchange.Error
	}
	text := string(a.Body)
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Sprintf("%d %s", a.Status, text)
}

// stop stops an archive; anything but 200 blocks the flow.
func (f *flow) stop(ctx context.Context, label, id string) error {
	a, err := f.as.Stop(ctx, label, id, nil)
	if err == nil && a.Status != 200 {
		err = blocked(label, "stopping the archive answered %s", describe(a))
	}
	return err
}

// sleep lets real time pass while media flows or something is watched.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
