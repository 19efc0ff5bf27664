package gateway

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/sessions"
)

const (
	maxSDP        = 64 << 10
	maxStreamName = 1000
	maxClassList  = 1023
)

// Publish answers a WHIP offer (RFC 9725 section 4.2) of a client.
func (g *Gateway) Publish(w http.ResponseWriter, r *http.Request, client account.Client) error {
	if !client.MayPublish() {
		return &archive.Error{Kind: archive.Forbidden, Message: "role " + client.Role + " may not publish"}
	}
	who, err := parsePublisher(r.URL.RawQuery, client)
	if err != nil {
		return err
	}
	offer, err := readOffer(r)
	if err != nil {
		return err
	}
	if _, err := g.Sessions.Session(r.Context(), who.ApplicationID, who.SessionID); err != nil {
		return err
	}
	p, err := g.register(&who, client)
	if err != nil {
		return err
	}
	// The connection comes after the offer was found good and before any media can: a bad offer changes nothing.
	answer, err := g.Ingest.Offer(r.Context(), who, offer)
	if err != nil {
		g.unregister(who.StreamID)
		if e := (*ingest.Error)(nil); errors.As(err, &e) && e.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "10")
		}
		return refusal(err)
	}
	if err := g.open(p, who, client); err != nil {
		g.Ingest.Disconnect(who.StreamID, ingest.ForceUnpublished)
		return err
	}
	w.Header().Set("Location", g.Reference(ingest.Location(who.SessionID, who.StreamID)))
	w.Header().Set("ETag", answer.ETag)
	w.Header().Set("Content-Type", "application/sdp")
	w.WriteHeader(http.StatusCreated)
	if _, err := io.WriteString(w, answer.SDP); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrGone, err)
	}
	return nil
}

func readOffer(r *http.Request) (string, error) {
	body, err := wire.ReadAll(r, maxSDP)
	if err != nil {
		return "", err
	}
	if r.Header.Get("Content-Type") == "" {
		return "", &archive.Error{Kind: archive.Unsupported, Field: "Content-Type", Message: "Content-Type must be application/sdp"}
	}
	return string(body), wire.RequireType(r, "application/sdp")
}

// parsePublisher reads what the query says about the stream; a connectionId in it is not looked up yet.
func parsePublisher(rawQuery string, client account.Client) (ingest.Publisher, error) {
	who := ingest.Publisher{
		ApplicationID:  client.Application.ID,
		SessionID:      client.SessionID,
		StreamID:       uuid.NewString(),
		VideoType:      "camera",
		LayoutClasses:  client.LayoutClasses,
		PreferredVideo: av.Codec(client.Application.PreferredVideoCodec),
	}
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return who, wire.Invalid("", "the query cannot be read")
	}
	for name, values := range query {
		if len(values) > 1 {
			return who, wire.Invalid(name, "%q must be given once", name)
		}
	}
	who.Name, who.ConnectionID = query.Get("name"), query.Get("connectionId")
	if query.Has("connectionId") && uuid.Validate(who.ConnectionID) != nil {
		return who, wire.Invalid("connectionId", "connectionId must be a UUID")
	}
	if !utf8.ValidString(who.Name) || utf8.RuneCountInString(who.Name) > maxStreamName {
		return who, wire.Invalid("name", "name must be text of at most %d characters", maxStreamName)
	}
	if query.Has("videoType") {
		switch who.VideoType = query.Get("videoType"); who.VideoType {
		case "camera", "screen", "custom":
		default:
			return who, wire.Invalid("videoType", "videoType must be one of camera, screen, custom, got %.64q", who.VideoType)
		}
	}
	if query.Has("layoutClassList") {
		classes := query.Get("layoutClassList")
		if !utf8.ValidString(classes) || utf8.RuneCountInString(classes) > maxClassList {
			return who, wire.Invalid("layoutClassList", "layoutClassList must be text of at most %d characters", maxClassList)
		}
		who.LayoutClasses = strings.Fields(classes)
	}
	return who, nil
}

// register finds the connection of a publication, or prepares one, and sets who.ConnectionID.
func (g *Gateway) register(who *ingest.Publisher, client account.Client) (*publication, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &publication{}
	if who.ConnectionID == "" {
		who.ConnectionID = uuid.NewString()
		p.own = true
		p.connection = &connection{id: who.ConnectionID, sessionID: who.SessionID, identity: client.Identity}
	} else {
		c := g.connections[who.ConnectionID]
		if c == nil || c.sessionID != who.SessionID {
			return nil, &archive.Error{Kind: archive.NotFound, Field: "connectionId", Message: "connection " + who.ConnectionID + " is not connected to the session"}
		}
		if !same(c.identity, client.Identity) {
			return nil, &archive.Error{Kind: archive.Forbidden, Field: "connectionId", Message: "connectionId belongs to a client with another token"}
		}
		p.connection = c
	}
	g.publications[who.StreamID] = p
	return p, nil
}

func same(a, b account.TokenIdentity) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

func (g *Gateway) unregister(streamID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.publications, streamID)
}

// open connects the client of an accepted offer, unless it is connected, and lets Patch and Stop find it.
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

// markOpen reports false when the publication or its connection has ended since the offer was made.
func (g *Gateway) markOpen(p *publication, who ingest.Publisher) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, published := g.publications[who.StreamID]
	_, connected := g.connections[who.ConnectionID]
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
	go g.follow(c, sub) // waited for by Close, through enter and leave
	return nil
}

// follow waits until the connection is ended: by Gone, by the server, or by Close.
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

// Gone is told by ingest that a publication is no more. The client that was connected only for it is disconnected.
func (g *Gateway) Gone(who ingest.Publisher, reason string) {
	g.mu.Lock()
	p := g.publications[who.StreamID]
	delete(g.publications, who.StreamID)
	g.mu.Unlock()
	if p == nil || !p.own {
		return
	}
	switch reason {
	case ingest.ForceUnpublished, ingest.MediaStopped: // are of streams only
		reason = ingest.ClientDisconnected
	}
	g.disconnect(p.connection, reason)
}

// Patch answers a WHIP PATCH: candidates or an ICE restart.
func (g *Gateway) Patch(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error {
	streamID, err := g.mine(r, token)
	if err != nil {
		return err
	}
	return refusal(g.Ingest.HandlePatch(w, r, streamID))
}

// Stop answers a WHIP DELETE.
func (g *Gateway) Stop(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error {
	streamID, err := g.mine(r, token)
	if err != nil {
		return err
	}
	return refusal(g.Ingest.HandleDelete(w, r, streamID))
}

// Preflight answers a WHIP OPTIONS.
func (g *Gateway) Preflight(w http.ResponseWriter, r *http.Request) error {
	g.Ingest.HandleOptions(w, r)
	return nil
}

// mine returns the stream in the path if the token is the one that published it.
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

// refusal turns what ingest refuses into what the API answers.
func refusal(err error) error {
	if e := (*ingest.Error)(nil); errors.As(err, &e) {
		return &wire.Refusal{Status: e.Status, Message: e.Message}
	}
	return err
}

// sleep waits for d; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
	return errors.Is(ctx.Err(), context.DeadlineExceeded)
}
