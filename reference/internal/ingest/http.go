package ingest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
)

const (
	sdpType      = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"

	// maxBody bounds an offer or a fragment; browsers' offers have about 10 kB.
	maxBody = 64 << 10
)

// CORS lets any page read answers of the WHIP endpoint, refusals too.
func CORS(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Post, Accept-Patch")
}

// HandleOptions answers preflight requests for the endpoint and its resources (RFC 9725 section 4.2). They carry no
// token.
func (s *Server) HandleOptions(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	CORS(h)
	h.Set("Access-Control-Allow-Methods", "POST, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Accept-Post", sdpType)
	h.Set("Accept-Patch", fragmentType)
	w.WriteHeader(http.StatusNoContent)
}

// Location is the URL path of a stream's WHIP resource.
func Location(sessionID, streamID string) string {
	return "/v2/session/" + url.PathEscape(sessionID) + "/whip/" + url.PathEscape(streamID)
}

// HandlePatch answers PATCH: 204 for candidates, 200 with a fragment for an ICE restart. When it
// returns an error nothing but headers has been written; an *Error says what to answer.
func (s *Server) HandlePatch(w http.ResponseWriter, r *http.Request, streamID string) error {
	CORS(w.Header())
	if _, err := s.find(streamID); err != nil {
		return err
	}
	body, err := readBody(w, r, fragmentType)
	if err != nil {
		return err
	}
	answer, err := s.Patch(r.Context(), streamID, r.Header.Get("If-Match"), body)
	if err != nil {
		return err
	}
	if answer.SDP == "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("ETag", answer.ETag)
	write(w, http.StatusOK, fragmentType, answer.SDP)
	return nil
}

// HandleDelete answers DELETE: 200 when the stream has ended. Errors as with HandlePatch.
func (s *Server) HandleDelete(w http.ResponseWriter, r *http.Request, streamID string) error {
	CORS(w.Header())
	if err := s.Delete(r.Context(), streamID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func readBody(w http.ResponseWriter, r *http.Request, want string) (string, error) {
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != want {
		return "", errorf(http.StatusUnsupportedMediaType, "Content-Type must be %s, not %q", want, r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return "", errorf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", maxBody)
	}
	if err != nil {
		return "", errorf(http.StatusBadRequest, "the body cannot be read: %v", err)
	}
	return string(body), nil
}

func write(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may be gone; then its connection fails, too
}
