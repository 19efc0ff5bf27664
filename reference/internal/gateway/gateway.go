// Package gateway serves the clients of sessions. A client connects with the events WebSocket and publishes with WHIP; one that publishes
// without a WebSocket gets a connection that lasts as long as its publication.
//
//	g := gateway.New(gateway.Config{Sessions: runner, Ingest: server, Log: log})
//	defer g.Close()
//	handler := api.New(api.Config{Clients: g, ...})
//
// Each connection has one goroutine that follows its subscription: the handler of the WebSocket request, or a goroutine of the gateway. When a
// connection ends, its streams end too.
//
// The caller must authenticate clients before it calls a handler (package api does), pass [Gateway.Gone] as [ingest.Config.Gone], and call Close
// before it closes Sessions.
package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/sessions"
)

// Sessions is the part of [sessions.Runner] that the gateway uses.
type Sessions interface {
	Session(ctx context.Context, appID, sessionID string) (archive.Session, error)
	Connect(ctx context.Context, appID, sessionID string, c archive.Connection) (*sessions.Subscription, error)
	// Disconnect ends the connection and closes its subscription. The connection may have ended already.
	Disconnect(ctx context.Context, sessionID, connectionID, reason string) error
}

// Ingest receives media. See [ingest.Server].
type Ingest interface {
	Offer(ctx context.Context, who ingest.Publisher, sdpOffer string) (ingest.Answer, error)
	Patch(ctx context.Context, streamID, ifMatch, sdpFragment string) (ingest.Answer, error)
	Delete(ctx context.Context, streamID string) error
	Disconnect(streamID, reason string)
}

// Config is the configuration of a [Gateway].
type Config struct {
	Sessions Sessions
	Ingest   Ingest
	// Reference returns the URL reference by which clients reach a path of this server. The default is the path itself.
	Reference func(path string) string
	// Ping is the time between two pings of a WebSocket, by default 15 s. Patience is how long a client may take to answer a ping or to take a
	// message, by default 10 s.
	Ping, Patience time.Duration
	Log            *slog.Logger
}

// Gateway implements [reelcheck/reference/internal/api.Clients].
type Gateway struct {
	Config
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // one for every connection

	mu           sync.Mutex // guards the fields below
	closed       bool
	connections  map[string]*connection
	publications map[string]*publication // by stream id
}

// connection is a connected client, identified by its token.
type connection struct {
	id, sessionID string
	identity      account.TokenIdentity
}

// New returns a gateway. The caller must call Close, and have [ingest.Config.Gone] call Gone.
func New(c Config) *Gateway {
	if c.Ping == 0 {
		c.Ping = 15 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	if c.Reference == nil {
		c.Reference = func(path string) string { return path }
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Gateway{Config: c, ctx: ctx, cancel: cancel, connections: map[string]*connection{}, publications: map[string]*publication{}}
}

// Close disconnects all clients and waits for their goroutines.
func (g *Gateway) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	g.work.Wait()
}

// enter adds a connection, unless the gateway is closing. The caller must remove it with leave.
func (g *Gateway) enter(c *connection) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return &archive.Error{Kind: archive.Unavailable, Message: "the server is shutting down"}
	}
	g.work.Add(1)
	g.connections[c.id] = c
	return nil
}

// leave removes a connection and ends its streams.
func (g *Gateway) leave(c *connection, reason string) {
	defer g.work.Done()
	g.mu.Lock()
	delete(g.connections, c.id)
	var streams []string
	for id, p := range g.publications {
		if p.connection == c {
			streams = append(streams, id)
		}
	}
	g.mu.Unlock()
	for _, id := range streams {
		g.Ingest.Disconnect(id, reason)
	}
}

// disconnect tells the session that a client is gone, even after the request or the gateway has ended. Close waits for it.
func (g *Gateway) disconnect(c *connection, reason string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), g.Patience)
	defer cancel()
	if err := g.Sessions.Disconnect(ctx, c.sessionID, c.id, reason); err != nil && !isNotFound(err) {
		g.Log.Error("client not disconnected", "session", c.sessionID, "connection", c.id, "error", err)
	}
}
