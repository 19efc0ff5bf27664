package check

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
)

// takesRecorded wants each published track of a kind, or of both, in the file
// from its publication to its end.
func takesRecorded(kind string) func(*Case) {
	return func(c *Case) {
		edge := c.limit("tolerance.stream-edge").Seconds()
		for _, x := range c.exhibits() {
			for _, t := range x.takes {
				if !t.kept || kind != "" && t.Kind != kind {
					continue
				}
				spans := x.showing(t)
				if c.excused(t.missing(spans, edge) < blink, c.limit("tolerance.stream-edge"), t) {
					continue
				}
				c.want(t.missing(spans, edge) < blink, fmt.Sprintf("%s of %s (%s) from %.1f to %.1f s, give or take %.0f s", t.Kind, t.Client, t.Fixture, t.from, t.to, edge),
					describe(spans), x.r, t.r)
			}
		}
	}
}

// showing are the stretches of the file in which a track was recognised.
func (x exhibit) showing(t take) []media.Span {
	var out []media.Span
	if t.Kind == "video" {
		for _, a := range x.Picture.OfStream(t.Fixture) {
			out = append(out, media.Span{From: a.From, To: a.To})
		}
		return out
	}
	if x.Sound == nil {
		return nil
	}
	for _, s := range x.Sound.OfTone(t.Fixture) {
		if s.Level > x.loudest()-faint {
			out = append(out, s.Span)
		}
	}
	return out
}

// faint tones, in dB below the loudest, are what a cut in another tone leaves in the analysis.
const faint = 30

func (x exhibit) loudest() float64 {
	level := math.Inf(-1)
	for _, t := range x.Sound.Tones {
		level = math.Max(level, t.Level)
	}
	return level
}

// uncovered is how many seconds of from to to no span holds.
func uncovered(spans []media.Span, from, to float64) float64 {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b media.Span) int {
		if a.From < b.From {
			return -1
		}
		return 1
	})
	missing, at := 0.0, from
	for _, s := range sorted {
		if s.From > at {
			missing += math.Min(s.From, to) - at
		}
		at = math.Max(at, s.To)
		if at >= to {
			return missing
		}
	}
	return missing + math.Max(0, to-at)
}

func describe(spans []media.Span) string {
	if len(spans) == 0 {
		return "nowhere in the file"
	}
	var s []string
	for _, x := range spans {
		s = append(s, fmt.Sprintf("%.1f to %.1f s", x.From, x.To))
	}
	return "found from " + strings.Join(s, ", ")
}

// inStep measures sound against picture of each client that published both; the harness itself must not have stalled.
func inStep(c *Case) {
	allow := c.limit("tolerance.in-step").Seconds()
	for _, x := range c.exhibits() {
		for _, v := range x.takes {
			for _, a := range x.takes {
				if !pairOf(v, a) {
					continue
				}
				offset, ok := x.offset(v, a)
				if !ok {
					c.blocked(fmt.Sprintf("sound of %s in step with its picture", v.Client), "picture and sound of the stream are not both in the file", x.r, v.r, a.r)
					continue
				}
				if inStep := math.Abs(offset) <= allow; c.excused(inStep, c.limit("tolerance.in-step"), v, a) {
					continue
				}
				c.want(math.Abs(offset) <= allow, fmt.Sprintf("sound of %s within %.0f ms of its picture", v.Client, allow*1000),
					fmt.Sprintf("%+.0f ms", offset*1000), x.r, v.r, a.r)
			}
		}
	}
}

// offset is by how many seconds the sound of a stream comes after its picture:
// the median over the whole seconds that both mark. Whole seconds themselves
// cannot be told apart; ARC-COMP-12 and 13 look at those.
func (x exhibit) offset(v, a take) (float64, bool) {
	var shown []media.Beat
	for _, s := range x.Picture.OfStream(v.Fixture) {
		shown = append(shown, s.Beats...)
	}
	var offsets []float64
	for _, t := range x.Sound.OfTone(a.Fixture) {
		if t.Level <= x.loudest()-faint {
			continue
		}
		for _, heard := range t.Beats {
			nearest := math.Inf(1)
			for _, s := range shown {
				if d := heard.At - s.At; math.Abs(d) < math.Abs(nearest) {
					nearest = d
				}
			}
			if math.Abs(nearest) < 1 {
				offsets = append(offsets, nearest)
			}
		}
	}
	if len(offsets) == 0 {
		return 0, false
	}
	slices.Sort(offsets)
	return offsets[len(offsets)/2], true
}

// pairOf: picture and sound of one published stream.
func pairOf(v, a take) bool {
	return v.Kind == "video" && a.Kind == "audio" && v.r.IDs[evidence.Stream] == a.r.IDs[evidence.Stream] && v.kept && a.kept
}

// excused notes a contradiction in time as trouble of the harness when a publisher
// was late by more than it is about. What holds in spite of that, holds.
func (c *Case) excused(ok bool, allow time.Duration, takes ...take) bool {
	for _, t := range takes {
		if !ok && t.Late > allow/2 {
			c.unclear(fmt.Sprintf("publisher %s stalled for %v", t.Client, t.Late.Round(time.Millisecond)))
			return true
		}
	}
	return false
}

// fileLength compares the movie with the recorded time, which pauses and
// advances of the clock are no part of, and with duration, of which the advances are.
func fileLength(c *Case) {
	for _, x := range c.exhibits() {
		k, _ := c.course(x.history)
		allow := (c.limit("tolerance.file-length") + time.Duration(len(k.pauses()))*c.limit("tolerance.pause")).Seconds()
		least, most := c.lengths(x.history, k)
		c.want(x.Duration >= least-allow && x.Duration <= most+allow, fmt.Sprintf("a length of %.1f to %.1f s, give or take %.1f", least, most, allow),
			fmt.Sprintf("%.1f s", x.Duration), x.r)
		few, many := c.skippedWithin(x.history, k)
		for _, s := range x.delivered() {
			n, ok := s.whole("duration")
			told := float64(n)
			c.want(ok && x.Duration >= told-many-allow && x.Duration <= told-few+allow,
				fmt.Sprintf("a length of %.1f to %.1f s as duration says, give or take %.1f", told-many, told-few, allow), fmt.Sprintf("%.1f s", x.Duration), x.r, s.at)
		}
	}
}

