package archive

import "time"

// The limits of a recording, in policy time.
const (
	MaxRecorded    = 4 * time.Hour  // ARC-DUR-03, ARC-DUR-18, ARC-AUTO-06
	MaxTotal       = 12 * time.Hour // ARC-DUR-05, ARC-DUR-19
	MaxIdle        = time.Hour      // ARC-DUR-06, ARC-DUR-20, ARC-AUTO-11
	MaxEmpty       = time.Minute    // after the last client left (ARC-DUR-07, ARC-AUTO-10)
	FirstPublisher = time.Minute    // after the start (ARC-DUR-01, ARC-DUR-21)

	// MoveInterval is the shortest time between two moves of a session by the application.
	MoveInterval = time.Minute

	// Overlap is how long two consecutive automatic archives record at the same time.
	Overlap = 2 * time.Second // ARC-AUTO-07

	// Retention is how long after its creation the built-in cloud keeps an archive, and how long the server retries its upload.
	Retention = 72 * time.Hour // ARC-STO-15, ARC-STO-21
	// FallbackAfter is how long the server retries an upload before it may give the file to the built-in cloud.
	FallbackAfter = 6 * time.Hour // ARC-STO-16
)

// The maximum number of streams that an individual archive takes at a time.
const (
	MaxVideoStreams = 50 // ARC-IND-03
	MaxAudioStreams = 50 // ARC-IND-26
)

const (
	maxNameLength = 1000
	maxTagLength  = 255

	minBitrate, maxBitrate     = 100_000, 6_000_000 // ARC-RATE-07
	minQuantizer, maxQuantizer = 15, 40             // ARC-RATE-04
)

// RotationNotices lists how long before a planned rotation a notice is sent (ARC-EVT-07, ARC-EVT-08).
var RotationNotices = []time.Duration{4 * time.Hour, time.Hour}

// DefaultResolution is the canvas of an archive whose start call names no resolution (ARC-RES-01).
const DefaultResolution = "640x480"

// Resolutions lists the allowed resolutions in the order of the documentation (ARC-RES-07).
var Resolutions = []string{"640x480", "480x640", "1280x720", "720x1280", "1920x1080", "1080x1920"}

var canvases = map[string]struct{ width, height int }{
	"640x480": {640, 480}, "480x640": {480, 640}, // ARC-RES-01, ARC-RES-02
	"1280x720": {1280, 720}, "720x1280": {720, 1280}, // ARC-RES-03, ARC-RES-04
	"1920x1080": {1920, 1080}, "1080x1920": {1080, 1920}, // ARC-RES-05, ARC-RES-06
}

// DeadlineKind names the limit behind a [Deadline].
type DeadlineKind string

const (
	DueFirstPublisher DeadlineKind = "firstPublisher"
	DueRecorded       DeadlineKind = "recordedTime"
	DueTotal          DeadlineKind = "totalTime"
	DueIdle           DeadlineKind = "idle"
	DueLastClient     DeadlineKind = "lastClient"
	DueOverlap        DeadlineKind = "overlap" // the next automatic archive begins

	// Kinds that concern a session, not an archive.
	DueRotationNotice DeadlineKind = "rotationNotice"
	DueRotation       DeadlineKind = "rotation"
)

// Deadline is an instant of policy time at which a limit takes effect, unless something changes before.
type Deadline struct {
	Kind      DeadlineKind `json:"kind"`
	At        time.Time    `json:"at"`
	SessionID string       `json:"sessionId"`
	ArchiveID string       `json:"archiveId"`

	// Media says that an overlap of two recording automatic archives begins ([DueOverlap]) or ends at this deadline. The overlap must last its
	// full time on the real clock too, because both archives need its media.
	Media bool `json:"media"`
}
