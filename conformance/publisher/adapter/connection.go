package adapter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// maxUnread limits the messages of a connection that nobody has read yet.
const maxUnread = 1024

// Connect implements publisher.Driver.
func (d *Driver) Connect(ctx context.Context, e publisher.Entry) (*target.Connection, error) {
	return e.Client.Connect(ctx, e.Label, e.Name, e.Session, e.Token, func(ctx context.Context) (target.Link, error) {
		k := &link{driver: d, messages: make(chan []byte, maxUnread), closed: make(chan struct{})}
		d.mu.Lock()
		k.client = d.name("client-")
		d.links[k.client] = k
		d.mu.Unlock()
		c, err := d.command(wire.Connect, e, d.at.Events, e.Values())
		if err != nil {
			return nil, err
		}
		c.Client = k.client
		_, err = d.do(ctx, e.Label, c)
		var refused *target.RefusedError
		if errors.As(err, &refused) {
			return nil, &target.ClosedError{Code: refused.Status, Err: refused.Err}
		}
		return k, err
	})
}

// command returns a command about a client, which is carried out at an endpoint.
func (d *Driver) command(do string, e publisher.Entry, at config.Endpoint, v config.Values) (wire.Command, error) {
	c := wire.Command{Do: do, URL: e.Client.Base, ApplicationID: e.Client.App.ID, APIKey: e.Client.App.APIKey, SessionID: e.Session, Token: e.Token,
		Name: e.Name, Scenario: e.Client.Scenario}
	var err error
	c.At = &wire.Endpoint{Method: at.Method, Headers: map[string]string{}}
	if c.At.URL, err = at.Address(v); err != nil {
		return c, err
	}
	header, err := at.Header(v)
	for name := range header {
		c.At.Headers[name] = header.Get(name)
	}
	if err == nil {
		c.At.Protocols, err = at.Subprotocols(v)
	}
	return c, err
}

// link is the connection of a client at the adapter.
type link struct {
	driver     *Driver
	client     string
	connection string // its id, once the first message told it; d.mu guards it
	messages   chan []byte
	once       sync.Once
	closed     chan struct{} // closed when no message will follow
	err        error         // why; set before closed is closed
}

func (k *link) take(l wire.Line) error {
	if l.Event == wire.Closed {
		code := l.Code
		if code == 0 {
			code = -1
		}
		k.close(&target.ClosedError{Code: code, Err: fmt.Errorf("closed: %s", l.Text)})
		return nil
	}
	if k.connection == "" {
		var first target.Message
		_ = json.Unmarshal(l.Message, &first) // without a connectionId the connection fails
		k.connection = first.ConnectionID
	}
	select {
	case k.messages <- []byte(l.Message):
		return nil
	default:
		return fmt.Errorf("more than %d messages of %s that wait to be read", maxUnread, k.client)
	}
}

func (k *link) close(err error) {
	k.once.Do(func() {
		k.err = err
		close(k.closed)
	})
}

// Read implements target.Link.
func (k *link) Read() ([]byte, error) {
	select {
	case b := <-k.messages:
		return b, nil
	default:
	}
	select {
	case b := <-k.messages:
		return b, nil
	case <-k.closed:
		select {
		case b := <-k.messages: // it came before
			return b, nil
		default:
			return nil, k.err
		}
	case <-k.driver.gone:
		return nil, k.driver.err
	}
}

// Leave implements target.Link.
func (k *link) Leave() { k.end(wire.Disconnect) }

// Drop implements target.Link.
func (k *link) Drop() { k.end(wire.Vanish) }

// end waits for the adapter: what its client says must be on its way before anything else is done.
func (k *link) end(do string) {
	_, err := k.driver.do(context.Background(), "", wire.Command{Do: do, Client: k.client})
	if err == nil {
		err = errors.New("ended by the client")
	}
	k.close(err)
}
