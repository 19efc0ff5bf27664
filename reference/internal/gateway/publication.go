package gateway

import (
	"crypto/subtle"
	"net/http"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/sessions"
)

// publication is a WHIP resource. It is open once its offer is accepted.
type publication struct {
	connection *connection
	own        bool // the connection lives as long as the publication
	open       bool
}

// register adds a publication with its connection, an existing one or a new one, and sets who.Stream.ConnectionID.
func (g *Gateway) register(who *ingest.Publisher, client account.Client) (*publication, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &publication{}
	if who.Stream.ConnectionID == "" {
		who.Stream.ConnectionID = uuid.NewString()
		p.own = true
		p.connection = &connection{id: who.Stream.ConnectionID, sessionID: who.SessionID, identity: client.Identity}
	} else {
		c := g.connections[who.Stream.ConnectionID]
		if c == nil || c.sessionID != who.SessionID {
			return nil, &archive.Error{Kind: archive.NotFound, Field: "connectionId", Message: "connection " + who.Stream.ConnectionID + " is not connected to the session"}
		}
		if !same(c.identity, client.Identity) {
			return nil, &archive.Error{Kind: archive.Forbidden, Field: "connectionId", Message: "connectionId belongs to a client with another token"}
		}
		p.connection = c
	}
	g.publications[who.Stream.ID] = p
	return p, nil
}

func same(a, b account.TokenIdentity) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

func (g *Gateway) unregister(streamID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.publications, streamID)
}

// open connects the client of an accepted offer, unless it is connected, and makes the publication known to Patch and Stop.
func (g *Gateway) open(p *publication, who ingest.Publisher, client account.Client) error {
	if p.own {
		if err := g.connectOwn(p.connection, client); err != nil {
			return err
		}
	}
	if g.markOpen(p, who) {
		return nil
	}
	if p.own {
		g.disconnect(p.connection, ingest.NetworkDisconnected)
	}
	return &archive.Error{Kind: archive.Conflict, Message: "the connection has ended"}
}

// markOpen returns false if the publication or its connection has ended since the offer was made.
func (g *Gateway) markOpen(p *publication, who ingest.Publisher) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, published := g.publications[who.Stream.ID]
	_, connected := g.connections[who.Stream.ConnectionID]
	p.open = published && connected
	return p.open
}

// connectOwn connects a client that has no WebSocket and starts the goroutine that follows its subscription.
func (g *Gateway) connectOwn(c *connection, client account.Client) error {
	if err := g.enter(c); err != nil {
		return err
	}
	sub, err := g.Sessions.Connect(g.ctx, client.Application.ID, client.SessionID, archive.Connection{ID: c.id, Data: client.Data})
	if err != nil {
		g.leave(c, ingest.ForceDisconnected)
		return err
	}
	go g.follow(c, sub) // Close waits for it, through enter and leave
	return nil
}

// follow waits until the connection ends: by Gone, by the server, or by Close.
func (g *Gateway) follow(c *connection, sub *sessions.Subscription) {
	reason := ingest.NetworkDisconnected
	defer func() { g.leave(c, reason) }()
	for {
		select {
		case n, open := <-sub.C:
			if !open {
				g.disconnect(c, reason)
				return
			}
			if n.Kind == archive.SessionDisconnected {
				reason = n.Reason
			}
		case <-g.ctx.Done():
			g.disconnect(c, reason)
			return
		}
	}
}

// Gone removes a publication that has ended. Ingest calls it. If the client was connected only for it, Gone disconnects the client.
func (g *Gateway) Gone(who ingest.Publisher, reason string) {
	g.mu.Lock()
	p := g.publications[who.Stream.ID]
	delete(g.publications, who.Stream.ID)
	g.mu.Unlock()
	if p == nil || !p.own {
		return
	}
	switch reason {
	case ingest.ForceUnpublished, ingest.MediaStopped: // these are reasons for streams only
		reason = ingest.ClientDisconnected
	}
	g.disconnect(p.connection, reason)
}

// mine returns the id of the stream in the path, if the token is the one that published it.
func (g *Gateway) mine(r *http.Request, token account.TokenIdentity) (string, error) {
	streamID := r.PathValue("streamId")
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.publications[streamID]
	if p == nil || !p.open || p.connection.sessionID != r.PathValue("sessionId") {
		return "", &archive.Error{Kind: archive.NotFound, Message: "stream " + streamID + " is not being published"}
	}
	if !same(p.connection.identity, token) {
		return "", account.ErrUnauthorized
	}
	return streamID, nil
}
