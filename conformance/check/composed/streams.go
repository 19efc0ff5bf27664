package composed

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
	"reelcheck/conformance/text"
	"reelcheck/fixtures"
)

// streamChecks are about how many streams an archive holds, and about streams that are muted, change, or have one kind
// of track only.
var streamChecks = []check.Check{
	check.New("ARC-COMP-20", arranged(crowded, phases.Absent|phases.Chosen), scenarios.Many),
	check.New("ARC-COMP-21", fiftyHeard, scenarios.Many),
	check.New("ARC-COMP-22", beyondLimits, scenarios.Many),
	check.New("ARC-SIM-03", ownLayouts, scenarios.Simultaneous),
	check.New("ARC-SEL-07", arranged(preferred, phases.Absent|phases.Chosen), scenarios.Many),
	check.New("ARC-COMP-28", mutedVideo, scenarios.Mutes),
	check.New("ARC-COMP-29", mutedAudio, scenarios.Mutes),
	check.New("ARC-COMP-30", changesSize, scenarios.Mutes),
	check.New("ARC-COMP-31", onlyHeard, scenarios.Mutes),
	check.New("ARC-COMP-32", onlySeen, scenarios.Mutes),
	check.New("ARC-COMP-33", blackElsewhere, scenarios.Mutes, scenarios.Layouts),
	check.New("ARC-COMP-34", takesPlace, scenarios.Many),
}

// crowded picks phases that show as many streams as there are places, before one becomes free for another stream.
func crowded(x content.Recording, a expect.Phase) bool {
	return len(a.Picture.Places) == layout.Most(x.Timeline.Ledger) && len(a.Freed) == 0
}

// preferred picks crowded phases in which the stream that came last is shown, so that an earlier one is left out.
func preferred(x content.Recording, a expect.Phase) bool {
	if len(a.Streams) <= layout.Most(x.Timeline.Ledger) {
		return false
	}
	_, last := a.Picture.Of(a.Streams[len(a.Streams)-1].ID)
	return last
}

// ownLayouts judges archives of one session that record at the same time with different layouts.
func ownLayouts(c *check.Case) {
	recordings := c.Recordings()
	arranged(func(x content.Recording, _ expect.Phase) bool {
		return slices.ContainsFunc(recordings, func(y content.Recording) bool {
			return y.Start.IDs[evidence.Session] == x.Start.IDs[evidence.Session] && y.Timeline.Layout != x.Timeline.Layout &&
				!y.EndedBefore(x.Start) && !x.EndedBefore(y.Start)
		})
	}, phases.Placed|phases.Disobeyed)(c)
}

// audible calls each with the phases of archives with sound.
func audible(c *check.Case, which pick, each func(x content.Recording, a expect.Phase)) {
	for _, x := range c.Recordings() {
		if !x.Request.Asks("audio") || x.Sound == nil {
			continue
		}
		for _, a := range x.Settled {
			if len(a.FreedSounds) == 0 && which(x, a) {
				each(x, a)
			}
		}
	}
}

func fiftyHeard(c *check.Case) {
	full := func(x content.Recording, a expect.Phase) bool {
		return len(a.Heard) == expect.MostHeard(x.Timeline.Ledger)
	}
	audible(c, full, func(x content.Recording, a expect.Phase) { phases.Heard(c, x, a, phases.Absent) })
}

// beyondLimits judges phases with more streams than an archive holds: picture and mix must be those of the others.
func beyondLimits(c *check.Case) {
	arranged(func(x content.Recording, a expect.Phase) bool { return len(a.Streams) > layout.Most(x.Timeline.Ledger) }, phases.Chosen|phases.Placed)(c)
	more := func(_ content.Recording, a expect.Phase) bool { return len(a.Unheard) > 0 }
	audible(c, more, func(x content.Recording, a expect.Phase) { phases.Heard(c, x, a, phases.Chosen) })
}

