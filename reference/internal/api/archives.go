package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/layout"
)

const (
	defaultPage = 50   // ARC-LIST-07
	maxPage     = 1000 // ARC-LIST-08
	maxOffset   = 1<<31 - 1
	maxLanguage = 35
)

func (s *Server) startArchive(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	var body apigen.StartRequest
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	// ARC-SEC-10, decision 10
	if target := id.Application.Storage; target != nil && target.Certificate != "" && text(body.OutputMode) == archive.Individual {
		return wire.Invalid("outputMode", "outputMode must be composed while the storage target has a certificate: individual archives cannot be encrypted")
	}
	request, err := parseStart(body)
	if err != nil {
		return err
	}
	a, err := s.Sessions.StartArchive(r.Context(), id.Application.ID, request)
	if err != nil {
		return err
	}
	return wire.Write(w, http.StatusOK, s.renderArchive(a, id))
}

func parseStart(body apigen.StartRequest) (request archive.Request, err error) {
	asked := archive.StartRequest{
		SessionID:             body.SessionId,
		Name:                  text(body.Name),
		HasAudio:              body.HasAudio,
		HasVideo:              body.HasVideo,
		HasTranscription:      body.HasTranscription != nil && *body.HasTranscription,
		OutputMode:            text(body.OutputMode),
		StreamMode:            text(body.StreamMode),
		Resolution:            text(body.Resolution),
		MaxBitrate:            body.MaxBitrate,
		QuantizationParameter: body.QuantizationParameter, // ARC-RATE-14
		MultiArchiveTag:       text(body.MultiArchiveTag),
	}
	if body.Layout != nil {
		parsed, err := parseLayout("layout.", *body.Layout)
		if err != nil {
			return request, err
		}
		asked.Layout = &parsed
	}
	if body.TranscriptionProperties != nil && len(text(body.TranscriptionProperties.PrimaryLanguageCode)) > maxLanguage {
		return request, wire.Invalid("transcriptionProperties.primaryLanguageCode",
			"transcriptionProperties.primaryLanguageCode must have at most %d characters", maxLanguage)
	}
	if request, err = asked.Validate(); err != nil {
		return request, err
	}
	if _, err := account.ParseID(asked.SessionID); err != nil {
		return request, badSession(asked.SessionID) // ARC-START-13, decision 2
	}
	return request, nil
}

// parseLayout parses a layout. prefix is the path of its members in the request, for errors.
func parseLayout(prefix string, l apigen.Layout) (layout.Layout, error) {
	return archive.ParseLayout(prefix, layout.Spec{Type: layout.Type(l.Type), Stylesheet: text(l.Stylesheet), Screenshare: layout.Type(text(l.ScreenshareType))})
}

func text[S ~string](p *S) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

func (s *Server) stopArchive(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	var none struct{}
	if err := wire.ReadOptional(r, &none); err != nil { // ARC-STOP-08
		return err
	}
	return s.answerArchive(w, r, id, s.Sessions.StopArchive)
}

func (s *Server) getArchive(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	return s.answerArchive(w, r, id, s.Sessions.Archive) // ARC-GET-01
}

type archiveCall func(ctx context.Context, appID, archiveID string) (archive.Archive, error)

func (s *Server) answerArchive(w http.ResponseWriter, r *http.Request, id account.Identity, call archiveCall) error {
	archiveID, err := pathID(r, "archiveId") // ARC-STOP-09, ARC-GET-03
	if err != nil {
		return err
	}
	a, err := call(r.Context(), id.Application.ID, archiveID)
	if err != nil {
		return err
	}
	return wire.Write(w, http.StatusOK, s.renderArchive(a, id))
}

func (s *Server) setLayout(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	var body apigen.Layout
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	wanted, err := parseLayout("", body)
	if err != nil {
		return err
	}
	return s.answerArchive(w, r, id, func(ctx context.Context, appID, archiveID string) (archive.Archive, error) {
		return s.Sessions.SetLayout(ctx, appID, archiveID, wanted)
	})
}

func (s *Server) deleteArchive(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	archiveID, err := pathID(r, "archiveId")
	if err != nil {
		return err
	}
	if err := s.Sessions.DeleteArchive(r.Context(), id.Application.ID, archiveID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent) // ARC-DEL-01
	return nil
}

