package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
)

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

// join connects a client to a session; its token gives these classes to what it publishes.
func (f *flow) join(ctx context.Context, session, name string, classes ...string) (*member, error) {
	m, err := f.guest(session, name, classes...)
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
func (f *flow) guest(session, name string, classes ...string) (*member, error) {
	kind := target.JWTToken
	if f.as.Identity == target.AsLegacy {
		kind = target.T1Token
	}
	token, err := f.as.App.Mint(target.ClientToken{Kind: kind, SessionID: session, Data: "name=" + name, Classes: classes}, time.Now())
	return &member{f: f, name: name, session: session, token: token, classes: classes}, err
}

// part is what a client of a flow has to do: join and publish. Media are named as in the fixtures; "" is none.
type part struct {
	name, video, audio string
	token              []string // the classes that its token gives
	kind
}

// cast has the parts taken, in a new session: one client after the other joins and publishes.
func (f *flow) cast(ctx context.Context, parts ...part) (session string, members []*member, err error) {
	if session, err = f.session(ctx, "session"); err != nil {
		return "", nil, err
	}
	for _, p := range parts {
		m, err := f.join(ctx, session, p.name, p.token...)
		if err != nil {
			return "", nil, err
		}
		if err := m.publishAs(ctx, p.kind, p.video, p.audio); err != nil {
			return "", nil, err
		}
		members = append(members, m)
	}
	return session, members, nil
}

// alone casts one client, alice.
func (f *flow) alone(ctx context.Context, video, audio string) (session string, alice *member, err error) {
	session, members, err := f.cast(ctx, part{name: "alice", video: video, audio: audio})
	if err != nil {
		return "", nil, err
	}
	return session, members[0], nil
}

// another is a second publisher of the same client.
func (m *member) another(name string) *member {
	return &member{f: m.f, name: name, session: m.session, token: m.token, classes: m.classes, conn: m.conn}
}

// kind is what a client says of what it publishes.
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