// takesPlace judges phases in which a stream has a place that was left out before.
func takesPlace(c *check.Case) {
	freed := func(_ content.Recording, a expect.Phase) bool { return len(a.Freed) > 0 }
	seen(c, freed, func(x content.Recording, a expect.Phase) { phases.Pictured(c, x, a, phases.Absent|phases.Chosen) })
	for _, x := range c.Recordings() {
		for _, a := range x.Settled {
			if x.Sound != nil && len(a.FreedSounds) > 0 {
				phases.Heard(c, x, a, phases.Absent)
			}
		}
	}
}

// muted picks the phases in which a track of that kind is muted, also from the beginning on, and those in which it is back.
func muted(kind string) pick {
	return func(x content.Recording, a expect.Phase) bool {
		for i, p := range x.Sources {
			there := x.Timeline.Tracks[i].There
			if p.By.Published.Kind != kind || len(p.By.Published.Muted) == 0 || len(there) == 0 {
				continue
			}
			before := slices.ContainsFunc(x.Silences(i), func(s expect.Stretch) bool { return s.To <= there[0].From && s.From <= a.From })
			if there[0].To <= a.From || before {
				return true
			}
		}
		return false
	}
}

func mutedVideo(c *check.Case) {
	stillScreens(c)
	arranged(muted("video"), phases.Chosen|phases.Placed)(c)
	edge, blink := c.Limit("tolerance.stream-edge").Seconds(), c.Limit("tolerance.blink").Seconds()
	for _, x := range c.Recordings() {
		for i, p := range x.Sources {
			if p.By.Published.Kind != "video" || x.Picture == nil {
				continue
			}
			for _, gap := range x.Silences(i) {
				if gap.To-gap.From < edge+blink {
					continue
				}
				if len(x.Picture.OfStream(p.By.Published.Fixture)) == 0 {
					c.Absent(x, content.Due{Published: *p.By.Published, R: p.By, From: gap.From, To: gap.To}, p.By.Published.Fixture+" gone while muted")
					continue
				}
				late := gap.From
				for _, a := range x.Picture.OfStream(p.By.Published.Fixture) {
					if a.From < gap.To-blink && a.To > gap.From {
						late = max(late, min(a.To, gap.To))
					}
				}
				c.Want(late <= gap.From+edge, fmt.Sprintf("%s not in the picture while muted from %.1f to %.1f s", p.By.Published.Fixture, gap.From, gap.To),
					fmt.Sprintf("there until %.1f s", late), x.R, p.By)
			}
		}
	}
}

// stillScreens checks that a screen on which nothing moves stays in the picture.
func stillScreens(c *check.Case) {
	for _, x := range c.Recordings() {
		for _, t := range x.Due {
			if t.Still() && t.Kept {
				c.Held(x, t)
			}
		}
	}
}

func mutedAudio(c *check.Case) {
	audible(c, muted("audio"), func(x content.Recording, a expect.Phase) { phases.Heard(c, x, a, phases.Chosen) })
	edge, blink := c.Limit("tolerance.stream-edge").Seconds(), c.Limit("tolerance.blink").Seconds()
	for _, x := range c.Recordings() {
		for i, p := range x.Sources {
			if p.By.Published.Kind != "audio" || x.Sound == nil {
				continue
			}
			for _, gap := range x.Silences(i) {
				if len(x.Sound.OfTone(p.By.Published.Fixture)) == 0 {
					c.Absent(x, content.Due{Published: *p.By.Published, R: p.By, From: gap.From, To: gap.To}, p.By.Published.Fixture+" not heard while muted")
					continue
				}
				heard := slices.ContainsFunc(x.Sound.OfTone(p.By.Published.Fixture), func(s media.ToneSpan) bool {
					return s.From < gap.To-blink && s.To > gap.From+edge
				})
				c.Want(!heard, fmt.Sprintf("%s not heard while muted from %.1f to %.1f s", p.By.Published.Fixture, gap.From, gap.To), "heard", x.R, p.By)
			}
		}
	}
}

