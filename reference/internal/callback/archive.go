// Package callback makes the bodies of the webhooks for archives and for session monitoring.
package callback

import (
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
)

// Archive is the body of an archive's status webhook, or of a webhook about its streams.
type Archive struct {
	ID            string         `json:"id"`
	Event         string         `json:"event"`
	Status        archive.Status `json:"status"`
	Name          string         `json:"name"`
	Reason        string         `json:"reason"`
	SessionID     string         `json:"sessionId"`
	ApplicationID string         `json:"applicationId"`
	PartnerID     string         `json:"partnerId"` // what the documentation calls "your App ID" (ARC-CB-07)
	CreatedAt     int64          `json:"createdAt"` // ms, the start call rounded to the second
	UpdatedAt     int64          `json:"updatedAt"` // ms
	Duration      int64          `json:"duration"`  // s
	Size          int64          `json:"size"`

	OutputMode            string  `json:"outputMode"`
	StreamMode            string  `json:"streamMode"`
	HasAudio              bool    `json:"hasAudio"`
	HasVideo              bool    `json:"hasVideo"`
	Resolution            string  `json:"resolution,omitempty"` // ARC-CB-15
	MultiArchiveTag       string  `json:"multiArchiveTag"`
	MaxBitrate            int     `json:"maxBitrate,omitempty"`
	QuantizationParameter int     `json:"quantizationParameter,omitempty"`
	SHA256Sum             string  `json:"sha256sum"`
	Password              string  `json:"password"`
	URL                   *string `json:"url"` // always null: only authenticated readers get links (ARC-CB-22)

	Streams *[]archive.Inclusion `json:"streams,omitempty"` // only while started

	Timestamp int64   `json:"timestamp,omitempty"` // ms, only for stream updates
	Stream    *Stream `json:"stream,omitempty"`    // only for stream updates
}

// Stream is a stream that was added to an archive or removed from it.
type Stream struct {
	ID         string `json:"id"`
	Connection struct {
		ID string `json:"id"`
	} `json:"connection"`
	CreatedAt int64 `json:"createdAt"` // ms, rounded to the second
}

// Of returns the body of the webhook for an effect.
func Of(app account.Application, e archive.Effect) Archive { return about(status(app, e.Archive), e) }

// about returns c, the body of a status webhook, unless e is about a stream of the archive. Then it returns the body of a webhook about that stream:
// its status is the kind of change, and its reason says why the stream left the session.
func about(c Archive, e archive.Effect) Archive {
	if e.Kind != archive.DoStreamAdded && e.Kind != archive.DoStreamRemoved {
		return c
	}
	st := e.Notice.Stream
	c.Status, c.Reason, c.Streams = archive.Status(e.Kind), e.Notice.Reason, nil          // ARC-CB-18, ARC-CB-23
	c.Timestamp = e.At.UnixMilli()                                                        // ARC-CB-25
	c.Stream = &Stream{ID: st.ID, CreatedAt: st.CreatedAt.Round(time.Second).UnixMilli()} // ARC-CB-26, ARC-CB-27
	c.Stream.Connection.ID = st.ConnectionID
	return c
}

func status(app account.Application, a archive.Archive) Archive {
	c := Archive{
		ID: a.ID, Event: "archive", Status: a.Status, Name: a.Name, Reason: a.Reason, SessionID: a.SessionID, // ARC-CB-05, ARC-CB-06, ARC-CB-16
		ApplicationID: app.ID, PartnerID: app.ID,
		CreatedAt: a.CreatedAt.Round(time.Second).UnixMilli(), UpdatedAt: a.UpdatedAt.UnixMilli(), // ARC-CB-08, ARC-CB-09
		Duration: int64(a.Duration / time.Second), Size: a.Size, // ARC-CB-10, ARC-CB-11, ARC-CB-12, ARC-CB-13
		OutputMode: a.OutputMode, StreamMode: a.StreamMode, HasAudio: a.HasAudio, HasVideo: a.HasVideo, // ARC-CB-19, ARC-CB-31
		Resolution: a.Resolution, MultiArchiveTag: a.MultiArchiveTag, // ARC-CB-14
		MaxBitrate: a.MaxBitrate, QuantizationParameter: a.QuantizationParameter, SHA256Sum: a.SHA256Sum, Password: a.Password,
	}
	if a.Status == archive.Started { // ARC-CB-20
		streams := a.Streams
		if streams == nil {
			streams = []archive.Inclusion{}
		}
		c.Streams = &streams
	}
	return c
}
