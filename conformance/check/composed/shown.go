package composed

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
)

// fromTheStart checks that an archive holds what is published from its start on, and again after a pause.
func fromTheStart(c *check.Case) {
	allow := c.Limit("tolerance.recording-begin")
	for _, x := range slices.Concat(c.Recordings(), c.Chosen()) {
		for i := range x.Pieces {
			if late := x.Delay(i); late > 0 && !c.Excused(late <= allow, allow, x.Due...) {
				c.Want(late <= allow, fmt.Sprintf("a file that begins, or goes on after a pause, within %v of what there is to record", allow),
					fmt.Sprintf("piece %d of the file, at %.1f s, begins %v late", i+1, x.Pieces[i].Begin, late.Round(time.Millisecond)), x.R)
			}
			goesOn(c, x, i)
		}
	}
	takesRecorded("")(c)
}

// goesOn checks that a file holds what was published after the target had shown that the archive goes on after a pause.
func goesOn(c *check.Case, x content.Recording, piece int) {
	shown, at := x.Resumption(piece)
	if shown.IsZero() || !x.Pieces[piece].Aligned {
		return
	}
	allow := c.Limit("tolerance.recording-resumption")
	late := x.Pieces[piece].Begun().Sub(shown)
	if !c.Excused(late <= allow, allow, x.Due...) {
		c.Want(late <= allow, fmt.Sprintf("a file that goes on within %v of the status started", allow),
			fmt.Sprintf("piece %d of the file, at %.1f s, begins %v after it", piece+1, x.Pieces[piece].Begin, late.Round(time.Millisecond)), x.R, at)
	}
}

// takesRecorded checks that each published track of a kind, or of both kinds, is in the file from the start of its
// publication to its end.
func takesRecorded(kind string) func(*check.Case) {
	return func(c *check.Case) {
		for _, x := range c.Recordings() {
			for _, t := range x.Due {
				if !t.Kept || kind != "" && t.Kind != kind {
					continue
				}
				covered := c.Covers(t, x.Found(t))
				switch {
				case c.Excused(covered, c.Limit("tolerance.stream-edge"), x.Due...):
				case !covered && phases.Outdated(c, x, t):
					c.Follows("ARC-LAY-05", fmt.Sprintf("%s of %s (%s) from %.1f to %.1f s", t.Kind, t.Client, t.Fixture, t.From, t.To), content.Describe(x.Found(t)), x.R, t.R)
				default:
					c.Held(x, t)
				}
			}
		}
	}
}

// inStep compares sound and picture of each client that published both, provided that the harness itself did not stall.
func inStep(c *check.Case) {
	for _, x := range append(c.Recordings(), c.Opened()...) {
		early, late := c.Limit("tolerance.in-step").Seconds(), c.Limit("tolerance.in-step").Seconds()
		if x.Audio != nil && x.Audio.Start < 0 { // an edit list tells the delay of the coder
			late = c.Limit("tolerance.in-step.late").Seconds()
		}
		for _, v := range x.Due {
			for _, a := range x.Due {
				if !pairOf(v, a) {
					continue
				}
				offsets := x.AVOffsets(v.Fixture, a.Fixture)
				if len(offsets) == 0 && together(v, a) < c.Limit("tolerance.short.pair").Seconds() {
					continue
				}
				if len(offsets) == 0 {
					c.Absent(x, notFound(x, v, a), fmt.Sprintf("sound of %s in step with its picture", v.Client))
					continue
				}
				first, last := halves(offsets)
				ok := mostWithin(first, -early, late) && mostWithin(last, -early, late)
				if c.Excused(ok, c.Limit("tolerance.in-step"), v, a) {
					continue
				}
				c.Want(ok, fmt.Sprintf("sound of %s at most %.0f ms before its picture and %.0f ms behind", v.Client, early*1000, late*1000),
					fmt.Sprintf("%+.0f ms, at the end %+.0f ms", 1000*first[len(first)/2], 1000*last[len(last)/2]), x.R, v.R, a.R)
			}
		}
	}
}

// notFound returns the picture unless it is in the file, otherwise the sound.
func notFound(x content.Recording, v, a content.Due) content.Due {
	if len(x.Found(v)) > 0 {
		return a
	}
	return v
}

