package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// adapter has the clients that were asked for. They write what they see to a journal of the adapter's own, under the names
// that the suite gave them, and the adapter passes that on.
type adapter struct {
	driver  publisher.WHIP
	folder  string
	journal *evidence.Journal
	wake    <-chan struct{}
	release func()
	quit    chan struct{}
	running sync.WaitGroup // commands
	passing sync.WaitGroup // the goroutines that pass on what comes without a command

	writing sync.Mutex
	out     io.Writer
	passed  int   // records of the journal that were passed on
	failed  error // of out

	mu           sync.Mutex
	connections  map[string]*target.Connection
	publications map[string]publisher.Publication
	ending       map[string]bool // publications that a command ends
}

func open(out io.Writer) (*adapter, error) {
	folder, err := os.MkdirTemp("", "whip-adapter-")
	if err != nil {
		return nil, err
	}
	a := &adapter{folder: folder, out: out, quit: make(chan struct{}), connections: map[string]*target.Connection{},
		publications: map[string]publisher.Publication{}, ending: map[string]bool{}}
	if a.journal, err = evidence.Create(folder+"/journal", evidence.About{}, nil); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	hello := wire.Line{Event: wire.Hello, Protocol: wire.Version, Name: "whip-adapter"}
	for _, can := range config.Abilities {
		hello.Can = append(hello.Can, string(can))
	}
	a.say(hello)
	a.wake, a.release = a.journal.Watch()
	a.passing.Go(a.pass)
	return a, nil
}

// close ends all clients.
func (a *adapter) close() error {
	a.running.Wait()
	a.mu.Lock()
	var errs []error
	for name, p := range a.publications {
		a.ending[name] = true
		errs = append(errs, p.Abandon())
	}
	for _, k := range a.connections {
		k.Vanish()
	}
	a.mu.Unlock()
	close(a.quit)
	a.passing.Wait()
	a.release()
	return errors.Join(append(errs, a.failed, a.journal.Close(), os.RemoveAll(a.folder))...)
}

// obey does what a command says. It returns the answer but for its ID.
func (a *adapter) obey(ctx context.Context, c wire.Command) (wire.Line, error) {
	a.mu.Lock()
	pub, conn := a.publications[c.Publication], a.connections[c.Client]
	if c.Do == wire.Unpublish || c.Do == wire.Abandon {
		a.ending[c.Publication] = true
	}
	a.mu.Unlock()
	switch c.Do {
	case wire.Connect:
		return wire.Line{}, a.connect(ctx, c)
	case wire.Publish:
		return a.publish(ctx, c)
	case wire.Disconnect, wire.Vanish:
		if conn == nil {
			return wire.Line{}, fmt.Errorf("unknown client %q", c.Client)
		}
		if c.Do == wire.Disconnect {
			conn.Leave()
		} else {
			conn.Vanish()
		}
		return wire.Line{}, nil
	}
	if pub == nil {
		return wire.Line{}, fmt.Errorf("%s: unknown publication %q", c.Do, c.Publication)
	}
	switch c.Do {
	case wire.Unpublish:
		return wire.Line{}, pub.Stop(ctx, c.Do)
	case wire.Abandon:
		return wire.Line{}, pub.Abandon()
	case wire.Mute:
		return wire.Line{}, pub.Mute(c.Kind, c.Muted != nil && *c.Muted)
	case wire.Switch:
		if c.Video == nil {
			return wire.Line{}, errors.New("switch: no video")
		}
		return wire.Line{}, pub.Switch(c.Video.Fixture)
	case wire.Cut:
		return wire.Line{}, pub.Disconnect()
	case wire.Restore:
		return wire.Line{}, pub.Reconnect(ctx, c.Do)
	}
	return wire.Line{}, fmt.Errorf("unknown command %q", c.Do)
}

func (a *adapter) client(c wire.Command) *target.Client {
	return &target.Client{Base: c.URL, App: target.App{ID: c.ApplicationID, APIKey: c.APIKey}, Scenario: c.Scenario, Journal: a.journal}
}

