package phases

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
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

// Disguised notes phases in which something stands in the place of a stream that is not recognised as its picture.
func Disguised(c *check.Case, x content.Recording, t content.Due) {
	for _, a := range x.Settled {
		at := a.Middle()
		p, placed := a.Picture.Of(t.R.IDs[evidence.Stream])
		if x.Picture == nil || t.Kind != "video" || !t.Kept || !a.Known || !placed || a.Picture.Grid || at < t.From || at > t.To || len(Look(c, x, a).At(at)[t.Fixture]) > 0 {
			continue
		}
		i := slices.IndexFunc(Strays(x), func(s media.Stray) bool {
			seen := layout.Rect{X: float64(s.Rect.X), Y: float64(s.Rect.Y), Width: float64(s.Rect.Width), Height: float64(s.Rect.Height)}
			return s.From <= at && at <= s.To && seen.Holds(layout.Rect{X: p.Rect.X + p.Rect.Width/2, Y: p.Rect.Y + p.Rect.Height/2}, 0)
		})
		if i >= 0 && !c.Excused(false, c.Limit("tolerance.layout-change"), x.Due...) {
			c.Wrong(fmt.Sprintf("%s as published, in %.0fx%.0f at %.0f,%.0f", t.Fixture, p.Rect.Width, p.Rect.Height, p.Rect.X, p.Rect.Y), ShownAt(Strays(x)[i])+", and not the stream", x.R, t.R)
			c.Moment(at)
		}
	}
}
