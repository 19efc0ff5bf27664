package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/sessions"
)

// Protocol is the WebSocket subprotocol of the events. A client need not offer it.
const Protocol = "reelcheck.events"

// Close codes of the events WebSocket.
const (
	codeForced websocket.StatusCode = 4001
	codeSlow   websocket.StatusCode = 4002
)

// maxMessage is the maximum size in bytes of a message from a client. All messages are ignored.
const maxMessage = 4 << 10

// Events serves a client's WebSocket, from the upgrade until either side closes it.
func (g *Gateway) Events(w http.ResponseWriter, r *http.Request, client account.Client) error {
	if err := checkHandshake(r); err != nil {
		return err
	}
	if _, err := g.Sessions.Session(r.Context(), client.Application.ID, client.SessionID); err != nil {
		return err
	}
	c := &connection{id: uuid.NewString(), sessionID: client.SessionID, identity: client.Identity}
	if err := g.enter(c); err != nil {
		return err
	}
	reason := ingest.NetworkDisconnected
	defer func() { g.leave(c, reason) }()
	// Any origin is allowed, because the client sends its token explicitly and a foreign page has none.
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, InsecureSkipVerify: true})
	if err != nil {
		return fmt.Errorf("%w: %w", wire.ErrGone, err) // Accept has already answered
	}
	defer func() { _ = socket.CloseNow() }()
	// The context of the request does not end when a hijacked connection ends.
	sub, err := g.Sessions.Connect(g.ctx, client.Application.ID, client.SessionID, archive.Connection{ID: c.id, Data: client.Data})
	if err != nil {
		g.Log.Error("client not connected", "session", c.sessionID, "error", err)
		_ = socket.Close(websocket.StatusInternalError, "not connected")
		return nil
	}
	s := socketClient{Gateway: g, connection: c, socket: socket, sub: sub}
	reason = s.serve()
	return nil
}

// checkHandshake refuses the same requests as the WebSocket library, but with our error messages.
func checkHandshake(r *http.Request) error {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case !headerHas(r, "Connection", "upgrade") || !headerHas(r, "Upgrade", "websocket"):
		return &archive.Error{Kind: archive.UpgradeRequired, Message: "this is a WebSocket: Connection: Upgrade and Upgrade: websocket are required"}
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return &archive.Error{Kind: archive.UpgradeRequired, Message: "Sec-WebSocket-Version must be 13"}
	case err != nil || len(key) != 16 || len(r.Header.Values("Sec-WebSocket-Key")) != 1:
		return wire.Invalid("Sec-WebSocket-Key", "Sec-WebSocket-Key must be 16 bytes in base64")
	case !r.ProtoAtLeast(1, 1):
		return &archive.Error{Kind: archive.UpgradeRequired, Message: "HTTP/1.1 is required"}
	}
	return nil
}

func headerHas(r *http.Request, name, token string) bool {
	for _, line := range r.Header.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// socketClient is a connected WebSocket.
type socketClient struct {
	*Gateway
	*connection
	socket *websocket.Conn
	sub    *sessions.Subscription
}

// serve sends events until the connection ends, and returns the reason.
func (s *socketClient) serve() string {
	// This context must not end with s.ctx: a read that is cancelled closes the socket without a close frame, and Close has one to send.
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	left, deaf := make(chan string, 1), make(chan struct{})
	var helpers sync.WaitGroup
	helpers.Go(func() { left <- s.listen(ctx) })
	helpers.Go(func() { defer close(deaf); s.ping(ctx) })
	defer helpers.Wait()
	defer func() { _ = s.socket.CloseNow() }()
	defer cancel()

	if err := s.send(ctx, connected(s.sub.Session, s.id)); err != nil {
		return s.unreached(left)
	}
	var last archive.Notice
	for {
		select {
		case n, open := <-s.sub.C:
			if !open {
				return s.dismissed(last)
			}
			last = n
			if err := s.send(ctx, render(s.sessionID, n)); err != nil {
				return s.unreached(left)
			}
		case reason := <-left:
			s.disconnect(s.connection, reason)
			return reason
		case <-deaf:
			_ = s.socket.CloseNow()
			return s.unreached(left)
		case <-s.ctx.Done():
			s.disconnect(s.connection, ingest.NetworkDisconnected)
			_ = s.socket.Close(websocket.StatusGoingAway, "the server is shutting down")
			return ingest.NetworkDisconnected
		}
	}
}

// unreached disconnects a client that can be told nothing, and returns the reason. The client may have closed the connection meanwhile;
// then listen knows.
func (s *socketClient) unreached(left <-chan string) string {
	reason := ingest.NetworkDisconnected
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), s.Patience)
	defer cancel()
	select {
	case reason = <-left:
	case <-ctx.Done():
	}
	s.disconnect(s.connection, reason)
	return reason
}

// dismissed closes a connection that the server has ended, and returns the reason. If last, the last notice, does not give the reason, the
// client did not keep up; dismissed then also disconnects it from the session.
func (s *socketClient) dismissed(last archive.Notice) string {
	if last.Kind == archive.SessionDisconnected {
		_ = s.socket.Close(codeForced, last.Reason)
		return last.Reason
	}
	s.disconnect(s.connection, ingest.NetworkDisconnected)
	_ = s.socket.Close(codeSlow, "events were not read fast enough")
	return ingest.NetworkDisconnected
}

// listen reads and ignores messages until the client closes or is gone, and returns the reason.
func (s *socketClient) listen(ctx context.Context) string {
	s.socket.SetReadLimit(maxMessage)
	for {
		if _, _, err := s.socket.Read(ctx); err != nil {
			if closed := (websocket.CloseError{}); errors.As(err, &closed) {
				return ingest.ClientDisconnected
			}
			return ingest.NetworkDisconnected
		}
	}
}

// ping pings the client until it does not answer.
func (s *socketClient) ping(ctx context.Context) {
	for sleep(ctx, s.Ping) {
		probe, cancel := context.WithTimeout(ctx, s.Patience)
		err := s.socket.Ping(probe)
		cancel()
		if err != nil {
			return
		}
	}
}

func (s *socketClient) send(ctx context.Context, event any) error {
	raw, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	return s.socket.Write(ctx, websocket.MessageText, raw)
}

// sleep waits for d. It returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
	return errors.Is(ctx.Err(), context.DeadlineExceeded)
}
