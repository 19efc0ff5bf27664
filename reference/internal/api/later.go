package api

import (
	"net/http"

	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/session"
)

// What is described but not implemented yet. The request is checked as it will be, then answered with 501.

const (
	maxSignalType = 128
	maxSignalData = 8 << 10
)

func later(what string) error {
	return &archive.Error{Kind: archive.Unimplemented, Message: what + " is not implemented yet"}
}

func readSignal(r *http.Request) error {
	var body struct {
		Type string  `json:"type"`
		Data *string `json:"data"`
	}
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	switch {
	case len(body.Type) > maxSignalType:
		return wire.Invalid("type", "type must have at most %d bytes", maxSignalType)
	case body.Data == nil:
		return wire.Invalid("data", "data is required")
	case len(*body.Data) > maxSignalData:
		return &archive.Error{Kind: archive.TooLarge, Field: "data", Message: "data must have at most 8192 bytes"}
	}
	return nil
}

func (s *Server) signalSession(_ http.ResponseWriter, r *http.Request, id session.Identity) error {
	if err := readSignal(r); err != nil {
		return err
	}
	if _, err := s.session(r, id); err != nil {
		return err
	}
	return later("signalling")
}

func (s *Server) signalConnection(_ http.ResponseWriter, r *http.Request, id session.Identity) error {
	connectionID, err := pathID(r, "connectionId")
	if err != nil {
		return err
	}
	if err := readSignal(r); err != nil {
		return err
	}
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	if err := s.requireConnection(sess, connectionID); err != nil {
		return err
	}
	return later("signalling")
}

func (s *Server) muteSession(_ http.ResponseWriter, r *http.Request, id session.Identity) error {
	var body struct {
		Active            *bool    `json:"active"`
		ExcludedStreamIDs []string `json:"excludedStreamIds"`
	}
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	switch {
	case body.Active == nil:
		return wire.Invalid("active", "active is required: true or false")
	case len(body.ExcludedStreamIDs) > maxStreamsPerCall:
		return wire.Invalid("excludedStreamIds", "excludedStreamIds must have at most %d entries", maxStreamsPerCall)
	}
	if _, err := s.session(r, id); err != nil {
		return err
	}
	return later("muting")
}

func (s *Server) muteStream(_ http.ResponseWriter, r *http.Request, id session.Identity) error {
	streamID, err := pathID(r, "streamId")
	if err != nil {
		return err
	}
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	if _, err := requireStream(sess, streamID); err != nil {
		return err
	}
	return later("muting")
}

func (s *Server) requireArchive(r *http.Request, id session.Identity) error {
	archiveID, err := pathID(r, "archiveId")
	if err != nil {
		return err
	}
	_, err = s.Control.Archive(r.Context(), id.Application.ID, archiveID)
	return err
}

func (s *Server) setStorage(_ http.ResponseWriter, r *http.Request, _ session.Identity) error {
	var body apigen.Storage
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	if _, _, err := target.Parse("", body); err != nil {
		return err
	}
	return later("setting the upload target over REST")
}

func (s *Server) deleteStorage(http.ResponseWriter, *http.Request, session.Identity) error {
	return later("removing the upload target over REST")
}

// controlLater answers 501 for a part of the control API, after the checks and for applications that exist only.
func (s *Server) controlLater(what string, checks ...func(*http.Request) error) handler {
	return func(_ http.ResponseWriter, r *http.Request) error {
		if err := s.TestControl.RequireApplication(r); err != nil {
			return err
		}
		for _, check := range checks {
			if err := check(r); err != nil {
				return err
			}
		}
		return later(what)
	}
}

const maxFaultTimes = 1_000_000

func checkFault(r *http.Request) error {
	var body apigen.Fault
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	switch {
	case !body.Kind.Valid():
		return wire.Invalid("kind", "kind must be one of storage, webhook, encoder, disk, got %s", quote(string(body.Kind)))
	case body.Times != nil && (*body.Times < 1 || *body.Times > maxFaultTimes):
		return wire.Invalid("times", "times must be from 1 to %d, got %d", maxFaultTimes, *body.Times)
	case body.Status != nil && (*body.Status < 400 || *body.Status > 599):
		return wire.Invalid("status", "status must be from 400 to 599, got %d", *body.Status)
	}
	return nil
}
