package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/layout"
)

const (
	maxStreamsPerCall = 100

	reasonForced = "forceDisconnected"
)

// session returns the session in the path.
func (s *Server) session(r *http.Request, id account.Identity) (archive.Session, error) {
	sessionID, err := pathSession(r)
	if err != nil {
		return archive.Session{}, err
	}
	return s.Sessions.Session(r.Context(), id.Application.ID, sessionID)
}

func (s *Server) listConnections(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	owner := id.Owner()
	list := apigen.ConnectionList{Count: len(sess.Connections), SessionId: sess.ID, Items: []apigen.ListedConnection{}}
	if id.Legacy {
		list.ProjectId = &owner
	} else {
		list.ApplicationId = &owner
	}
	for _, c := range sess.Connections {
		list.Items = append(list.Items, apigen.ListedConnection{
			ConnectionId:    c.ID,
			ConnectionState: apigen.ListedConnectionConnectionStateConnected,
			CreatedAt:       strconv.FormatInt(c.CreatedAt.UnixMilli(), 10),
		})
	}
	return wire.Write(w, http.StatusOK, list)
}

func (s *Server) forceDisconnect(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	connectionID, err := pathID(r, "connectionId")
	if err != nil {
		return err
	}
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	if err := s.requireConnection(sess, connectionID); err != nil {
		return err
	}
	if err := s.Sessions.Disconnect(r.Context(), sess.ID, connectionID, reasonForced); err != nil { // ARC-SES-07
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) requireConnection(sess archive.Session, connectionID string) error {
	if _, ok := sess.Connection(connectionID); !ok {
		return &archive.Error{Kind: archive.NotFound, Message: "connection " + connectionID + " is not connected to the session"}
	}
	return nil
}

func (s *Server) migrateSession(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	sessionID, err := pathSession(r)
	if err != nil {
		return err
	}
	if err := s.Sessions.Migrate(r.Context(), id.Application.ID, sessionID); err != nil {
		return err
	}
	return wire.Write(w, http.StatusAccepted, apigen.Message{Message: "Session migration initiated"})
}

func (s *Server) listStreams(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	return wire.Write(w, http.StatusOK, renderStreams(sess))
}

func (s *Server) getStream(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	streamID := r.PathValue("streamId")
	if !account.IsUUID(streamID) {
		// The service answers 408 to an invalid stream id.
		return &archive.Error{Kind: archive.Timeout, Message: "streamId must be a UUID in lower case, got " + quote(streamID)}
	}
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	st, err := requireStream(sess, streamID)
	if err != nil {
		return err
	}
	return wire.Write(w, http.StatusOK, renderStream(st))
}

func requireStream(sess archive.Session, streamID string) (archive.Stream, error) {
	st, ok := sess.Stream(streamID)
	if !ok {
		return st, &archive.Error{Kind: archive.NotFound, Message: "stream " + streamID + " is not published in the session"}
	}
	return st, nil
}

func (s *Server) setStreamClasses(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	var body apigen.StreamClasses
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	classes, err := parseClasses(body)
	if err != nil {
		return err
	}
	sess, err := s.session(r, id)
	if err != nil {
		return err
	}
	if err := s.Sessions.SetStreamClasses(r.Context(), id.Application.ID, sess.ID, classes); err != nil {
		return err
	}
	if sess, err = s.Sessions.Session(r.Context(), id.Application.ID, sess.ID); err != nil {
		return err
	}
	sess.Streams = slices.DeleteFunc(slices.Clone(sess.Streams), func(st archive.Stream) bool { _, asked := classes[st.ID]; return !asked })
	return wire.Write(w, http.StatusOK, renderStreams(sess))
}

func parseClasses(body apigen.StreamClasses) (map[string][]string, error) {
	if n := len(body.Items); n < 1 || n > maxStreamsPerCall {
		return nil, wire.Invalid("items", "items must have 1 to %d entries, got %d", maxStreamsPerCall, n)
	}
	classes := map[string][]string{}
	for i, item := range body.Items {
		field := fmt.Sprintf("items[%d]", i)
		if !account.IsUUID(item.Id) {
			return nil, badID(field+".id", item.Id)
		}
		if _, twice := classes[item.Id]; twice {
			return nil, wire.Invalid(field+".id", "%s.id names a stream for the second time", field)
		}
		if err := layout.CheckClasses(item.LayoutClassList); err != nil {
			return nil, wire.Invalid(field+".layoutClassList", "%s.%v", field, err)
		}
		classes[item.Id] = item.LayoutClassList
	}
	return classes, nil
}

func renderStreams(sess archive.Session) apigen.StreamList {
	list := apigen.StreamList{Count: len(sess.Streams), Items: []apigen.Stream{}}
	for _, st := range sess.Streams {
		list.Items = append(list.Items, renderStream(st))
	}
	return list
}

func renderStream(st archive.Stream) apigen.Stream {
	kind := apigen.VideoType(st.VideoType)
	if kind == "" {
		kind = apigen.VideoTypeCamera
	}
	return apigen.Stream{Id: st.ID, VideoType: kind, Name: st.Name, LayoutClassList: append([]string{}, st.LayoutClasses...)} // ARC-SES-08
}
