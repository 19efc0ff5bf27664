// Package archive holds every rule about sessions and their archives: states, limits, reasons, validation and error codes.
//
// It is pure: it reads no clock, starts no goroutine and does no IO, so the same inputs always give the same outputs. [Step] applies one event
// to a session and returns the next session and the effects, as data. [Deadlines] lists the limits that will end or change something later:
//
//	next, effects, err := archive.Step(session, archive.Stop{ArchiveID: id}, now)
//	if err != nil {
//		return err // refused: nothing has changed
//	}
//	// commit next and effects in one transaction, then perform the effects
//
// The caller must apply the events of one session one after another, commit each step before it performs the effects, and send an [Elapse] event
// when a deadline has come. All times are policy time of the session's application.
package archive

import (
	"time"

	"reelcheck/reference/internal/layout"
)

// Status is the state of an archive, spelled as in the API (ARC-STAT-01).
type Status string

const (
	Started   Status = "started"
	Paused    Status = "paused"
	Stopped   Status = "stopped"
	Uploaded  Status = "uploaded"
	Available Status = "available"
	Expired   Status = "expired"
	Failed    Status = "failed"
	Deleted   Status = "deleted" // never in an answer: the archive is unknown then
)

// Live reports whether an archive with this status can still record.
func (s Status) Live() bool { return s == Started || s == Paused }

// Pending reports whether the server still has work to do on an archive with this status.
func (s Status) Pending() bool { return s.Live() || s == Stopped }

// Reasons of stopped and failed archives (ARC-CB-17, ARC-STAT-13).
const (
	ReasonMaxDuration = "maximum duration exceeded"
	ReasonMaxIdle     = "maximum idle time exceeded"
	ReasonSessionEnd  = "session ended"
	ReasonUser        = "user initiated"
	ReasonFailure     = "Internal server failure"
)

// Output and stream modes.
const (
	Composed   = "composed"
	Individual = "individual"
	Auto       = "auto"
	Manual     = "manual"
)

// Archive is one recording of a session.
type Archive struct {
	ID            string `json:"id"`
	SessionID     string `json:"sessionId"`
	ApplicationID string `json:"applicationId"`

	Name                  string        `json:"name"`
	OutputMode            string        `json:"outputMode"`
	StreamMode            string        `json:"streamMode"`
	HasAudio              bool          `json:"hasAudio"`
	HasVideo              bool          `json:"hasVideo"`
	Resolution            string        `json:"resolution"`            // "" for individual archives
	FirstLayout           layout.Layout `json:"firstLayout"`           // as started; later changes are on the timeline
	Layout                layout.Layout `json:"layout"`                // now
	MaxBitrate            int           `json:"maxBitrate"`            // bit/s; 0 = not set
	QuantizationParameter int           `json:"quantizationParameter"` // 0 = not set
	MultiArchiveTag       string        `json:"multiArchiveTag"`
	PreferredVideoCodec   string        `json:"preferredVideoCodec,omitempty"` // the application's setting at the start; individual archives only

	// Automatic says that the session's archiveMode started the archive, not a call.
	Automatic bool `json:"automatic,omitempty"`
	// Followed says that a later archive continues the automatic recording.
	Followed bool `json:"followed,omitempty"`

	Status      Status    `json:"status"`
	Reason      string    `json:"reason"`
	CreatedAt   time.Time `json:"createdAt"`   // the start call
	EffectiveAt time.Time `json:"effectiveAt"` // the first stream recorded; zero until then
	UpdatedAt   time.Time `json:"updatedAt"`
	StoppedAt   time.Time `json:"stoppedAt"` // zero until stopped

	// Streams lists the streams in the archive now: all published ones, or with streamMode manual the selected ones. It is empty unless Started.
	Streams []Inclusion `json:"streams,omitempty"`

	// Limited says that an individual archive has had no free place, so that the recorder must be told which streams it takes.
	Limited bool `json:"limited,omitempty"`

	// Duration is the recorded time in whole seconds, Size the size of the file in bytes. Both are 0 until the file exists.
	Duration  time.Duration `json:"duration"`
	Size      int64         `json:"size"`
	SHA256Sum string        `json:"sha256sum"` // base64; "" until stored
	// Password belongs to an encrypted file; "" until the file exists. The Duration of an encrypted file stays 0, because it must not be
	// disclosed.
	Password string `json:"password,omitempty"`

	// Recorded is the total length of all closed spans. RecordingSince is when the open span began; zero if none is open.
	Recorded       time.Duration `json:"recorded"`
	RecordingSince time.Time     `json:"recordingSince"`
	// IdleSince is when the last stream left the archive, or the start if it had none yet. It is zero while recording.
	IdleSince time.Time `json:"idleSince"`
	// Published says that somebody has published in the session since the start, or was publishing at the start.
	Published bool `json:"published"`
	// FileReady says that the composition is complete and its file waits on the server's disk to be stored.
	FileReady bool `json:"fileReady"`
}

// NeedsJournal reports whether a pending archive still needs the session's journal: its file is not complete, or is made from the journal while
// it is stored.
func (a Archive) NeedsJournal() bool { return !a.FileReady || a.OutputMode == Individual }

// Inclusion says which parts of a stream an archive takes (ARC-CB-21).
type Inclusion struct {
	StreamID string `json:"streamId"`
	HasAudio bool   `json:"hasAudio"`
	HasVideo bool   `json:"hasVideo"`
}

// Canvas returns the picture size of a composed archive in pixels, 0x0 for an individual one.
func (a Archive) Canvas() (width, height int) {
	c := canvases[a.Resolution]
	return c.width, c.height
}

// EffectiveStart returns createdAt as the REST API reports it: when recording began, or until then the time of the start call.
func (a Archive) EffectiveStart() time.Time {
	if a.EffectiveAt.IsZero() { // ARC-GET-04
		return a.CreatedAt
	}
	return a.EffectiveAt
}

// RecordedBy returns the recorded time at the instant now.
func (a Archive) RecordedBy(now time.Time) time.Duration {
	if a.RecordingSince.IsZero() || now.Before(a.RecordingSince) {
		return a.Recorded
	}
	return a.Recorded + now.Sub(a.RecordingSince) // ARC-DUR-04
}

// Query selects archives of an application. The result is sorted newest first and has no deleted ones.
type Query struct {
	SessionID       string // "" = all sessions
	Status          Status // "" = all but Deleted
	MultiArchiveTag string // "" = all, with a tag or without
	Offset, Count   int
}