// medianOf is the least number of offsets whose median says something. It is no limit.
const medianOf = 3

// halves returns the first and the last half of the offsets, each sorted by size. If there are few, halves may overlap.
func halves(offsets []float64) (first, last []float64) {
	n := min(len(offsets), max(medianOf, (len(offsets)+1)/2))
	return slices.Sorted(slices.Values(offsets[:n])), slices.Sorted(slices.Values(offsets[len(offsets)-n:]))
}

// mostWithin leaves room for seconds that are not whole: at the beginning of a sound its envelope may show a break.
func mostWithin(offsets []float64, least, most float64) bool {
	beyond := 0
	for _, o := range offsets {
		if o < least || o > most {
			beyond++
		}
	}
	return 2*beyond < len(offsets) || beyond < len(offsets) && len(offsets) < medianOf
}

// pairOf reports whether v and a are the picture and the sound of one published stream, in the archive at the same time.
func pairOf(v, a content.Due) bool {
	return v.Kind == "video" && a.Kind == "audio" && v.R.IDs[evidence.Stream] == a.R.IDs[evidence.Stream] && v.Kept && a.Kept && together(v, a) > 0
}

// together returns for how many seconds two stretches are in the archive at the same time.
func together(a, b content.Due) float64 { return math.Min(a.To, b.To) - math.Max(a.From, b.From) }

// length returns the end of the last track, in seconds of the file.
func length(x content.Recording) float64 {
	end := 0.0
	for _, t := range x.Due {
		end = math.Max(end, t.To)
	}
	return end
}

func blackStart(c *check.Case) {
	allow, blink := c.Limit("tolerance.black-start").Seconds(), c.Limit("tolerance.blink").Seconds()
	for _, x := range c.Recordings() {
		for _, v := range x.Due {
			for _, a := range x.Due {
				if !pairOf(v, a) || math.Abs(v.From-a.From) > blink || !first(x, v) || !first(x, a) {
					continue
				}
				shown, heard := x.Found(v), x.Found(a)
				if len(shown) == 0 || len(heard) == 0 {
					c.Absent(x, notFound(x, v, a), "picture and sound of "+v.Client)
					continue
				}
				behind := shown[0].From - heard[0].From
				if c.Excused(behind <= allow, c.Limit("tolerance.black-start"), x.Due...) {
					continue
				}
				c.Want(behind <= allow, fmt.Sprintf("the picture of %s at most %.0f s behind its sound", v.Client, allow), fmt.Sprintf("%.1f s behind", behind), x.R)
			}
		}
	}
}

// leavesPicture judges streams that ended while others of the archive went on.
func leavesPicture(c *check.Case) {
	edge, short := c.Limit("tolerance.stream-edge").Seconds(), c.Limit("tolerance.short").Seconds()
	for _, x := range c.Recordings() {
		for _, t := range x.Due {
			if t.To+edge+short > length(x) || again(x, t) {
				continue
			}
			late, found := 0.0, x.Found(t)
			if len(found) == 0 {
				c.Absent(x, t, fmt.Sprintf("%s of %s gone after its end", t.Kind, t.Client))
				continue
			}
			for _, s := range found {
				late = math.Max(late, s.To)
			}
			c.Want(late <= t.To+edge, fmt.Sprintf("%s of %s gone %.0f s after its end at %.1f s", t.Kind, t.Client, edge, t.To), fmt.Sprintf("there until %.1f s", late), x.R, t.R)
		}
	}
}

// again reports whether the same fixture was published again after t.
func again(x content.Recording, t content.Due) bool {
	return slices.ContainsFunc(x.Due, func(u content.Due) bool { return u.Fixture == t.Fixture && u.To > t.To })
}

// first reports whether t is the first stretch of its track.
func first(x content.Recording, t content.Due) bool {
	return !slices.ContainsFunc(x.Due, func(u content.Due) bool { return u.R.Seq == t.R.Seq && u.From < t.From })
}