func (a *adapter) connect(ctx context.Context, c wire.Command) error {
	k, err := a.driver.Connect(ctx, publisher.Entry{Client: a.client(c), Label: c.Do, Name: c.Client, Session: c.SessionID, Token: c.Token})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.connections[c.Client] = k
	return nil
}

func (a *adapter) publish(ctx context.Context, c wire.Command) (wire.Line, error) {
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	o := publisher.Options{
		Client: a.client(c), Label: c.Do, Name: c.Publication, Session: c.SessionID, Token: c.Token, ConnectionID: c.ConnectionID,
		StreamName: c.Name, VideoType: c.VideoType, Classes: c.Classes,
		VideoLag: ms(c.VideoLag), AudioLag: ms(c.AudioLag), ReportsAfter: ms(c.ReportsAfter),
	}
	if c.Video != nil {
		o.Video = c.Video.Fixture
	}
	if c.Audio != nil {
		o.Audio = c.Audio.Fixture
	}
	for _, m := range c.Switches {
		o.Switches = append(o.Switches, m.Fixture)
	}
	pub, err := a.driver.Publish(ctx, o)
	if err != nil {
		return wire.Line{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.publications[c.Publication] = pub
	a.passing.Go(func() { // close ends it with the publication
		<-pub.Ended()
		a.mu.Lock()
		meant := a.ending[c.Publication]
		a.mu.Unlock()
		if !meant {
			a.say(wire.Line{Event: wire.Ended, Publication: c.Publication, Text: "peer"})
		}
	})
	return wire.Line{StreamID: pub.StreamID()}, nil
}

// answer answers a command, after everything that was seen before.
func (a *adapter) answer(c wire.Command, l wire.Line, err error) {
	l.ID = c.ID
	if err != nil {
		l.Error = err.Error()
		if refused := (*target.RefusedError)(nil); errors.As(err, &refused) {
			l.Refused, l.Status = true, refused.Status
		}
	}
	a.say(l)
}

// pass passes on what the clients see.
func (a *adapter) pass() {
	for {
		select {
		case <-a.wake:
			a.say()
		case <-a.quit:
			return
		}
	}
}

// say passes on what is in the journal, and then the lines.
func (a *adapter) say(lines ...wire.Line) {
	a.writing.Lock()
	defer a.writing.Unlock()
	v := a.journal.View()
	for _, r := range v.Records[a.passed:] {
		if l, ok := lineOf(v, r); ok {
			a.write(l)
		}
	}
	a.passed = len(v.Records)
	for _, l := range lines {
		a.write(l)
	}
}

func (a *adapter) write(l wire.Line) {
	b, err := wire.Encode(l)
	if err == nil {
		_, err = a.out.Write(b)
	}
	if a.failed == nil {
		a.failed = err
	}
}

// lineOf returns the line for a record, if there is one.
func lineOf(v evidence.View, r evidence.Record) (wire.Line, bool) {
	switch {
	case r.Published != nil:
		return wire.Line{Event: wire.Track, Publication: r.Published.Client, Track: r.Published}, true
	case r.Harness != nil:
		_, about, _ := strings.Cut(r.Label, ".") // published.NAME.video
		name, _, _ := strings.Cut(about, ".")
		return wire.Line{Event: wire.Trouble, Publication: name, Text: r.Harness.Message}, true
	case r.Client != nil && r.Client.Event == "message":
		b, err := v.Bytes(r.Client.Body)
		if err != nil {
			return wire.Line{Event: wire.Trouble, Text: err.Error()}, true
		}
		if !json.Valid(b) {
			b, _ = json.Marshal(string(b)) // a string always can be written
		}
		return wire.Line{Event: wire.Message, Client: r.Client.Name, Message: b}, true
	case r.Client != nil && r.Client.Event == "close":
		return wire.Line{Event: wire.Closed, Client: r.Client.Name, Code: r.Client.CloseCode, Text: r.Client.Body.Text}, true
	}
	return wire.Line{}, false
}
