package phases

import (
	"fmt"
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
)

// SoundAlone reports whether a stream that has no picture at all is heard in a phase.
func SoundAlone(x content.Recording, a expect.Phase) bool {
	return slices.ContainsFunc(a.Heard, func(i int) bool { return !Has(x, x.Timeline.Tracks[i].Stream, "video") })
}

// Strays returns what was seen outside of all streams.
func Strays(x content.Recording) []media.Stray {
	if x.Picture == nil || !x.Request.Asks("video") {
		return nil
	}
	return x.Picture.Stray
}

// ShownAt describes a stray for messages.
func ShownAt(s media.Stray) string {
	return fmt.Sprintf("something at %d,%d of %dx%d from %.1f to %.1f s", s.Rect.X, s.Rect.Y, s.Rect.Width, s.Rect.Height, s.From, s.To)
}

// BesideSound reports whether something was seen while a stream without a picture was heard. It may be a tile for that, which no source denies
// (ARC-COMP-31).
func BesideSound(x content.Recording, s media.Stray) bool {
	return slices.ContainsFunc(x.Phases, func(a expect.Phase) bool { return a.From < s.To && s.From < a.To && SoundAlone(x, a) })
}

// Has reports whether a stream has a track of that kind at all.
func Has(x content.Recording, stream, kind string) bool {
	return slices.ContainsFunc(x.Sources, func(p content.Source) bool {
		return p.By.IDs[evidence.Stream] == stream && p.By.Published.Kind == kind
	})
}

// TilesOfSound reports whether something is seen beside the streams of a phase while one without a picture is heard.
func TilesOfSound(x content.Recording, a expect.Phase) bool {
	return SoundAlone(x, a) && slices.ContainsFunc(Strays(x), func(s media.Stray) bool { return s.From < a.To && a.From < s.To })
}