// nothingLost takes marks that are skipped one after the other for a gap. 30 frames a second in 25 pictures skip one now
// and then.
func nothingLost(c *check.Case) {
	still := c.Limit("tolerance.standstill").Seconds()
	for _, x := range c.Recordings() {
		for _, t := range x.Due {
			if t.Kind != "video" || !t.Kept || t.Still() {
				continue
			}
			for _, a := range x.Picture.OfStream(t.Fixture) {
				if interrupted(c, x, t, a.From, a.To) {
					continue
				}
				gap := float64(a.LongestGap) / t.Rate
				fresh, least := pace(c, t, a)
				stands := slices.ContainsFunc(a.Freezes, func(f media.Freeze) bool { return f.To-f.From > still })
				ok := !stands && a.Backward == 0 && gap <= still && fresh >= least
				if c.Excused(ok, c.Limit("tolerance.standstill"), t) {
					continue
				}
				c.Want(ok, fmt.Sprintf("frames of %s in order, no standstill or gap over %.0f ms, %.1f of them a second", t.Fixture, still*1000, least),
					fmt.Sprintf("%d standstills, longest gap %.0f ms, %d steps back, %.1f a second", len(a.Freezes), gap*1000, a.Backward, fresh), x.R, t.R)
			}
		}
		noSoundLost(c, x, still)
	}
}

// pace returns the number of new frames per second in an appearance, and the least that is demanded: the rate of the
// source, as far as the file has pictures for it. Short appearances have no demand.
func pace(c *check.Case, t content.Due, a media.Appearance) (fresh, least float64) {
	if a.To-a.From < c.Limit("tolerance.short").Seconds() {
		return 0, 0
	}
	allow := c.Share("tolerance.repeated-percent")
	return float64(a.Frames-a.Repeated) / (a.To - a.From), (1 - allow) * min(t.Rate, float64(c.Number("video.frame-rate")))
}

// noSoundLost knows that a tone has one short break in each second. More or longer breaks are lost sound, or sound that
// is there twice.
func noSoundLost(c *check.Case, x content.Recording, still float64) {
	for _, t := range x.Due {
		if t.Kind != "audio" || !t.Kept || x.Sound == nil {
			continue
		}
		for _, s := range x.Sound.OfTone(t.Fixture) {
			if interrupted(c, x, t, s.From, s.To) {
				continue
			}
			long := slices.ContainsFunc(s.Breaks, func(b media.Span) bool { return b.To-b.From > still })
			ok := !long && float64(len(s.Beats)) <= s.To-s.From+float64(c.Number("tolerance.tone-breaks"))
			if c.Excused(ok, c.Limit("tolerance.standstill"), t) {
				continue
			}
			c.Want(ok, fmt.Sprintf("%s without a break over %.0f ms, interrupted once a second in %.1f s", t.Fixture, still*1000, s.To-s.From),
				fmt.Sprintf("breaks %v, interrupted %d times", s.Breaks, len(s.Beats)), x.R, t.R)
		}
	}
}

// interrupted reports whether the stretch overlaps a time in which the track of t was muted or hidden, or goes from one publication of its
// fixture to the next. There, frames are left out, and the last one may stand until the target notices, also in another place.
func interrupted(c *check.Case, x content.Recording, t content.Due, from, to float64) bool {
	edge := c.Limit("tolerance.stream-edge").Seconds()
	for _, u := range x.Due {
		same := u.R.Seq == t.R.Seq
		begins := u.From > from && u.From < to && !(same && first(x, u))
		ends := u.To < to && u.To > from-edge && u.To < length(x)-edge
		if u.Fixture == t.Fixture && (begins || ends && same) {
			return true
		}
	}
	return false
}

// publishersOf judges the streams that were published in a codec.
func publishersOf(codec string) func(*check.Case) {
	return func(c *check.Case) {
		for _, x := range c.Recordings() {
			for _, t := range x.Due {
				if t.Kind == "video" && strings.EqualFold(t.Codec, codec) && t.Kept {
					spans := x.Found(t)
					c.Want(c.Covers(t, spans), fmt.Sprintf("%s stream %s from %.1f to %.1f s", codec, t.Fixture, t.From, t.To), content.Describe(spans), x.R, t.R)
				}
			}
		}
	}
}