// lengths brackets the real time that was recorded, in seconds.
func (c *Case) lengths(h *history, k course) (least, most float64) {
	first, last := c.realEnd(h, k)
	for _, u := range union(c.sessions[h.start.IDs[evidence.Session]].streams) {
		if cut, ok := u.cut(over(h.start), first); ok {
			least += cut.to.Sub(cut.from).Seconds()
		}
		u.to = u.late
		if cut, ok := u.cut(sent(h.start), last); ok {
			most += cut.to.Sub(cut.from).Seconds()
		}
	}
	return least, most
}

// skippedWithin brackets how much recorded time advances of the clock added
// while streams were published; the advance in which the archive ended counts in part.
func (c *Case) skippedWithin(h *history, k course) (least, most float64) {
	s := c.sessions[h.start.IDs[evidence.Session]]
	first, last := c.realEnd(h, k)
	within := func(end time.Time) func(walk) bool {
		return func(w walk) bool {
			return !w.from.Before(sent(h.start)) && (end.IsZero() || !w.to.After(end)) && steady(s.streams, w.from, w.to)
		}
	}
	app := h.start.IDs[evidence.Application]
	return c.skipped(app, within(first)).Seconds(), c.skipped(app, within(last)).Seconds()
}

// length is where the last take ends.
func (x exhibit) length() float64 {
	end := 0.0
	for _, t := range x.takes {
		end = math.Max(end, t.to)
	}
	return end
}

func blackStart(c *Case) {
	allow := c.limit("tolerance.black-start").Seconds()
	for _, x := range c.exhibits() {
		for _, v := range x.takes {
			for _, a := range x.takes {
				if !pairOf(v, a) {
					continue
				}
				shown, heard := x.showing(v), x.showing(a)
				if len(shown) == 0 || len(heard) == 0 {
					c.blocked("picture and sound of "+v.Client, "one of them is not in the file", x.r)
					continue
				}
				behind := shown[0].From - heard[0].From
				c.want(behind <= allow, fmt.Sprintf("the picture of %s at most %.0f s behind its sound", v.Client, allow), fmt.Sprintf("%.1f s behind", behind), x.r)
			}
		}
	}
}

// leavesPicture looks at streams that ended while others of the archive went on.
func leavesPicture(c *Case) {
	edge := c.limit("tolerance.stream-edge").Seconds()
	for _, x := range c.exhibits() {
		for _, t := range x.takes {
			if t.to+edge+1 > x.length() || x.again(t) {
				continue
			}
			late := 0.0
			for _, s := range x.showing(t) {
				late = math.Max(late, s.To)
			}
			c.want(late <= t.to+edge, fmt.Sprintf("%s of %s gone %.0f s after its end at %.1f s", t.Kind, t.Client, edge, t.to), fmt.Sprintf("there until %.1f s", late), x.r, t.r)
		}
	}
}

// again tells whether the same fixture was published once more after t.
func (x exhibit) again(t take) bool {
	return slices.ContainsFunc(x.takes, func(u take) bool { return u.Fixture == t.Fixture && u.to > t.to })
}

// nothingLost: marks passed over at once are a gap; 30 a second shown in 25 passes over one now and then.
func nothingLost(c *Case) {
	still := c.limit("tolerance.standstill").Seconds()
	for _, x := range c.exhibits() {
		for _, t := range x.takes {
			if t.Kind != "video" || !t.kept {
				continue
			}
			for _, a := range x.Picture.OfStream(t.Fixture) {
				gap := float64(a.LongestGap) / t.Rate
				ok := len(a.Freezes) == 0 && a.Backward == 0 && gap <= still
				if c.excused(ok, c.limit("tolerance.standstill"), t) {
					continue
				}
				c.want(ok, fmt.Sprintf("frames of %s in order, no standstill or gap over %.0f ms", t.Fixture, still*1000),
					fmt.Sprintf("%d standstills, longest gap %.0f ms, %d steps back", len(a.Freezes), gap*1000, a.Backward), x.r, t.r)
			}
		}
	}
}

// publishersOf wants the streams that were published in a codec.
func publishersOf(codec string) func(*Case) {
	return func(c *Case) {
		edge := c.limit("tolerance.stream-edge").Seconds()
		for _, x := range c.exhibits() {
			for _, t := range x.takes {
				if t.Kind == "video" && strings.EqualFold(t.Codec, codec) && t.kept {
					spans := x.showing(t)
					c.want(t.missing(spans, edge) < blink, fmt.Sprintf("%s stream %s from %.1f to %.1f s", codec, t.Fixture, t.from, t.to), describe(spans), x.r, t.r)
				}
			}
		}
	}
}

// pauseLeavesNothing judges the length of files of archives that paused.
func pauseLeavesNothing(c *Case) {
	for _, x := range c.exhibits() {
		k, ok := c.course(x.history)
		if !ok || len(k.pauses()) == 0 {
			continue
		}
		allow := float64(len(k.pauses())) * c.limit("tolerance.pause").Seconds()
		c.want(x.Duration <= x.length()+allow, fmt.Sprintf("a file of %.1f s, give or take %.0f, without the pauses", x.length(), allow),
			fmt.Sprintf("%.1f s", x.Duration), x.r)
	}
}
