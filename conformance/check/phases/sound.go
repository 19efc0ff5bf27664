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

// Heard compares the tones of a phase with those of the tracks that are there. The clause is about sounds that are missing,
// or about sounds that should not be there, or both. A problem of the other kind does not break the clause but blocks it.
func Heard(c *check.Case, x content.Recording, a expect.Phase, about Kind) {
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
	expected, actual := fmt.Sprintf("%d sounds at %.1f s", len(a.Heard), a.Middle()), text.Clip(fmt.Sprintf("missing %q, and %q beside them", missing, extra), 300)
	if !ok && (len(missing) == 0 || about&Absent == 0) && (len(extra) == 0 || about&Chosen == 0) {
		if slices.ContainsFunc(a.Unheard, func(i int) bool { return slices.Contains(extra, track(x, i).Fixture) }) && len(missing) == 0 {
			c.Follows("ARC-COMP-22", expected, actual, x.R)
			return
		}
		unheard(c, x, missing, expected, actual)
		return
	}
	c.Want(ok, expected, actual, x.R)
}

// unheard notes that something cannot be shown because of the sounds. The first that is missing tells why.
func unheard(c *check.Case, x content.Recording, missing []string, expected, actual string) {
	for _, t := range x.Due {
		if t.Kind == "audio" && slices.Contains(missing, t.Fixture) {
			c.Absent(x, t, expected)
			return
		}
	}
	c.Blocked(expected, actual, x.R)
}

// track returns the published track with that number in the timeline.
func track(x content.Recording, i int) evidence.Published { return *x.Sources[i].By.Published }

func sounds(x content.Recording, t evidence.Published, at float64) bool {
	return slices.ContainsFunc(x.Sound.OfTone(t.Fixture), func(s media.ToneSpan) bool { return s.From <= at && at <= s.To })
}
