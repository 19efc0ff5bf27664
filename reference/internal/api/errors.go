package api

import (
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
)

var statuses = map[archive.Kind]int{
	archive.Invalid:              http.StatusBadRequest,
	archive.Forbidden:            http.StatusForbidden, // ARC-AUTH-02
	archive.NotFound:             http.StatusNotFound,
	archive.Timeout:              http.StatusRequestTimeout,
	archive.Conflict:             http.StatusConflict,
	archive.PreconditionFailed:   http.StatusPreconditionFailed,
	archive.TooLarge:             http.StatusRequestEntityTooLarge,
	archive.Unsupported:          http.StatusUnsupportedMediaType,
	archive.Misdirected:          http.StatusMisdirectedRequest,
	archive.Unprocessable:        http.StatusUnprocessableEntity,
	archive.UpgradeRequired:      http.StatusUpgradeRequired,
	archive.PreconditionRequired: http.StatusPreconditionRequired,
	archive.Unimplemented:        http.StatusNotImplemented,
	archive.Unavailable:          http.StatusServiceUnavailable,
	archive.Internal:             http.StatusInternalServerError,
}

// explain returns what the caller is told about err. It hides the text of an error that is not an [*archive.Error].
func explain(err error) (status, code int, message string) {
	var e *archive.Error
	if !errors.As(err, &e) || statuses[e.Kind] == 0 || e.Kind == archive.Internal {
		return http.StatusInternalServerError, -1, "Internal server error"
	}
	status, code = statuses[e.Kind], e.Code
	if code == 0 {
		code = status
	}
	return status, code, e.Message
}

// fail answers with err.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if s.unanswerable(r, err) {
		return
	}
	status, code, message := explain(punctual(w, r, err))
	s.note(r, status, err)
	s.write(w, r, status, code, message)
}

var errLate = &archive.Error{Kind: archive.Timeout, Message: "the body did not arrive in time"}

// punctual returns a Timeout error, and closes the connection after the answer, if the body of r did not arrive in time. Otherwise it returns
// err.
func punctual(w http.ResponseWriter, r *http.Request, err error) error {
	if !late(r) {
		return err
	}
	w.Header().Set("Connection", "close")
	return errLate
}

// failSession does what fail does, for session creation, which answers in XML to clients that do not ask for JSON.
func (s *Server) failSession(w http.ResponseWriter, r *http.Request, err error) {
	if acceptsJSON(r) {
		s.fail(w, r, err)
		return
	}
	if s.unanswerable(r, err) {
		return
	}
	status, code, message := explain(punctual(w, r, err))
	s.note(r, status, err)
	body := struct {
		XMLName xml.Name `xml:"errorPayload"`
		Code    int      `xml:"code"`
		Message string   `xml:"message"`
	}{Code: code, Message: message}
	if err := writeXML(w, status, body); err != nil {
		s.unanswerable(r, err)
	}
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status, code int, message string) {
	if err := wire.Write(w, status, apigen.Error{Code: &code, Message: message, Description: &message}); err != nil { // ARC-AUTH-14
		s.unanswerable(r, err)
	}
}

// unanswerable reports whether the client is gone, so that no answer can be sent.
func (s *Server) unanswerable(r *http.Request, err error) bool {
	if !errors.Is(err, wire.ErrGone) && (r.Context().Err() == nil || late(r)) {
		return false
	}
	s.Log.Debug("client went before the answer", "request", requestID(r), "error", err)
	return true
}

func (s *Server) note(r *http.Request, status int, err error) {
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("request", requestID(r)), slog.Any("error", err))
	}
}

// quote quotes a value of a request for a message, and shortens a long one.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
