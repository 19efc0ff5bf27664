package sessions

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/jsonvalue"
)

var selectionChecks = []check.Check{
	check.New("ARC-SEL-03", onlyChosen, scenarios.Selection),
	check.New("ARC-SEL-04", addedAndRemoved, scenarios.Selection),
	check.New("ARC-SEL-05", partsChosen, scenarios.Selection),
	check.New("ARC-SEL-06", limitsOfChosen, scenarios.Many),
	check.New("ARC-SEL-08", changesAnswered(204), scenarios.Selection),
	check.New("ARC-SEL-09", changesAnswered(400, 405), scenarios.Refusals),
	check.New("ARC-SEL-10", changesAnswered(404), scenarios.Selection),
	check.New("ARC-SEL-11", badSelection, scenarios.Selection),
	check.New("ARC-SIM-04", ownStreams, scenarios.Selection),
}

func changesAnswered(codes ...int) func(*check.Case) {
	return func(c *check.Case) {
		for _, k := range course.Changes(c.Facts) {
			switch {
			case !slices.Equal(k.Codes, codes):
			case k.Full:
				c.Refused(k.R, codes...)
			case codes[0] == 204 && k.R.Exchange.Status()/100 != 2:
				c.Follows("ARC-SEL-04", "204", check.Outcome(k.R), k.R)
			default:
				c.Status(k.R, codes...)
			}
		}
	}
}

func badSelection(c *check.Case) {
	for _, k := range course.Changes(c.Facts) {
		switch {
		case k.Vain:
			c.Refused(k.R, 204, 404)
		case slices.Equal(k.Codes, []int{400}):
			c.Refused(k.R)
		}
	}
}

// chosen is a published track in an archive of chosen streams, with the stretches of the file that must hold it; none if
// it was not chosen.
type chosen struct {
	by  evidence.Record
	due []content.Due
}

// selections calls each with the files of archives with chosen streams, and with all tracks of their sessions.
func selections(c *check.Case, each func(x content.Recording, tracks []chosen)) {
	for _, x := range c.Chosen() {
		var tracks []chosen
		for _, u := range c.Sessions[x.Start.IDs[evidence.Session]].Streams {
			track := chosen{by: u.By}
			for _, t := range x.Due {
				if t.R.Seq == u.By.Seq {
					track.due = append(track.due, t)
				}
			}
			tracks = append(tracks, track)
		}
		each(x, tracks)
	}
}

// onlyChosen checks that the file holds nothing that was not chosen, and nothing before the first call.
func onlyChosen(c *check.Case) {
	statusOfChosen(c)
	selections(c, func(x content.Recording, tracks []chosen) {
		for _, t := range tracks {
			if found := x.Found(content.Due{Published: *t.by.Published}); len(t.due) == 0 {
				c.Want(len(found) == 0, fmt.Sprintf("%s of %s, which was not chosen, nowhere", t.by.Published.Kind, t.by.Published.Client), content.Describe(found), x.R, t.by)
			}
		}
		wholly(c, x, tracks)
	})
	streamsShown(c, func(k course.Change) bool { return k.Added })
}

// statusOfChosen checks that a manual archive is paused when nobody publishes any more, and started while a chosen stream
// is published.
func statusOfChosen(c *check.Case) {
	for _, h := range c.StartedArchives() {
		s := c.Sessions[h.Start.IDs[evidence.Session]]
		if !h.IsManual() || s == nil {
			continue
		}
		var chosen []facts.Span
		for _, u := range s.Streams {
			chosen = append(chosen, course.ChosenSpans(course.Changes(c.Facts), h, u)...)
		}
		for _, got := range h.Reads() {
			from, to := got.Asked().Add(-c.Limit("tolerance.pause")), got.Answered()
			switch {
			case !facts.InProgress(got.Status()):
			case facts.Steady(chosen, from, to):
				c.Want(got.Status() == "started", "started while a chosen stream is published", got.Show("status"), got.At)
			case idle(c, h, got):
				c.Want(got.Status() == "paused", "paused while nobody publishes", got.Show("status"), got.At)
			}
		}
	}
}

// idle reports whether nobody publishes any more when an archive is read, and has not for as long as a target may take to pause.
func idle(c *check.Case, h *facts.History, got facts.Sighting) bool {
	from, published := got.Asked().Add(-c.Limit("tolerance.pause")), c.Sessions[h.Start.IDs[evidence.Session]].Streams
	return facts.AnyDuring(published, h.Begun.To, from) && !facts.AnyDuring(published, from, got.Answered())
}

// unpaused reports whether an archive was started while nobody published. Its file then holds the pause, and what comes after it comes later.
func unpaused(c *check.Case, h *facts.History) bool {
	return slices.ContainsFunc(h.Reads(), func(got facts.Sighting) bool { return got.Status() == "started" && idle(c, h, got) })
}

// wholly checks that the chosen tracks are in the file for as long as they were chosen.
func wholly(c *check.Case, x content.Recording, tracks []chosen) {
	for _, track := range tracks {
		for _, t := range track.due {
			if spans := x.Found(t); t.Kept && !c.Excused(c.Covers(t, spans), c.Limit("tolerance.stream-edge"), x.Due...) {
				inTime(c, x, t, c.Covers(t, spans), fmt.Sprintf("%s of %s from %.1f to %.1f s", t.Kind, t.Client, t.From, t.To), content.Describe(spans))
			}
		}
	}
}

// inTime notes whether a track is in the file when it has to be. If the file holds a pause, ARC-SEL-03 says why it is not.
func inTime(c *check.Case, x content.Recording, t content.Due, ok bool, expected, actual string) {
	if !ok && unpaused(c, x.History) {
		c.Follows("ARC-SEL-03", expected, actual, x.R, t.R)
		return
	}
	c.Want(ok, expected, actual, x.R, t.R)
}

