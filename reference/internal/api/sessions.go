package api

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
)

const (
	maxForm               = 16 << 10
	maxSessionArchiveName = 80
	// iceCredentialSeconds is the value that the service answers; clients ignore it.
	iceCredentialSeconds = 86100
	// javaDate is the format in which the service writes dates here.
	javaDate = "Mon Jan 02 15:04:05 MST 2006"
)

func (s *Server) createSession(w http.ResponseWriter, r *http.Request) error {
	id, err := s.identity(r)
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	sess, location, err := parseSession(form)
	if err != nil {
		return err
	}
	sess.CreatedAt = s.Now().Add(id.Application.ClockOffset)
	sess.ApplicationID = id.Application.ID
	sess.ID = account.ID{Owner: id.Owner(), Location: location, CreatedAt: sess.CreatedAt}.New()
	if err := s.Sessions.CreateSession(r.Context(), sess); err != nil {
		return err
	}
	if acceptsJSON(r) {
		return wire.Write(w, http.StatusOK, []apigen.CreatedSession{renderSession(sess, id)}) // ARC-SES-01
	}
	return writeXML(w, http.StatusOK, sessionXML{SessionID: sess.ID, PartnerID: id.Owner(), CreatedAt: javaTime(sess.CreatedAt)}) // ARC-SES-05
}

func renderSession(sess archive.Session, id account.Identity) apigen.CreatedSession {
	owner, created, segment, expiry := id.Owner(), javaTime(sess.CreatedAt), uuid.NewString(), iceCredentialSeconds
	out := apigen.CreatedSession{
		SessionId:               sess.ID,
		ProjectId:               &owner,
		PartnerId:               &owner,
		CreateDt:                &created,
		SessionSegmentId:        &segment,
		IceCredentialExpiration: &expiry,
	}
	if !id.Legacy {
		out.ApplicationId = &owner
	}
	return out
}

func javaTime(t time.Time) string { return t.UTC().Format(javaDate) }

type sessionXML struct {
	XMLName   xml.Name `xml:"sessions"`
	SessionID string   `xml:"Session>session_id"`
	PartnerID string   `xml:"Session>partner_id"`
	CreatedAt string   `xml:"Session>create_dt"`
}

func writeXML(w http.ResponseWriter, status int, v any) error {
	raw, err := xml.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	const declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
	if _, err := w.Write(append([]byte(declaration), raw...)); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrGone, err)
	}
	return nil
}

// acceptsJSON reports whether the Accept header names JSON. The service answers XML to all others, including curl.
func acceptsJSON(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(line, ",") {
			media, _, err := mime.ParseMediaType(strings.TrimSpace(part))
			if err == nil && (media == "application/json" || media == "application/*") {
				return true
			}
		}
	}
	return false
}

func readForm(r *http.Request) (url.Values, error) {
	raw, err := wire.ReadAll(r, maxForm)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	if err := wire.RequireType(r, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, wire.Invalid("", "the body is not a valid form")
	}
	for field, values := range form {
		if len(values) > 1 {
			return nil, wire.Invalid(field, "%s must be given once", quote(field))
		}
	}
	return form, nil
}

// choice returns the value of a form field, or the first allowed value if the field is absent or empty.
func choice(form url.Values, field string, allowed ...string) (string, error) {
	value := form.Get(field)
	if value == "" {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, value) {
		return "", wire.Invalid(field, "%s must be one of %s, got %s", field, strings.Join(allowed, ", "), quote(value))
	}
	return value, nil
}

func parseSession(form url.Values) (sess archive.Session, location string, err error) {
	mode, err := choice(form, "archiveMode", archive.Manual, archive.Always) // ARC-AUTO-01
	if err != nil {
		return sess, "", err
	}
	// One SDK sends "always" for a relayed session.
	relay, err := choice(form, "p2p.preference", "disabled", "enabled", "always") // ARC-SES-02
	if err != nil {
		return sess, "", err
	}
	e2ee, err := choice(form, "e2ee", "false", "true")
	if err != nil {
		return sess, "", err
	}
	if location, err = parseLocation(form.Get("location")); err != nil {
		return sess, "", err
	}
	sess = archive.Session{MediaMode: archive.Routed, ArchiveMode: mode}
	if relay != "disabled" {
		sess.MediaMode = archive.Relayed
	}
	always := mode == archive.Always
	switch {
	case always && sess.MediaMode == archive.Relayed: // ARC-SES-06
		return sess, "", wire.Invalid("archiveMode", "archiveMode always needs p2p.preference disabled")
	case e2ee == "true" && (always || sess.MediaMode == archive.Relayed):
		return sess, "", wire.Invalid("e2ee", "e2ee needs archiveMode manual and p2p.preference disabled")
	}
	if err := parseAutomatic(form, &sess); err != nil {
		return sess, "", err
	}
	if e2ee == "true" {
		return sess, "", later("e2ee")
	}
	return sess, location, nil
}

// parseAutomatic parses the fields for the archives of an automatically archived session.
func parseAutomatic(form url.Values, sess *archive.Session) error {
	always := sess.ArchiveMode == archive.Always
	if form.Has("archiveName") {
		name := form.Get("archiveName")
		if n := utf8.RuneCountInString(name); n < 1 || n > maxSessionArchiveName || !always { // ARC-AUTO-17
			return wire.Invalid("archiveName", "archiveName must have 1 to %d characters and needs archiveMode always", maxSessionArchiveName)
		}
		sess.ArchiveName = strings.NewReplacer("~", ":", "-", ":", "_", ":").Replace(name)
	}
	if form.Has("archiveResolution") {
		resolution, err := choice(form, "archiveResolution", archive.Resolutions...)
		if err != nil {
			return err
		}
		if !always {
			return wire.Invalid("archiveResolution", "archiveResolution needs archiveMode always")
		}
		sess.ArchiveResolution = resolution
	}
	return nil
}

// parseLocation parses the hint where clients are. One SDK sends "null" for no hint.
func parseLocation(s string) (string, error) {
	if s == "" || s == "null" { // ARC-SES-03
		return "", nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || !addr.Is4() {
		return "", wire.Invalid("location", "location must be an IPv4 address, got %s", quote(s))
	}
	return s, nil
}

// Subprotocols of the events WebSocket: the one that the server selects, and the prefix of the one with a browser's token.
const (
	EventsProtocol = "reelcheck.events"
	tokenProtocol  = "token."
)

// clientToken returns the client's token: the bearer token, or the subprotocol that a browser can set instead.
func clientToken(r *http.Request) (string, error) {
	if token, ok := account.Bearer(r.Header.Get("Authorization")); ok {
		return token, nil
	}
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for protocol := range strings.SplitSeq(line, ",") {
			encoded, ok := strings.CutPrefix(strings.TrimSpace(protocol), tokenProtocol)
			if !ok {
				continue
			}
			token, err := base64.RawURLEncoding.DecodeString(encoded)
			if err != nil {
				return "", account.ErrUnauthorized
			}
			return string(token), nil
		}
	}
	return "", account.ErrNoToken
}
