package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Member is a client in a session, or one of the publishers of a client.
type Member struct {
	Name    string
	Session string
	Conn    *target.Connection    // nil: the client has no events connection and is present only while it publishes
	Pub     publisher.Publication // nil while it publishes nothing

	f       *Flow
	token   string
	classes []string // stream classes in its token
	data    string   // connection data in its token
	pubs    int      // number of publications so far
}

// Join connects a client to a session. Its token gives the classes to what it publishes. Where the target has no events,
// the client is there only while it publishes.
func (f *Flow) Join(ctx context.Context, session, name string, classes ...string) (*Member, error) {
	return f.JoinSaying(ctx, session, name, "name="+name, classes...)
}

// JoinSaying is Join with connection data.
func (f *Flow) JoinSaying(ctx context.Context, session, name, data string, classes ...string) (*Member, error) {
	m, err := f.guest(session, name, data, classes...)
	if err != nil || !f.connects() {
		return m, err
	}
	e := publisher.Entry{Client: f.As.Client, Label: "join." + name, Name: name, Session: session, Token: m.token}
	if m.Conn, err = f.Publisher.Connect(ctx, e); err != nil {
		return nil, err
	}
	f.undo = append(f.undo, func(context.Context) error { m.Conn.Leave(); return nil })
	return m, nil
}

// connects reports whether clients can be there without publishing.
func (f *Flow) connects() bool {
	return f.Target.File.Has(config.Events) && slices.Contains(f.Publisher.Can(), config.CanConnect)
}

// Present is Join for a client that has to be there: where the target has no events, it publishes a sound.
func (f *Flow) Present(ctx context.Context, session, name, sound string) (*Member, error) {
	m, err := f.Join(ctx, session, name)
	if err != nil || m.Conn != nil {
		return m, err
	}
	return m, m.Publish(ctx, "", sound)
}

// Guest adds a client that only publishes, without an events connection.
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

// Client describes a client of a flow, which joins and publishes. Video and Audio name fixtures; "" is none.
type Client struct {
	Name, Video, Audio string
	Token              []string // stream classes in its token
	Data               string   // connection data; "" means the client's name
	Kind
}

// JoinAll creates a session and lets the clients join it and publish, one after the other.
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

// Alone creates a session and lets one client, alice, join it and publish.
func (f *Flow) Alone(ctx context.Context, video, audio string) (session string, alice *Member, err error) {
	session, members, err := f.JoinAll(ctx, Client{Name: "alice", Video: video, Audio: audio})
	if err != nil {
		return "", nil, err
	}
	return session, members[0], nil
}

// Another returns a second publisher of the same client.
func (m *Member) Another(name string) *Member {
	return &Member{f: m.f, Name: name, Session: m.Session, token: m.token, classes: m.classes, data: m.data, Conn: m.Conn}
}

// Kind is what a client declares about its publication.
type Kind struct {
	VideoType, Classes string
	// See [publisher.Options] for VideoLag, AudioLag and ReportsAfter.
	VideoLag, AudioLag, ReportsAfter time.Duration
	Switches                         []string
}

// Publish begins to publish. The label is publish.{name}, with a number from the second time on.
func (m *Member) Publish(ctx context.Context, video, audio string) error {
	return m.PublishAs(ctx, Kind{}, video, audio)
}

// PublishAs is Publish with more declared about the publication.
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
			return nil // the flow stopped it
		}
		return pub.Abandon()
	})
	return nil
}

// Disconnect cuts the network of the client's publication.
func (m *Member) Disconnect() error {
	if m.Pub == nil {
		return errors.New("internal error: " + m.Name + " does not publish")
	}
	return m.Pub.Disconnect()
}

// Reconnect restores the network with an ICE restart. The label is reconnect.{name}.
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

// Vanish drops the client's connection and what it publishes without a message.
func (m *Member) Vanish() error {
	if m.Conn != nil {
		m.Conn.Vanish()
	}
	if m.Pub == nil {
		return nil
	}
	pub := m.Pub
	m.Pub = nil
	return pub.Abandon()
}

// Leave closes the client's connection, which ends its publication too. Where the target has no events, the client says that
// it leaves by ending what it publishes.
func (m *Member) Leave(ctx context.Context) error {
	if m.Conn != nil {
		m.Conn.Leave()
	}
	if m.Pub == nil {
		return nil
	}
	pub := m.Pub
	m.Pub = nil
	if !m.f.connects() {
		return pub.Stop(ctx, "leave."+m.Name)
	}
	return pub.Abandon()
}