func (s *Server) listArchives(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	query, err := parsePage(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, total, err := s.Sessions.Archives(r.Context(), id.Application.ID, query)
	if err != nil {
		return err
	}
	list := apigen.ArchiveList{Count: total, Items: make([]apigen.Archive, 0, len(page))} // ARC-LIST-01, ARC-LIST-02, ARC-LIST-06, ARC-LIST-13, ARC-LIST-14
	for _, a := range page {
		list.Items = append(list.Items, s.renderArchive(a, id)) // ARC-LIST-10, ARC-URL-07
	}
	return wire.Write(w, http.StatusOK, list)
}

func parsePage(rawQuery string) (archive.Query, error) {
	params, err := url.ParseQuery(rawQuery)
	if err != nil {
		return archive.Query{}, wire.Invalid("", "the query cannot be read")
	}
	q := archive.Query{SessionID: params.Get("sessionId")} // ARC-LIST-03
	if q.Offset, err = number(params, "offset", 0, maxOffset); err != nil {
		return q, err
	}
	if q.Count, err = number(params, "count", defaultPage, maxPage); err != nil {
		return q, err
	}
	if params.Has("sessionId") {
		if len(params["sessionId"]) > 1 {
			return q, wire.Invalid("sessionId", "sessionId must be given once")
		}
		if _, err := account.ParseID(q.SessionID); err != nil {
			return q, badSession(q.SessionID)
		}
	}
	if params.Has("status") {
		q.Status = archive.Status(params.Get("status"))
		if known := apigen.ArchiveStatus(q.Status).Valid() && q.Status != archive.Deleted; !known || len(params["status"]) > 1 {
			return q, wire.Invalid("status", "status must be one status of archives that are listed, got %s", quote(params.Get("status")))
		}
	}
	if params.Has("multiArchiveTag") {
		q.MultiArchiveTag = params.Get("multiArchiveTag")
		if len(params["multiArchiveTag"]) > 1 || q.MultiArchiveTag == "" || !archive.IsTag(q.MultiArchiveTag) {
			return q, wire.Invalid("multiArchiveTag", "multiArchiveTag must be one tag of archives, got %s", quote(q.MultiArchiveTag))
		}
	}
	return q, nil
}

// number parses a query parameter between 0 and most. It returns otherwise if the parameter is absent.
func number(params url.Values, name string, otherwise, most int) (int, error) {
	values := params[name]
	if len(values) == 0 {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(values[0], 10, 31)
	if len(values) > 1 || err != nil || int(n) > most { // ARC-LIST-08, ARC-LIST-09
		return 0, wire.Invalid(name, "%s must be one integer from 0 to %d, got %s", name, most, quote(values[0]))
	}
	return int(n), nil
}

func (s *Server) changeStreams(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	archiveID, err := pathID(r, "archiveId")
	if err != nil {
		return err
	}
	var body apigen.ArchiveStreamChange
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	add, remove := text(body.AddStream), text(body.RemoveStream)
	in := archive.Inclusion{StreamID: add, HasAudio: !isFalse(body.HasAudio), HasVideo: !isFalse(body.HasVideo)} // ARC-SEL-05
	switch {
	case (add == "") == (remove == ""): // ARC-SEL-11
		return wire.Invalid("addStream", "exactly one of addStream and removeStream must be given")
	case !account.IsUUID(add + remove):
		return badID("addStream or removeStream", add+remove)
	case add != "" && !in.HasAudio && !in.HasVideo: // ARC-SEL-11
		return wire.Invalid("hasAudio", "hasAudio and hasVideo must not both be false")
	case add != "":
		err = s.Sessions.AddStream(r.Context(), id.Application.ID, archiveID, in)
	default:
		err = s.Sessions.RemoveStream(r.Context(), id.Application.ID, archiveID, remove)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent) // ARC-SEL-08
	return nil
}

func isFalse(p *bool) bool { return p != nil && !*p }

// renderArchive returns an archive as the API shows it to id (ARC-GET-06, ARC-START-18).
func (s *Server) renderArchive(a archive.Archive, id account.Identity) apigen.Archive {
	out := apigen.Archive{
		Id:         a.ID,
		Status:     apigen.ArchiveStatus(a.Status),
		Reason:     a.Reason,
		SessionId:  a.SessionID,
		CreatedAt:  a.EffectiveStart().UnixMilli(),  // ARC-GET-04, ARC-LIST-11
		UpdatedAt:  new(a.UpdatedAt.UnixMilli()),    // ARC-GET-09
		Duration:   int64(a.Duration / time.Second), // ARC-GET-07, ARC-GET-08
		Size:       a.Size,
		OutputMode: apigen.OutputMode(a.OutputMode), // ARC-GET-10
		StreamMode: apigen.StreamMode(a.StreamMode),
		HasAudio:   a.HasAudio,
		HasVideo:   a.HasVideo,

		MultiArchiveTag:       &a.MultiArchiveTag,                          // ARC-SIM-07
		MaxBitrate:            unlessZero(a.MaxBitrate),                    // ARC-RATE-13
		QuantizationParameter: unlessZero(a.QuantizationParameter),         // ARC-RATE-13
		Resolution:            unlessZero(apigen.Resolution(a.Resolution)), // ARC-RES-08, ARC-RES-11
		Event:                 new(apigen.ArchiveEventArchive),
		Sha256sum:             &a.SHA256Sum,
		Password:              &a.Password, // ARC-SEC-07
	}
	if id.Legacy {
		out.ProjectId, out.PartnerId = &id.Application.APIKey, &id.Application.APIKey // ARC-GET-11
		out.Name = unlessZero(a.Name)
	} else {
		out.ApplicationId = &id.Application.ID
		out.Name = &a.Name
		out.HasTranscription = new(false)
	}
	if a.Status == archive.Available { // ARC-URL-01, ARC-URL-02, ARC-STO-20
		out.Url = new(s.Link(a))
	}
	if a.Status == archive.Started && a.StreamMode == archive.Manual {
		out.Streams = new(renderInclusions(a.Streams))
	}
	return out
}

func renderInclusions(streams []archive.Inclusion) []apigen.ArchivedStream {
	out := make([]apigen.ArchivedStream, 0, len(streams))
	for _, st := range streams {
		out = append(out, apigen.ArchivedStream{StreamId: st.StreamID, HasAudio: st.HasAudio, HasVideo: st.HasVideo})
	}
	return out
}

func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
