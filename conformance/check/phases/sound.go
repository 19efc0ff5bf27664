package phases

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
	"reelcheck/conformance/text"
)

// Heard compares the tones of a phase with those of the tracks that are there.
func Heard(c *check.Case, x content.Recording, a expect.Phase) {
	var missing, extra []string
	for _, i := range a.Heard {
		if t := track(x, i); !sounds(x, t, a.Middle()) {
			missing = append(missing, t.Fixture)
		}
	}
	for _, t := range x.Sound.Tones {
		wanted := slices.ContainsFunc(a.Heard, func(i int) bool { return track(x, i).Fixture == t.ID })
		if !wanted && sounds(x, evidence.Published{Fixture: t.ID}, a.Middle()) && !slices.Contains(extra, t.ID) {
			extra = append(extra, t.ID)
		}
	}
	ok := len(missing) == 0 && len(extra) == 0
	if c.Excused(ok, c.Limit("tolerance.stream-edge"), x.Due...) {
		return
	}
	c.Want(ok, fmt.Sprintf("%d sounds at %.1f s", len(a.Heard), a.Middle()),
		text.Clip(fmt.Sprintf("missing %q, and %q beside them", missing, extra), 300), x.R)
}

// track is the published track with that number in the timeline.
func track(x content.Recording, i int) evidence.Published { return *x.Parts[i].By.Published }

func sounds(x content.Recording, t evidence.Published, at float64) bool {
	return slices.ContainsFunc(x.Sound.OfTone(t.Fixture), func(s media.ToneSpan) bool { return s.From <= at && at <= s.To })
}
