// Package automatic judges automatically archived sessions, and archives that follow each other.
package automatic

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
)

// Checks are the checks of this package.
var Checks = []check.Check{
	check.New("ARC-POST-01", joinable, scenarios.AutoDay),
	check.New("ARC-AUTO-01", archivedIfAsked, scenarios.Automatic, scenarios.AutoSilent),
	check.New("ARC-AUTO-02", beginsWithFirstClient, scenarios.Automatic, scenarios.AutoSilent),
	check.New("ARC-AUTO-03", automaticEmptyFile, scenarios.AutoSilent),
	check.New("ARC-AUTO-04", automaticHoldsAll, scenarios.Automatic),
	check.New("ARC-AUTO-05", everyAutomatic(func(_ *check.Case, s facts.Sighting) (string, string, bool) {
		return "outputMode composed", s.Show("outputMode"), s.Text("outputMode") == "composed"
	}), scenarios.Automatic, scenarios.AutoSilent),
	check.New("ARC-AUTO-06", continuesInFurther, scenarios.AutoDay),
	check.New("ARC-AUTO-07", overlaps, scenarios.AutoDay, scenarios.AutoOverlap),
	check.New("ARC-AUTO-08", listedInOrder, scenarios.AutoDay),
	check.New("ARC-AUTO-09", notStoppedByCall, scenarios.Automatic, scenarios.AutoPaused),
	check.New("ARC-AUTO-10", automaticStopsBy(course.ByLeaving), scenarios.Automatic, scenarios.AutoSilent),
	check.New("ARC-AUTO-11", automaticStopsBy(course.ByIdle), scenarios.AutoDay, scenarios.AutoPaused),
	check.New("ARC-AUTO-12", usedAgain, scenarios.AutoOverlap),
	check.New("ARC-AUTO-14", goesOnAfterMove, scenarios.AutoOverlap),
	check.New("ARC-AUTO-15", noFirstMinute, scenarios.AutoSilent),
	check.New("ARC-AUTO-16", unlimited, scenarios.AutoDay, scenarios.AutoPaused),
	check.New("ARC-AUTO-17", automaticNames, scenarios.Automatic, scenarios.AutoSilent, scenarios.AutoDay),
}

// archived returns the automatically archived sessions that a client connected to, in the order of their creation.
func archived(c *check.Case) []*facts.Session {
	var out []*facts.Session
	for _, s := range facts.InOrder(c.Sessions) {
		if s.Auto && !s.Relayed && len(s.Clients) > 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *facts.Session) int { return cmp.Compare(a.Created.Seq, b.Created.Seq) })
	return out
}

func everyAutomatic(of func(*check.Case, facts.Sighting) (expected, actual string, ok bool)) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.Archives {
			if !c.Automatic(h) {
				continue
			}
			for _, s := range slices.Concat(h.Seen, h.Hooks) {
				if expected, actual, ok := of(c, s); expected != "" {
					c.Want(ok, expected, actual, s.At)
				}
			}
		}
	}
}

func archivedIfAsked(c *check.Case) {
	for _, s := range archived(c) {
		chain := c.Chain(s.ID)
		at := []evidence.Record{s.Created}
		if len(chain) > 0 && len(chain[0].Seen) > 0 {
			at = append(at, chain[0].Seen[0].At)
		}
		c.Want(len(chain) > 0, "an archive of the session with a client", "none", at...)
	}
}

// beginsWithFirstClient compares createdAt of an archive to which nobody had published with the arrival of the first
// client.
func beginsWithFirstClient(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	for _, s := range archived(c) {
		chain, first := c.Chain(s.ID), facts.Union(s.Clients)[0]
		if len(chain) == 0 {
			c.Blocked("an archive that begins with the first client", "the session is not archived", s.Created)
			continue
		}
		for _, got := range slices.Concat(chain[0].Seen, chain[0].Hooks) {
			if facts.AnyDuring(s.Streams, time.Time{}, got.Answered()) {
				continue
			}
			at, ok := got.Instant("createdAt")
			from, to := c.Earliest(s.App, first.From).Add(-allow), c.Latest(s.App, first.From).Add(allow)
			c.Want(ok && !at.Before(from) && !at.After(to), "createdAt at the arrival of the first client, "+facts.ClockTime(from.Add(allow)), facts.ClockTime(at), first.By, got.At)
			c.Want(facts.InProgress(got.Status()) || got.Status() == "stopped" || facts.Final(got.Status()), "an archive in progress", got.Show("status"), got.At)
		}
	}
}

func automaticEmptyFile(c *check.Case) {
	for _, s := range archived(c) {
		for _, h := range c.Chain(s.ID) {
			if !recordedNothing(c, s, h) {
				continue
			}
			for _, got := range h.Delivered() {
				n, whole := got.Whole("size")
				c.Want(whole && n == 0, "size 0", got.Show("size"), got.At)
			}
			for _, o := range h.Objects {
				c.Want(o.Object.Size == 0, "an object of 0 bytes, or none", fmt.Sprintf("%d bytes", o.Object.Size), o)
			}
		}
	}
}

