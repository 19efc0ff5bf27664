package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
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

// member is a client in a session, or one of several publishers of a client.
type member struct {
	f       *flow
	name    string
	session string
	token   string
	classes []string           // of the token
	conn    *target.Connection // nil: the client has no events connection and is there while it publishes
	pub     publisher.Publication
	pubs    int
}

// join connects a client to a session with a token of the flow's identity.
func (f *flow) join(ctx context.Context, session, name string) (*member, error) {
	return f.joinWith(ctx, session, name, target.ClientToken{Kind: f.tokens()})
}

// tokens is the kind of client token of the flow's identity.
func (f *flow) tokens() target.TokenKind {
	if f.as.Identity == target.AsLegacy {
		return target.T1Token
	}
	return target.JWTToken
}

// alone has one client in a new session, who publishes; video or audio may be "".
func (f *flow) alone(ctx context.Context, video, audio string) (session string, alice *member, err error) {
	if session, err = f.session(ctx, "session"); err != nil {
		return "", nil, err
	}
	if alice, err = f.join(ctx, session, "alice"); err != nil {
		return "", nil, err
	}
	return session, alice, alice.publish(ctx, video, audio)
}

func (f *flow) joinWith(ctx context.Context, session, name string, t target.ClientToken) (*member, error) {
	m, err := f.guest(session, name, t)
	if err != nil {
		return nil, err
	}
	if m.conn, err = f.as.Connect(ctx, "join."+name, name, session, m.token); err != nil {
		return nil, err
	}
	f.undo = append(f.undo, func(context.Context) error { m.conn.Leave(); return nil })
	return m, nil
}

// guest is a client that only publishes.
func (f *flow) guest(session, name string, t target.ClientToken) (*member, error) {
	t.SessionID, t.Data = session, "name="+name
	token, err := f.as.App.Mint(t, time.Now())
	return &member{f: f, name: name, session: session, token: token, classes: t.Classes}, err
}

// another is a second publisher of the same client.
func (m *member) another(name string) *member {
	return &member{f: m.f, name: name, session: m.session, token: m.token, classes: m.classes, conn: m.conn}
}

// kind is what a client says of it when it publishes.
type kind struct {
	videoType, classes string
}

// publish begins to publish; the label is publish.{name}, with a number from the second time on.
func (m *member) publish(ctx context.Context, video, audio string) error {
	return m.publishAs(ctx, kind{}, video, audio)
}

func (m *member) publishAs(ctx context.Context, k kind, video, audio string) error {
	m.pubs++
	label := "publish." + m.name
	if m.pubs > 1 {
		label = fmt.Sprintf("%s.%d", label, m.pubs)
	}
	o := publisher.Options{
		Client: m.f.as.Client, Label: label, Name: m.name, Session: m.session, Token: m.token,
		StreamName: m.name, VideoType: k.videoType, Classes: k.classes, TokenClasses: m.classes, Video: video, Audio: audio,
	}
	if m.conn != nil {
		o.ConnectionID = m.conn.ID
	}
	pub, err := m.f.Publisher.Publish(ctx, o)
	if err != nil {
		return err
	}
	m.pub = pub
	m.f.undo = append(m.f.undo, func(ctx context.Context) error {
		if m.pub != pub {
			return nil // stopped by the flow
		}
		return pub.Abandon()
	})
	return nil
}

// unpublish stops publishing.
func (m *member) unpublish(ctx context.Context) error {
	if m.pub == nil {
		return errors.New("internal error: " + m.name + " does not publish")
	}
	pub := m.pub
	m.pub = nil
	return pub.Stop(ctx, fmt.Sprintf("unpublish.%s", m.name))
}

// leave closes the client's connection; what it publishes ends with it.
func (m *member) leave() error {
	if m.conn != nil {
		m.conn.Leave()
	}
	if m.pub == nil {
		return nil
	}
	pub := m.pub
	m.pub = nil
	return pub.Abandon()
}
