// Package timeline is the vocabulary of a recording: what happens to the streams and the archives of a session, besides the media itself.
// Sessions decide on events, the journal keeps them, and whoever makes a file reads them back:
//
//	recorder.Note(sessionID, timeline.Event{Kind: timeline.Recording, At: now, Archive: archiveID})
//
// A new kind of event is added in three places: here, where the decision to emit it is made (package sessions for archives, package recorder
// for streams), and where a file depends on it (compose/plan, capture). The package does no IO.
package timeline

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
)

// Kind names what happened.
type Kind string

// Kinds of events.
const (
	StreamAdded   Kind = "streamAdded"
	StreamRemoved Kind = "streamRemoved"
	VideoStopped  Kind = "videoStopped" // the stream sends no video, until VideoResumed
	VideoResumed  Kind = "videoResumed"
	Recording     Kind = "recording"  // a span of the archive begins
	Paused        Kind = "paused"     // it ends, another may follow
	Stopped       Kind = "stopped"    // it ends for good
	Classified    Kind = "classified" // the layout classes of a stream are replaced
	Arranged      Kind = "arranged"   // an archive has this layout from now on
	Selected      Kind = "selected"   // the archive takes Selection from now on; before the first of these it takes all streams
	Skipped       Kind = "skipped"    // policy time jumped ahead by Skip, and media did not; compositions ignore it
)

// Selection says which parts of a stream an archive takes.
type Selection struct {
	Stream   string `json:"stream"`
	HasAudio bool   `json:"hasAudio,omitempty"`
	HasVideo bool   `json:"hasVideo,omitempty"`
}

// Event is something that files depend on besides the media.
type Event struct {
	Kind Kind       `json:"kind"`
	At   av.Instant `json:"at"`
	// Of streams. The stream's log must exist in the journal before it is added.
	Stream     string `json:"stream,omitempty"`
	VideoType  string `json:"videoType,omitempty"`  // added: "camera", "screen" or "custom"
	Connection string `json:"connection,omitempty"` // added: id of the publishing client
	// ConnectionData is what the client's token said, of streams that were added.
	ConnectionData string   `json:"connectionData,omitempty"`
	Classes        []string `json:"classes,omitempty"` // added, classified: layout classes
	HasAudio       bool     `json:"hasAudio,omitempty"`
	HasVideo       bool     `json:"hasVideo,omitempty"`
	Reason         string   `json:"reason,omitempty"` // removed
	// Of archives.
	Archive   string         `json:"archive,omitempty"`
	Layout    *layout.Layout `json:"layout,omitempty"`    // arranged
	Selection []Selection    `json:"selection,omitempty"` // selected
	// Of time, in nanoseconds.
	Skip time.Duration `json:"skip,omitempty"` // skipped
	// Asked is when the event happened, if that was too late for the timeline, on which it stands at At.
	Asked *av.Instant `json:"asked,omitempty"`
}

// Happened returns when the event happened, which may be before At.
func (e Event) Happened() av.Instant {
	if e.Asked != nil {
		return *e.Asked
	}
	return e.At
}

// Clone returns a copy that shares no memory with e. Empty lists become nil, so that equal events are equal in JSON too.
func (e Event) Clone() Event {
	e.Classes = slices.Clone(e.Classes)
	if len(e.Classes) == 0 {
		e.Classes = nil
	}
	e.Selection = slices.Clone(e.Selection)
	if len(e.Selection) == 0 {
		e.Selection = nil
	}
	return e
}

// Validate reports what an event of its kind lacks.
func (e Event) Validate() error {
	switch e.Kind {
	case StreamAdded, StreamRemoved, VideoStopped, VideoResumed, Classified:
		if !ValidStream(e.Stream) {
			return fmt.Errorf("event %s: bad stream id %q", e.Kind, e.Stream)
		}
	case Recording, Paused, Stopped, Selected:
		if e.Archive == "" {
			return fmt.Errorf("event %s: archive is missing", e.Kind)
		}
		for _, s := range e.Selection {
			if !ValidStream(s.Stream) {
				return fmt.Errorf("event %s: bad stream id %q", e.Kind, s.Stream)
			}
		}
	case Arranged:
		if e.Archive == "" || e.Layout == nil {
			return fmt.Errorf("event %s: archive or layout is missing", e.Kind)
		}
	case Skipped:
		if e.Skip <= 0 {
			return fmt.Errorf("event %s: bad time %v", e.Kind, e.Skip)
		}
	default:
		return fmt.Errorf("unknown event kind %q", e.Kind)
	}
	return nil
}

// ValidStream reports whether id can name a stream: up to 128 letters, digits, "-" and "_", so that it is safe in the name of a file.
func ValidStream(id string) bool {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return id != "" && len(id) <= 128
}
