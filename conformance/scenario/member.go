package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
)

// Member is a client in a session, or one of several publishers of a client.
type Member struct {
	Name    string
	Session string
	Conn    *target.Connection    // nil: the client has no events connection and is there while it publishes
	Pub     publisher.Publication // nil while it publishes nothing

	f       *Flow
	token   string
	classes []string // of the token
	data    string   // of the connection, from the token
	pubs    int      // how often it has published
}

// Join connects a client to a session; its token gives these classes to what it publishes.
func (f *Flow) Join(ctx context.Context, session, name string, classes ...string) (*Member, error) {
	return f.JoinSaying(ctx, session, name, "name="+name, classes...)
}

// JoinSaying is Join for a client whose connection has these data.
func (f *Flow) JoinSaying(ctx context.Context, session, name, data string, classes ...string) (*Member, error) {
	m, err := f.guest(session, name, data, classes...)
	if err != nil {
		return nil, err
	}
	if m.Conn, err = f.As.Connect(ctx, "join."+name, name, session, m.token); err != nil {
		return nil, err
	}
	f.undo = append(f.undo, func(context.Context) error { m.Conn.Leave(); return nil })
	return m, nil
}

// Guest is a client that only publishes.
func (f *Flow) Guest(session, name string, classes ...string) (*Member, error) {
	return f.guest(session, name, "name="+name, classes...)
}

func (f *Flow) guest(session, name, data string, classes ...string) (*Member, error) {
	kind := target.JWTToken
	if f.As.Identity == evidence.AsLegacy {
		kind = target.T1Token
	}
	token, err := f.As.App.Mint(target.ClientToken{Kind: kind, SessionID: session, Data: data, Classes: classes}, time.Now())
	return &Member{f: f, Name: name, Session: session, token: token, classes: classes, data: data}, err
}

// Client is what a client of a flow has to do: join and publish. Media are named as in the fixtures; "" is none.
type Client struct {
	Name, Video, Audio string
	Token              []string // the classes that its token gives
	Data               string   // of its connection; "" for its name
	Kind
}

// JoinAll has the clients join a new session and publish, one after the other.
func (f *Flow) JoinAll(ctx context.Context, clients ...Client) (session string, members []*Member, err error) {
	if session, err = f.Session(ctx, "session"); err != nil {
		return "", nil, err
	}
	for _, c := range clients {
		if c.Data == "" {
			c.Data = "name=" + c.Name
		}
		m, err := f.JoinSaying(ctx, session, c.Name, c.Data, c.Token...)
		if err != nil {
			return "", nil, err
		}
		if err := m.PublishAs(ctx, c.Kind, c.Video, c.Audio); err != nil {
			return "", nil, err
		}
		members = append(members, m)
	}
	return session, members, nil
}

// Alone has one client, alice, join a new session and publish.
func (f *Flow) Alone(ctx context.Context, video, audio string) (session string, alice *Member, err error) {
	session, members, err := f.JoinAll(ctx, Client{Name: "alice", Video: video, Audio: audio})
	if err != nil {
		return "", nil, err
	}
	return session, members[0], nil
}

// Another is a second publisher of the same client.
func (m *Member) Another(name string) *Member {
	return &Member{f: m.f, Name: name, Session: m.Session, token: m.token, classes: m.classes, data: m.data, Conn: m.Conn}
}

// Kind is what a client says of what it publishes.
type Kind struct {
	VideoType, Classes string
	// VideoLag and what follows are those of [publisher.Options].
	VideoLag, AudioLag, ReportsAfter time.Duration
	Switches                         []string
}

// Publish begins to publish; the label is publish.{name}, with a number from the second time on.
func (m *Member) Publish(ctx context.Context, video, audio string) error {
	return m.PublishAs(ctx, Kind{}, video, audio)
}

// PublishAs is Publish for a client that says more of what it publishes.
func (m *Member) PublishAs(ctx context.Context, k Kind, video, audio string) error {
	m.pubs++
	label := "publish." + m.Name
	if m.pubs > 1 {
		label = fmt.Sprintf("%s.%d", label, m.pubs)
	}
	o := publisher.Options{
		Client: m.f.As.Client, Label: label, Name: m.Name, Session: m.Session, Token: m.token,
		StreamName: m.Name, VideoType: k.VideoType, Classes: k.Classes, TokenClasses: m.classes, ConnectionData: m.data,
		Video: video, Audio: audio,
		VideoLag: k.VideoLag, AudioLag: k.AudioLag, ReportsAfter: k.ReportsAfter, Switches: k.Switches,
	}
	if m.Conn != nil {
		o.ConnectionID = m.Conn.ID
	}
	pub, err := m.f.Publisher.Publish(ctx, o)
	if err != nil {
		return err
	}
	m.Pub = pub
	m.f.undo = append(m.f.undo, func(ctx context.Context) error {
		if m.Pub != pub {
			return nil // stopped by the flow
		}
		return pub.Abandon()
	})
	return nil
}

// Disconnect takes the network away from what the client publishes.
func (m *Member) Disconnect() error {
	if m.Pub == nil {
		return errors.New("internal error: " + m.Name + " does not publish")
	}
	return m.Pub.Disconnect()
}

// Reconnect gives it back, with an ICE restart; the label is reconnect.{name}.
func (m *Member) Reconnect(ctx context.Context) error {
	if m.Pub == nil {
		return errors.New("internal error: " + m.Name + " does not publish")
	}
	return m.Pub.Reconnect(ctx, "reconnect."+m.Name)
}

// Unpublish stops publishing.
func (m *Member) Unpublish(ctx context.Context) error {
	if m.Pub == nil {
		return errors.New("internal error: " + m.Name + " does not publish")
	}
	pub := m.Pub
	m.Pub = nil
	return pub.Stop(ctx, fmt.Sprintf("unpublish.%s", m.Name))
}

// Leave closes the client's connection; what it publishes ends with it.
func (m *Member) Leave() error {
	if m.Conn != nil {
		m.Conn.Leave()
	}
	if m.Pub == nil {
		return nil
	}
	pub := m.Pub
	m.Pub = nil
	return pub.Abandon()
}