// recordedNothing reports whether nothing was published in a session while an automatic archive of it recorded.
func recordedNothing(c *check.Case, s *facts.Session, h *facts.History) bool {
	k, ok := course.Of(c.Facts, h)
	return len(s.Streams) == 0 || ok && (len(k.Streams) == 0 || !k.Streams[0].From.Before(k.Latest()))
}

// automaticHoldsAll judges the files of sessions with one automatic archive: it must hold every stream from its first
// packet on.
func automaticHoldsAll(c *check.Case) {
	everyAutomatic(func(_ *check.Case, s facts.Sighting) (string, string, bool) {
		return "a composed archive with audio and video", s.Show("outputMode") + ", " + s.Show("hasAudio") + ", " + s.Show("hasVideo"),
			s.Text("outputMode") == "composed" && s.Object["hasAudio"] == true && s.Object["hasVideo"] == true
	})(c)
	for _, s := range archived(c) {
		chain := c.Chain(s.ID)
		if len(chain) != 1 || len(s.Streams) == 0 || len(chain[0].Media) == 0 {
			continue
		}
		h := chain[0]
		r := h.Media[len(h.Media)-1]
		f, ok := c.File(r)
		if !ok {
			c.Wrong("a readable MP4 file", content.FileKind(r, f), r)
			continue
		}
		x := content.Recording{History: h, File: f, R: r, Expected: content.Expected{Due: dues(s)}}
		for _, t := range x.Due {
			if spans := x.Found(t); !c.Excused(c.Covers(t, spans), c.Limit("tolerance.stream-edge"), t) {
				c.Held(x, t)
			}
		}
	}
}

// dues returns the tracks of a session, in the times of a file that holds all of them.
func dues(s *facts.Session) []content.Due {
	var out []content.Due
	pieces := content.PiecesOf(facts.Union(s.Streams))
	for _, u := range s.Streams {
		if !u.To.IsZero() {
			out = append(out, content.Due{Published: *u.By.Published, R: u.By, From: pieces.Time(u.From), To: pieces.Time(u.To), Kept: true})
		}
	}
	return out
}

// last returns the last sighting of a delivered archive.
func last(h *facts.History) (facts.Sighting, bool) {
	for i := len(h.Seen) - 1; i >= 0; i-- {
		if s := h.Seen[i]; s.Status() == "uploaded" || s.Status() == "available" {
			return s, true
		}
	}
	return facts.Sighting{}, false
}

// continuesInFurther compares the number of archives of four hours each with the length of what was published without a
// break.
func continuesInFurther(c *check.Case) {
	most := c.Limit("recorded-time.max")
	for _, s := range archived(c) {
		spans := c.InPolicy(s.App, s.Streams, time.Time{})
		if len(spans) != 1 || spans[0].To.IsZero() || spans[0].To.Sub(spans[0].From) <= most {
			continue
		}
		chain, long := c.Chain(s.ID), spans[0].To.Sub(spans[0].From)
		least := int(long / most)
		c.Want(len(chain) > least, fmt.Sprintf("more than %d archives of a recording of %v", least, long.Round(time.Minute)), fmt.Sprintf("%d archives", len(chain)), spans[0].By)
		for _, h := range chain {
			if got, ok := last(h); ok {
				n, whole := got.Whole("duration")
				told := time.Duration(n) * time.Second
				allow := c.Limit("tolerance.limit.late") + c.Limit("tolerance.duration")
				c.Want(whole && told <= most+allow, fmt.Sprintf("a duration of up to %v, give or take %v", most, allow), got.Show("duration"), got.At)
			}
		}
	}
}

// overlaps judges archives that follow each other while somebody publishes, by createdAt and duration, and by the frames
// that two files both show.
func overlaps(c *check.Case) {
	most, rounding := c.Limit("tolerance.overlap"), c.Limit("tolerance.duration")
	for _, s := range archived(c) {
		chain := c.Chain(s.ID)
		for i := 1; i < len(chain); i++ {
			if !divided(c, s, chain[i-1], chain[i]) {
				continue
			}
			overlapShown(c, s, chain[i-1], chain[i])
			before, ok := last(chain[i-1])
			next, okNext := last(chain[i])
			if !ok || !okNext {
				c.Unclear("an archive of the sequence was not read after its delivery")
				continue
			}
			from, _ := before.Instant("createdAt")
			begin, _ := next.Instant("createdAt")
			n, _ := before.Whole("duration")
			overlap := from.Add(time.Duration(n) * time.Second).Sub(begin)
			c.Want(overlap > -rounding && overlap <= most+rounding, fmt.Sprintf("an overlap of more than 0 and up to %v, give or take %v", most, rounding),
				overlap.Round(time.Millisecond).String(), before.At, next.At)
		}
	}
}

