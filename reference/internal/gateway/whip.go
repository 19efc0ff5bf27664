package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest"
)

const (
	sdpType      = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"

	maxSDP        = 64 << 10 // of an offer or a fragment; browsers' offers have about 10 kB
	maxStreamName = 1000
)

// Publish handles a WHIP offer (RFC 9725 section 4.2).
func (g *Gateway) Publish(w http.ResponseWriter, r *http.Request, client account.Client) error {
	if !client.MayPublish() {
		return &archive.Error{Kind: archive.Forbidden, Message: "role " + client.Role + " may not publish"}
	}
	who, err := parsePublisher(r.URL.RawQuery, client)
	if err != nil {
		return err
	}
	offer, err := readBody(r, sdpType)
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
	// The client connects after the offer was accepted and before any media can come, so that a bad offer changes nothing.
	answer, err := g.Ingest.Offer(r.Context(), who, offer)
	if err != nil {
		g.unregister(who.Stream.ID)
		if e := (*archive.Error)(nil); errors.As(err, &e) && e.Kind == archive.Unavailable {
			w.Header().Set("Retry-After", "10")
		}
		return err
	}
	if err := g.open(p, who, client); err != nil {
		g.Ingest.Disconnect(who.Stream.ID, ingest.ForceUnpublished)
		return err
	}
	w.Header().Set("Location", g.Reference(location(who.SessionID, who.Stream.ID)))
	return write(w, http.StatusCreated, sdpType, answer)
}

// location returns the URL path of a stream's WHIP resource.
func location(sessionID, streamID string) string {
	return "/v2/session/" + url.PathEscape(sessionID) + "/whip/" + url.PathEscape(streamID)
}

// Patch handles a WHIP PATCH (RFC 9725 section 4.3). It answers 204 to candidates, and 200 with a fragment to an ICE restart.
func (g *Gateway) Patch(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error {
	streamID, err := g.mine(r, token)
	if err != nil {
		return err
	}
	fragment, err := readBody(r, fragmentType)
	if err != nil {
		return err
	}
	answer, err := g.Ingest.Patch(r.Context(), streamID, r.Header.Get("If-Match"), fragment)
	if err != nil {
		return err
	}
	if answer.SDP == "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return write(w, http.StatusOK, fragmentType, answer)
}

// Stop handles a WHIP DELETE. It answers 200 when the stream has ended.
func (g *Gateway) Stop(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error {
	streamID, err := g.mine(r, token)
	if err != nil {
		return err
	}
	if err := g.Ingest.Delete(r.Context(), streamID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// Preflight handles a WHIP OPTIONS (RFC 9725 section 4.2), which has no token.
func (g *Gateway) Preflight(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "POST, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Accept-Post", sdpType)
	h.Set("Accept-Patch", fragmentType)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readBody reads an offer or a fragment. Its content type must be given.
func readBody(r *http.Request, want string) (string, error) {
	body, err := wire.ReadAll(r, maxSDP)
	if err != nil {
		return "", err
	}
	if r.Header.Get("Content-Type") == "" {
		return "", &archive.Error{Kind: archive.Unsupported, Field: "Content-Type", Message: "Content-Type must be " + want}
	}
	return string(body), wire.RequireType(r, want)
}

// write answers with the server's part of an ICE session and its entity tag.
func write(w http.ResponseWriter, status int, contentType string, answer ingest.Answer) error {
	w.Header().Set("ETag", answer.ETag)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.SDP)))
	w.WriteHeader(status)
	if _, err := io.WriteString(w, answer.SDP); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrGone, err)
	}
	return nil
}

// parsePublisher parses the description of the stream in the query. It does not check whether a connectionId exists.
func parsePublisher(rawQuery string, client account.Client) (ingest.Publisher, error) {
	who := ingest.Publisher{
		ApplicationID:  client.Application.ID,
		SessionID:      client.SessionID,
		Stream:         archive.Stream{ID: uuid.NewString(), VideoType: "camera", LayoutClasses: client.LayoutClasses},
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
	who.Stream.Name, who.Stream.ConnectionID = query.Get("name"), query.Get("connectionId")
	if query.Has("connectionId") && uuid.Validate(who.Stream.ConnectionID) != nil {
		return who, wire.Invalid("connectionId", "connectionId must be a UUID")
	}
	if !utf8.ValidString(who.Stream.Name) || utf8.RuneCountInString(who.Stream.Name) > maxStreamName {
		return who, wire.Invalid("name", "name must be text of at most %d characters", maxStreamName)
	}
	if query.Has("videoType") {
		switch who.Stream.VideoType = query.Get("videoType"); who.Stream.VideoType {
		case "camera", "screen", "custom":
		default:
			return who, wire.Invalid("videoType", "videoType must be one of camera, screen, custom, got %.64q", who.Stream.VideoType)
		}
	}
	if query.Has("layoutClassList") {
		classes := query.Get("layoutClassList")
		if !utf8.ValidString(classes) || utf8.RuneCountInString(classes) > account.MaxLayoutClassList {
			return who, wire.Invalid("layoutClassList", "layoutClassList must be text of at most %d characters", account.MaxLayoutClassList)
		}
		who.Stream.LayoutClasses = strings.Fields(classes)
	}
	return who, nil
}