// changesSize checks that each shape of a fixture with several is shown, in its aspect.
func changesSize(c *check.Case) {
	allow, short := int(c.Number("tolerance.tile")), c.Limit("tolerance.short.resized").Seconds()
	for _, x := range c.Recordings() {
		if x.Picture == nil {
			continue
		}
		for _, t := range x.Due {
			parts := phases.Shapes(c, t.Fixture)
			if t.Kind != "video" || len(parts) < 2 || !t.Kept {
				continue
			}
			seen := 0
			for _, a := range x.Picture.OfStream(t.Fixture) {
				i := slices.IndexFunc(parts, func(s fixtures.Part) bool { return a.FirstMark >= s.From && a.FirstMark < s.To })
				if i < 0 {
					continue
				}
				seen |= 1 << i
				// The wanted width of a picture of this height.
				want := a.Rect.Height * parts[i].Width / parts[i].Height
				c.Want(want-a.Rect.Width <= allow && a.Rect.Width-want <= allow, fmt.Sprintf("%s as %d:%d from %.1f s", t.Fixture, parts[i].Width, parts[i].Height, a.From),
					fmt.Sprintf("%dx%d", a.Rect.Width, a.Rect.Height), x.R, t.R)
			}
			if t.To-t.From > short {
				c.Want(seen == 1<<len(parts)-1, fmt.Sprintf("%s in %d shapes", t.Fixture, len(parts)), fmt.Sprintf("shapes seen: %b", seen), x.R, t.R)
			}
		}
	}
}

// onlyHeard checks phases with a stream that has no picture. They must have its sound and no tile for it. What mutes change is left to ARC-COMP-28
// and ARC-COMP-29.
func onlyHeard(c *check.Case) {
	alone := func(x content.Recording, a expect.Phase) bool {
		return phases.SoundAlone(x, a) && !muted("audio")(x, a)
	}
	settled := func(x content.Recording, a expect.Phase) bool {
		return !a.Picture.Vacant && len(a.Freed) == 0 && alone(x, a) && !muted("video")(x, a)
	}
	seen(c, settled, func(x content.Recording, a expect.Phase) { phases.Pictured(c, x, a, phases.Chosen|phases.Placed) })
	audible(c, alone, func(x content.Recording, a expect.Phase) { phases.Heard(c, x, a, phases.Absent) })
	for _, x := range c.Recordings() {
		for _, s := range phases.Strays(x) {
			if phases.BesideSound(x, s) {
				c.Wrong("nothing seen of streams that are only heard", phases.ShownAt(s), x.R)
			}
		}
	}
}

// onlySeen checks that streams without sound are in the picture.
func onlySeen(c *check.Case) {
	arranged(func(x content.Recording, a expect.Phase) bool {
		return slices.ContainsFunc(a.Picture.Places, func(p layout.Place) bool { return !phases.Has(x, p.Stream, "audio") })
	}, phases.Absent)(c)
}

// blackElsewhere checks that there is nothing beside the streams, and only black where there are none.
func blackElsewhere(c *check.Case) {
	for _, x := range c.Recordings() {
		if !x.Request.Asks("video") || x.Picture == nil {
			continue
		}
		var stray []string
		for _, s := range phases.Strays(x) {
			if !phases.BesideSound(x, s) {
				stray = append(stray, phases.ShownAt(s))
			}
		}
		c.Want(len(stray) == 0, "black beside the streams", text.Clip(strings.Join(stray, "; "), 300), x.R)
		for _, a := range x.Settled {
			if !a.Known || len(a.Picture.Places) > 0 {
				continue
			}
			black := slices.ContainsFunc(x.Picture.Black, func(s media.Span) bool { return s.From <= a.From && a.To <= s.To })
			c.Want(black, fmt.Sprintf("black from %.1f to %.1f s, when nobody is seen", a.From, a.To), fmt.Sprintf("black %v", x.Picture.Black), x.R)
		}
	}
}