// limitsOfChosen needs more chosen streams than the archive holds, or a refusal of one too many.
func limitsOfChosen(c *check.Case) {
	for _, k := range course.Changes(c.Facts) {
		if k.Full && check.Refusal(k.R.Exchange.Status()) {
			c.Saw(k.R)
		}
	}
	selections(c, func(x content.Recording, _ []chosen) {
		for _, a := range x.Settled {
			if a.Known && len(a.Freed) == 0 && len(a.Streams) > len(a.Picture.Places) && x.Picture != nil {
				phases.Pictured(c, x, a, phases.Any)
			}
			if len(a.FreedSounds) == 0 && len(a.Unheard) > 0 && x.Sound != nil {
				phases.Heard(c, x, a, phases.Any)
			}
		}
	})
}

// addedAndRemoved checks that calls succeed, also in a pause, and that a stream is there from its addition on, and gone from
// its removal on.
func addedAndRemoved(c *check.Case) {
	for _, k := range course.Changes(c.Facts) {
		if slices.Equal(k.Codes, []int{204}) && !k.Full { // what success answers is left to ARC-SEL-08
			c.Want(k.R.Exchange.Status()/100 == 2, "a selection that takes effect", check.Outcome(k.R), k.R)
		}
	}
	edge := c.Limit("tolerance.stream-edge").Seconds()
	selections(c, func(x content.Recording, tracks []chosen) {
		wholly(c, x, tracks)
		for _, track := range tracks {
			if len(track.due) != 1 {
				continue
			}
			t, first, last := track.due[0], math.Inf(1), 0.0
			found := x.Found(t)
			if len(found) == 0 {
				continue // that shows neither
			}
			for _, s := range found {
				first, last = math.Min(first, s.From), math.Max(last, s.To)
			}
			inTime(c, x, t, first >= t.From-edge && last <= t.To+edge, fmt.Sprintf("%s of %s only from %.1f to %.1f s", t.Kind, t.Client, t.From, t.To),
				fmt.Sprintf("there from %.1f to %.1f s", first, last))
		}
	})
	streamsShown(c, func(course.Change) bool { return true })
}

// streamsShown compares streams in the read that follows a change with the changes so far. Answers of the service have
// none (ARC-SEL-03).
func streamsShown(c *check.Case, which func(course.Change) bool) {
	all := course.Changes(c.Facts)
	for i, k := range all {
		if !k.Done() || !which(k) {
			continue
		}
		next, ok := k.H.NextSeen(k.R)
		list, shown := next.Object["streams"].([]any)
		if !ok || !shown || next.Status() != "started" {
			continue
		}
		var want, leaving []string
		for _, s := range c.Sessions[k.H.Start.IDs[evidence.Session]].Streams {
			id := s.By.IDs[evidence.Stream]
			switch last, in := newest(all[:i+1], k.H, id); {
			case !s.To.IsZero() && s.Late.Before(k.R.Sent()): // it has left by itself
			case !s.To.IsZero() && s.To.Before(next.Answered()): // the target may know of it or not
				leaving = append(leaving, id)
			case in && !slices.Contains(want, last):
				want = append(want, last)
			}
		}
		var got []string
		for _, item := range list {
			o, _ := item.(map[string]any)
			if id := jsonvalue.Object(o).Text("streamId"); !slices.Contains(leaving, id) {
				got = append(got, fmt.Sprintf("%s %v %v", facts.Short(id), o["hasAudio"], o["hasVideo"]))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		c.Want(slices.Equal(got, want), "streams "+strings.Join(want, ", "), strings.Join(got, ", "), k.R, next.At)
	}
}

// newest returns the state in which the last change left a stream of an archive.
func newest(changes []course.Change, h *facts.History, stream string) (shown string, in bool) {
	for _, k := range changes {
		if k.Done() && k.H == h && k.Stream == stream {
			shown, in = fmt.Sprintf("%s %v %v", facts.Short(stream), k.Audio, k.Video), k.Added
		}
	}
	return shown, in
}

// partsChosen judges streams of which only a part was chosen, and those chosen without naming a part.
func partsChosen(c *check.Case) {
	streamsShown(c, func(k course.Change) bool { return k.Added })
	selections(c, func(x content.Recording, tracks []chosen) {
		for _, k := range course.Changes(c.Facts) {
			if !k.Done() || !k.Added || k.H != x.History {
				continue
			}
			for _, t := range tracks {
				if t.by.IDs[evidence.Stream] != k.Stream {
					continue
				}
				wholly(c, x, []chosen{t})
				if found := x.Found(content.Due{Published: *t.by.Published}); len(t.due) == 0 {
					c.Want(len(found) == 0, fmt.Sprintf("no %s of %s", t.by.Published.Kind, t.by.Published.Client), content.Describe(found), x.R, t.by, k.R)
				}
			}
		}
	})
}

// ownStreams judges two archives of a session that record at once, each with its own chosen streams.
func ownStreams(c *check.Case) {
	recorded := map[string]int{}
	selections(c, func(x content.Recording, _ []chosen) { recorded[x.Start.IDs[evidence.Session]]++ })
	selections(c, func(x content.Recording, tracks []chosen) {
		if recorded[x.Start.IDs[evidence.Session]] < 2 {
			return
		}
		wholly(c, x, tracks)
		for _, t := range tracks {
			if found := x.Found(content.Due{Published: *t.by.Published}); len(t.due) == 0 {
				c.Want(len(found) == 0, fmt.Sprintf("%s of %s not in archive %s", t.by.Published.Kind, t.by.Published.Client, facts.Short(x.ID)), content.Describe(found), x.R, t.by)
			}
		}
	})
}