// divided reports whether the second of two archives follows the first because the first became too long.
func divided(c *check.Case, s *facts.Session, before, next *facts.History) bool {
	begin := time.UnixMilli(next.CreatedAt())
	return begin.Sub(time.UnixMilli(before.CreatedAt())) > c.Limit("recorded-time.max")/2 &&
		slices.ContainsFunc(c.InPolicy(s.App, s.Streams, time.Time{}), func(u facts.Span) bool { return u.Covers(begin) })
}

// overlapShown looks for the same published frames in two files. The publisher numbers the frames.
func overlapShown(c *check.Case, s *facts.Session, before, next *facts.History) {
	most := c.Limit("tolerance.overlap").Seconds()
	if len(before.Media) == 0 || len(next.Media) == 0 {
		return
	}
	a, b := before.Media[len(before.Media)-1], next.Media[len(next.Media)-1]
	first, okA := c.File(a)
	second, okB := c.File(b)
	if !okA || !okB {
		c.Wrong("two readable files", content.FileKind(a, first)+"; "+content.FileKind(b, second), a, b)
		return
	}
	for _, t := range dues(s) {
		if t.Kind != "video" {
			continue
		}
		if first.Picture == nil || second.Picture == nil {
			c.Wrong("pictures in both files", "tracks "+strings.Join(first.Tracks, ", ")+"; "+strings.Join(second.Tracks, ", "), a, b)
			continue
		}
		if seconds, ok := shared(first.Picture, second.Picture, t); ok {
			c.Want(seconds > 0 && seconds <= most, fmt.Sprintf("the same frames of %s at the end of one file and at the start of the next", t.Fixture),
				fmt.Sprintf("%.2f s of them", seconds), a, b, t.R)
		}
	}
}

// listedInOrder checks that a list of the session holds every archive of the sequence, newest first, each with its own
// createdAt.
func listedInOrder(c *check.Case) {
	for _, s := range archived(c) {
		chain := c.Chain(s.ID)
		if len(chain) < 2 {
			continue
		}
		for _, l := range c.Lists() {
			if !l.OK || l.Query.Get("sessionId") != s.ID || len(l.Items) < 2 {
				continue
			}
			created := func(i int) int64 { ms, _ := l.Items[i].Whole("createdAt"); return ms }
			for i := 1; i < len(l.Items); i++ {
				c.Want(created(i-1) > created(i), "createdAt from the newest to the oldest", l.Items[i-1].Show("createdAt")+" before "+l.Items[i].Show("createdAt"), l.R)
			}
			if last := l.R.Label == "list.end"; last {
				c.Want(l.Count == int64(len(chain)) && len(l.Items) == len(chain), fmt.Sprintf("the %d archives of the session", len(chain)), fmt.Sprintf("%d items", len(l.Items)), l.R)
			}
		}
	}
}

func notStoppedByCall(c *check.Case) {
	for _, r := range c.Calls(evidence.StopArchive) {
		h := c.ByID[r.ArchiveInPath()]
		if h == nil || !c.Automatic(h) || !c.Sound(r) || h.EndedBefore(r) || !c.Refused(r, 200, 403) {
			continue
		}
		if next, ok := h.NextSeen(r); ok && recordedUntil(c, c.Sessions[h.Session()], next.At.Over()) {
			c.Want(facts.InProgress(next.Status()), "an archive that goes on", next.Show("status"), r, next.At)
		}
	}
}

// automaticNames judges the names of automatic archives, and that a session is created whose archives are to have a name of an
// allowed length.
func automaticNames(c *check.Case) {
	everyAutomatic(automaticName)(c)
	for _, r := range c.Calls(evidence.CreateSession) {
		form, err := url.ParseQuery(r.Exchange.Request.Body.Text)
		n := int64(utf8.RuneCountInString(form.Get("archiveName")))
		allowed := n >= c.Number("auto-archive-name.min") && n <= c.Number("auto-archive-name.max")
		if err == nil && allowed && c.Sound(r) && r.Exchange.Status()/100 == 4 {
			c.Wrong(fmt.Sprintf("a session with an archiveName of %d characters", n), check.Outcome(r), r)
		}
	}
}

func automaticName(c *check.Case, s facts.Sighting) (string, string, bool) {
	of := c.Sessions[s.Text("sessionId")]
	if of == nil || of.Created.Exchange == nil {
		return "a session of the harness", s.Show("sessionId"), false
	}
	form, err := url.ParseQuery(of.Created.Exchange.Request.Body.Text)
	if want := form.Get("archiveName"); err == nil && want != "" {
		rewritten := strings.NewReplacer("~", ":", "-", ":", "_", ":").Replace(want)
		return fmt.Sprintf("name %q or %q", want, rewritten), s.Show("name"), s.Text("name") == want || s.Text("name") == rewritten
	}
	return "", "", true
}
