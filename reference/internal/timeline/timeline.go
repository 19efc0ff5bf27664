// Package timeline is the vocabulary of a recording: the events of a session's streams and archives that its files depend on, apart from the
// media. Package sessions decides on the events, the journal keeps them, and the packages that make files read them back:
//
//	recorder.Note(sessionID, timeline.Event{Kind: timeline.Recording, At: now, Archive: archiveID})
//
// A new kind of event touches these places:
//   - here: the kind, its fields, and what [Event.Validate] demands;
//   - where it is emitted: for archives, an effect of package archive (effect.go) that sessions/effect turns into the event; for streams, package
//     recorder, which also asks for the key frames that an event makes necessary (refresh in session.go);
//   - where a file depends on it: compose/plan for composed archives, take.go of capture for individual ones.
//
// The package does no IO.
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
	Paused        Kind = "paused"     // the span ends; another may follow
	Stopped       Kind = "stopped"    // the last span ends
	Classified    Kind = "classified" // the layout classes of a stream are replaced
	Arranged      Kind = "arranged"   // an archive has this layout from now on
	Selected      Kind = "selected"   // the archive takes Selection from now on; before the first of these events it takes all streams
	Skipped       Kind = "skipped"    // policy time jumped ahead by Skip, but media time did not; compositions ignore it
)

// Selection says which parts of a stream an archive takes.
type Selection struct {
	Stream   string `json:"stream"`
	HasAudio bool   `json:"hasAudio,omitempty"`
	HasVideo bool   `json:"hasVideo,omitempty"`
}

// Event is a fact, apart from the media, on which files depend.
type Event struct {
	Kind Kind       `json:"kind"`
	At   av.Instant `json:"at"`
	// Fields for streams. The stream's log must exist in the journal before the event that adds the stream.
	Stream     string `json:"stream,omitempty"`
	VideoType  string `json:"videoType,omitempty"`  // added: "camera", "screen" or "custom"
	Connection string `json:"connection,omitempty"` // added: id of the publishing client
	// ConnectionData is the data in the client's token; only for streams that were added.
	ConnectionData string   `json:"connectionData,omitempty"`
	Classes        []string `json:"classes,omitempty"` // added, classified: layout classes
	HasAudio       bool     `json:"hasAudio,omitempty"`
	HasVideo       bool     `json:"hasVideo,omitempty"`
	Reason         string   `json:"reason,omitempty"` // removed
	// Fields for archives.
	Archive   string         `json:"archive,omitempty"`
	Layout    *layout.Layout `json:"layout,omitempty"`    // arranged
	Selection []Selection    `json:"selection,omitempty"` // selected
	// Fields for time.
	Skip time.Duration `json:"skip,omitempty"` // skipped
	// Asked is when the event really happened, if that was too late to put it there on the timeline. The event then stands at At.
	Asked *av.Instant `json:"asked,omitempty"`
}

// Happened returns when the event really happened, which may be before At.
func (e Event) Happened() av.Instant {
	if e.Asked != nil {
		return *e.Asked
	}
	return e.At
}

// Clone returns a copy with lists of its own. Empty lists become nil, so that equal events also have equal JSON.
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

// Validate returns an error if e lacks a field that its kind needs.
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

// ValidStream reports whether id can name a stream: 1 to 128 letters, digits, "-" and "_". Such an id is safe in a file name.
func ValidStream(id string) bool {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return id != "" && len(id) <= 128
}
