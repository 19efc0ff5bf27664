// Package effect knows what the effects of [archive.Step] mean to the session that performs them: which must survive a
// crash, without which an archive has no file, and which belong on the timeline. The caller performs them.
package effect

import (
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

// Durable reports whether effects of this kind go through the outbox. Announcements, uploads and expiries need none,
// because they are jobs. A composition follows from the state, and notices are for clients who are gone after a crash.
func Durable(kind archive.EffectKind) bool {
	switch kind {
	case archive.DoSelect, archive.DoRecord, archive.DoPause, archive.DoStop, archive.DoArrange, archive.DoErase, archive.DoDiscard:
		return true
	default:
		return false
	}
}

// Recording reports whether the archive has no file if an effect of this kind fails.
func Recording(kind archive.EffectKind) bool {
	switch kind {
	case archive.DoCompose, archive.DoSelect, archive.DoRecord, archive.DoPause, archive.DoStop:
		return true
	default:
		return false
	}
}

// Event returns the event that an effect puts on the session's timeline; ok is false if it puts none there.
func Event(e archive.Effect, at av.Instant) (noted timeline.Event, ok bool) {
	noted = timeline.Event{At: at, Archive: e.Archive.ID}
	switch e.Kind {
	case archive.DoSelect:
		noted.Kind = timeline.Selected
		for _, in := range e.Archive.Streams {
			noted.Selection = append(noted.Selection, timeline.Selection{Stream: in.StreamID, HasAudio: in.HasAudio, HasVideo: in.HasVideo})
		}
	case archive.DoRecord:
		noted.Kind = timeline.Recording
	case archive.DoPause:
		noted.Kind = timeline.Paused
	case archive.DoStop:
		noted.Kind = timeline.Stopped
	case archive.DoArrange:
		noted.Kind, noted.Layout = timeline.Arranged, &e.Archive.Layout
	case archive.DoClassify:
		noted.Kind, noted.Stream, noted.Classes = timeline.Classified, e.Stream.ID, e.Stream.LayoutClasses
	default:
		return noted, false
	}
	return noted, true
}
