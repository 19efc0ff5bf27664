// Package archive holds every rule about sessions and their archives: states, limits, reasons, validation, error codes.
//
// It is pure. [Step] turns a session, an event and an instant of policy time into the next session and the [Effect] values
// that make it real; [Deadlines] says which limits will strike when. Nothing here reads a clock, starts a goroutine or does IO,
// so that the same inputs always give the same outputs.
package archive

import (
	"time"

	"reelcheck/reference/internal/layout"
)

// Status is where an archive is in its life, spelled as on the wire (ARC-STAT-01).
type Status string

const (
	Started   Status = "started"
	Paused    Status = "paused"
	Stopped   Status = "stopped"
	Uploaded  Status = "uploaded"
	Available Status = "available"
	Expired   Status = "expired"
	Failed    Status = "failed"
	Deleted   Status = "deleted" // never on the wire: the archive is then unknown
)

// Live reports whether an archive of this status can still record.
func (s Status) Live() bool { return s == Started || s == Paused }

// Pending reports whether the server still has work to do before the archive comes to rest.
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
	PreferredVideoCodec   string        `json:"preferredVideoCodec,omitempty"` // of the application, as started; individual archives only

	// Automatic says that the session's archiveMode started it, and not a call.
	Automatic bool `json:"automatic,omitempty"`
	// Followed says that the automatic recording goes on in a later archive.
	Followed bool `json:"followed,omitempty"`

	Status      Status    `json:"status"`
	Reason      string    `json:"reason"`
	CreatedAt   time.Time `json:"createdAt"`   // the start call
	EffectiveAt time.Time `json:"effectiveAt"` // the first stream recorded; zero until then
	UpdatedAt   time.Time `json:"updatedAt"`
	StoppedAt   time.Time `json:"stoppedAt"` // zero until stopped

	// Streams are those in the archive now: all that are published, or with streamMode manual those selected. Empty unless Started.
	Streams []Inclusion `json:"streams,omitempty"`

	// Limited says that all places of an individual archive were taken, so that Streams has to be told to the recorder.
	Limited bool `json:"limited,omitempty"`

	// Duration is the recorded time in whole seconds, Size the bytes of the file. Both are 0 until the file exists.
	Duration  time.Duration `json:"duration"`
	Size      int64         `json:"size"`
	SHA256Sum string        `json:"sha256sum"` // base64; "" until stored
	// Password is that of an encrypted file, of which Duration stays 0: it does not tell its length. "" until the file exists.
	Password string `json:"password,omitempty"`

	// Recorded is the time of all closed spans in which streams were recorded; RecordingSince is when the open one began.
	Recorded       time.Duration `json:"recorded"`
	RecordingSince time.Time     `json:"recordingSince"`
	// IdleSince is when the last stream left the archive, or the start while there was none; zero while recording.
	IdleSince time.Time `json:"idleSince"`
	// Published says that somebody published in the session since the start, or was publishing then.
	Published bool `json:"published"`
	// FileReady says that the composition is finished and waits on the server's disk to be stored.
	FileReady bool `json:"fileReady"`
}

// NeedsJournal reports whether the file of a pending archive is not complete, or is made of the session's journal while it is stored.
func (a Archive) NeedsJournal() bool { return !a.FileReady || a.OutputMode == Individual }

// Inclusion says which parts of a stream an archive takes.
type Inclusion struct {
	StreamID string `json:"streamId"`
	HasAudio bool   `json:"hasAudio"`
	HasVideo bool   `json:"hasVideo"`
}

// Canvas returns the picture size of a composed archive, 0x0 for an individual one.
func (a Archive) Canvas() (width, height int) {
	c := canvases[a.Resolution]
	return c.width, c.height
}

// EffectiveStart is what the REST API calls createdAt: when recording effectively began, or the start call until then.
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

// Query selects archives of an application, newest first, deleted ones left out.
type Query struct {
	SessionID       string // "" = all sessions
	Status          Status // "" = all but Deleted
	MultiArchiveTag string // "" = all, with a tag or without
	Offset, Count   int
}
