package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/text"
)

// maxMessages is how many messages are taken on one connection, far above what a session of a run causes.
const maxMessages = 5_000

// connectWithin limits the wait for a connection and its first message.
const connectWithin = 10 * time.Second

// Message is one event a client received.
type Message struct {
	Type         string `json:"type"`
	ConnectionID string `json:"connectionId"`
	Archive      struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"archive"`
	Stream struct {
		ID string `json:"id"`
	} `json:"stream"`
	Reason string `json:"reason"`
}

// Connection is a client's events connection. The caller must end it with Leave or Vanish.
type Connection struct {
	ID    string // the client's connectionId
	Name  string
	Token string // the client token, for publishing on this connection

	client  *Client
	session string
	link    Link
	done    chan struct{} // closed when the reader has ended
	left    atomic.Bool   // Leave was called before the target closed the connection
	lost    atomic.Bool   // Vanish was called

	mu   sync.Mutex
	seen []Message
	wake chan struct{} // closed and replaced at each message
}

// Link carries the messages of one connection.
type Link interface {
	// Read returns the next message, at most messageLimit bytes. It ends with Leave or Drop. When the target ended the
	// connection, the error is a *ClosedError.
	Read() ([]byte, error)
	// Leave ends the connection properly.
	Leave()
	// Drop ends the connection without a message.
	Drop()
}

// Dial opens the link of a client. ctx limits only that. When the target refuses the client, the error is a *ClosedError
// with the status of its answer.
type Dial func(ctx context.Context) (Link, error)

// ClosedError says that the target refused or ended a connection, and with which code; -1 means none.
type ClosedError struct {
	Code int
	Err  error
}

func (e *ClosedError) Error() string { return e.Err.Error() }
func (e *ClosedError) Unwrap() error { return e.Err }

// RefusedError says that a client could not connect. Its text is the same for every client that could not for the same reason.
type RefusedError struct {
	Label  string
	Status int
	Err    error
}

func (e *RefusedError) Error() string {
	return "client could not connect: " + e.Err.Error()
}
func (e *RefusedError) Unwrap() error { return e.Err }

// Connect opens the connection of a client and waits for its first message. It records a refusal and returns it as a
// *RefusedError. ctx limits only that.
func (c *Client) Connect(ctx context.Context, label, name, session, token string, dial Dial) (*Connection, error) {
	c.Journal.Redact("client token", token)
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	k := &Connection{Name: name, Token: token, client: c, session: session, done: make(chan struct{}), wake: make(chan struct{})}
	link, err := dial(ctx)
	var closed *ClosedError
	if errors.As(err, &closed) {
		ev := &evidence.Client{Name: name, Event: "refused", Body: evidence.Body{Text: text.FirstLine(err.Error())}, CloseCode: closed.Code}
		if _, jerr := k.note(label, ev, nil); jerr != nil {
			return nil, jerr
		}
		return nil, &RefusedError{Label: label, Status: closed.Code, Err: err}
	}
	if err != nil {
		return nil, err
	}
	k.link = link
	if _, err := k.note(label, &evidence.Client{Name: name, Event: "open"}, nil); err != nil {
		link.Drop()
		return nil, err
	}
	go k.read()
	first, err := k.Wait(ctx, func(Message) bool { return true })
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no first message within %v", connectWithin)
	case err == nil && first.ConnectionID == "":
		err = errors.New("first message has no connectionId")
	}
	if err != nil {
		k.Vanish()
		return nil, &RefusedError{Label: label, Err: err}
	}
	return k, nil
}

func (k *Connection) note(label string, ev *evidence.Client, ids map[string]string) (evidence.Record, error) {
	if ids == nil {
		ids = map[string]string{}
	}
	ids[evidence.Session] = k.session
	ids[evidence.Application] = k.client.App.Name()
	if k.ID != "" {
		ids[evidence.Connection], ev.ConnectionID = k.ID, k.ID
	}
	return k.client.Journal.Append(evidence.Record{Scenario: k.client.Scenario, Label: label, IDs: ids, Client: ev})
}

// read records messages until the socket ends. Leave and Vanish wait for it.
func (k *Connection) read() {
	defer close(k.done)
	for n := 0; ; n++ {
		b, err := k.link.Read()
		if err == nil && n == maxMessages {
			k.lost.Store(true)
			k.link.Drop() // the connection is given up, whatever state it is in
			err = fmt.Errorf("more than %d messages", maxMessages)
		}
		if err != nil {
			ev := &evidence.Client{Name: k.Name, Event: "close", CloseCode: -1, Body: evidence.Body{Text: text.FirstLine(err.Error())},
				Left: k.left.Load(), Lost: k.lost.Load()}
			if closed := (*ClosedError)(nil); errors.As(err, &closed) {
				ev.CloseCode = closed.Code
			}
			_, _ = k.note("client."+k.Name+".close", ev, nil) // a journal that fails shows at the next call
			return
		}
		var m Message
		_ = json.Unmarshal(b, &m) // a message that is not JSON is recorded as it is, without a type
		if k.ID == "" {           // set before anyone can see the message, so that Connect returns with it set
			k.ID = m.ConnectionID
		}
		ids := map[string]string{}
		if m.Archive.ID != "" {
			ids[evidence.Archive] = m.Archive.ID
		}
		if m.Stream.ID != "" {
			ids[evidence.Stream] = m.Stream.ID
		}
		body, err := k.client.Journal.Body(b)
		if err == nil {
			_, err = k.note("event."+k.Name, &evidence.Client{Name: k.Name, Event: "message", Type: m.Type, Body: body}, ids)
		}
		if err != nil {
			return
		}
		k.mu.Lock()
		k.seen = append(k.seen, m)
		close(k.wake)
		k.wake = make(chan struct{})
		k.mu.Unlock()
	}
}

// Wait returns the first message, past or future, that want accepts.
func (k *Connection) Wait(ctx context.Context, want func(Message) bool) (Message, error) {
	for i := 0; ; {
		k.mu.Lock()
		seen, wake := k.seen, k.wake
		k.mu.Unlock()
		for ; i < len(seen); i++ {
			if want(seen[i]) {
				return seen[i], nil
			}
		}
		select {
		case <-wake:
		case <-k.done:
			return Message{}, errors.New("events connection ended")
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// Ended is closed when the connection is gone, whoever ended it.
func (k *Connection) Ended() <-chan struct{} { return k.done }

// Leave closes the connection properly.
func (k *Connection) Leave() {
	k.left.Store(true)
	k.link.Leave()
	<-k.done
}

// Vanish drops the connection without a message.
func (k *Connection) Vanish() {
	k.lost.Store(true)
	k.link.Drop()
	<-k.done
}
