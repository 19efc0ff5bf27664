package archive

import "time"

// The limits of a recording, in policy time.
const (
	MaxRecorded    = 4 * time.Hour
	MaxTotal       = 12 * time.Hour
	MaxIdle        = time.Hour
	MaxEmpty       = time.Minute // after the last client left
	FirstPublisher = time.Minute // after the start

	// MoveInterval is how soon an application may have a session moved again.
	MoveInterval = time.Minute

	// Overlap is how long two consecutive automatic archives record together.
	Overlap = 2 * time.Second

	// Retention is how long the built-in cloud keeps a file after the archive was created, and how long an upload is tried.
	Retention = 72 * time.Hour
	// FallbackAfter is how long an upload is tried at least before the built-in cloud takes the file.
	FallbackAfter = 6 * time.Hour
)

// What an individual archive takes at a time.
const (
	MaxVideoStreams = 50
	MaxAudioStreams = 50
)

const (
	maxNameLength = 1000
	maxTagLength  = 255

	minBitrate, maxBitrate     = 100_000, 6_000_000
	minQuantizer, maxQuantizer = 15, 40
)

// RotationNotices are how long before a planned rotation the clients are notified.
var RotationNotices = []time.Duration{4 * time.Hour, time.Hour}

// DefaultResolution is the canvas of an archive that does not ask for another.
const DefaultResolution = "640x480"

// Resolutions in the order of the documentation.
var Resolutions = []string{"640x480", "480x640", "1280x720", "720x1280", "1920x1080", "1080x1920"}

var canvases = map[string]struct{ width, height int }{
	"640x480": {640, 480}, "480x640": {480, 640},
	"1280x720": {1280, 720}, "720x1280": {720, 1280},
	"1920x1080": {1920, 1080}, "1080x1920": {1080, 1920},
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

	// Of sessions.
	DueRotationNotice DeadlineKind = "rotationNotice"
	DueRotation       DeadlineKind = "rotation"
)

// Deadline is an instant of policy time at which a limit strikes if nothing changes before.
type Deadline struct {
	Kind      DeadlineKind `json:"kind"`
	At        time.Time    `json:"at"`
	SessionID string       `json:"sessionId"`
	ArchiveID string       `json:"archiveId"`

	// Media: an overlap in which two automatic archives record begins then ([DueOverlap]), or ends. It takes as long as it does, in real
	// time: the media of both is needed.
	Media bool `json:"media"`
}
