package api

import (
	"net/http"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
)

// The handlers in this file are for operations that are described but not implemented yet. They check the request fully, then answer 501.

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

func (s *Server) signalSession(_ http.ResponseWriter, r *http.Request, id account.Identity) error {
	if err := readSignal(r); err != nil {
		return err
	}
	if _, err := s.session(r, id); err != nil {
		return err
	}
	return later("signalling")
}

func (s *Server) signalConnection(_ http.ResponseWriter, r *http.Request, id account.Identity) error {
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

func (s *Server) muteSession(_ http.ResponseWriter, r *http.Request, id account.Identity) error {
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

func (s *Server) muteStream(_ http.ResponseWriter, r *http.Request, id account.Identity) error {
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
