package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/jsonvalue"
)

var readChecks = []check.Check{
	check.New("ARC-GET-01", readAnswers, scenarios.Pair),
	check.New("ARC-GET-02", check.OnUnknown(evidence.GetArchive, 404, 400), scenarios.Refusals),
	check.New("ARC-GET-03", check.OnMalformed(evidence.GetArchive), scenarios.Refusals),
	check.New("ARC-GET-04", readCreatedAt, scenarios.Pair, scenarios.Pause, scenarios.Automatic, scenarios.Retry),
	check.New("ARC-GET-05", check.OnForeign(evidence.GetArchive), scenarios.Isolation),
	check.New("ARC-GET-06", readTypes, scenarios.Pair),
	check.New("ARC-GET-07", readInProgress, scenarios.Pair, scenarios.Pause),
	check.New("ARC-GET-08", readDelivered, scenarios.Pair),
	check.New("ARC-GET-09", readUpdatedAt, scenarios.Pair, scenarios.Cloud, scenarios.Pause),
	check.New("ARC-GET-10", readModes, scenarios.Pair),
	check.New("ARC-GET-11", readLegacyProject, scenarios.Legacy),
	check.New("ARC-SEL-02", check.Defaults("streamMode", "auto"), scenarios.Pair),
	check.New("ARC-SIM-07", readTag, scenarios.Pair),
}

func readAnswers(c *check.Case) {
	for _, r := range c.Calls(evidence.GetArchive) {
		h := c.ByID[r.ArchiveInPath()]
		if h == nil || h.Begun.From.IsZero() || !c.Sound(r) || !h.Start.SameApp(r) || h.DeletedBefore(r) {
			continue
		}
		o, _ := c.Decode(facts.AnswerText(r))
		c.Want(r.Exchange.Status() == 200 && o.Text("id") == h.ID, "200 with archive "+h.ID, check.Outcome(r)+", "+o.Show("id"), r)
		if r.Exchange.Status() == 200 {
			named := o.Text("sessionId") == h.Request.Text("sessionId") && (r.Exchange.Identity != evidence.AsUnified || o.Text("applicationId") == h.App())
			c.Want(named, "the archive's session and application", o.Show("sessionId")+", "+o.Show("applicationId"), r, h.Start)
		}
	}
}

// readCreatedAt compares createdAt with the effective start: the later of the start call and the first stream of the
// archive. Chosen streams are recorded from their choice, and archives of them may have begun with any stream of the session.
func readCreatedAt(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if h.IsManual() {
			k, ok = course.OfChosen(c.Facts, h)
		}
		if !ok || len(k.Streams) == 0 || !k.Streams[0].From.Before(k.End) {
			continue
		}
		app := h.App()
		for _, s := range h.Reads() {
			if !c.Earliest(app, s.Asked()).After(k.Streams[0].From.Add(allow)) || s.Status() == "deleted" || h.IsManual() && !choseBefore(c, h, s) {
				continue
			}
			at, whole := s.Instant("createdAt")
			from, to := k.Streams[0].From.Add(-allow), k.Streams[0].From.Add(allow)
			if late := c.Delays(h); len(late) > 0 {
				to = to.Add(late[0]) // the recording began with its file (ARC-START-04)
			}
			c.Want(whole && !at.Before(from) && (!at.After(to) || h.IsManual()), fmt.Sprintf("createdAt %d, the first recorded media, give or take %v", k.Streams[0].From.UnixMilli(), allow),
				s.Show("createdAt"), s.At)
		}
	}
}

// choseBefore reports whether a stream had been added to the archive when it was read.
func choseBefore(c *check.Case, h *facts.History, s facts.Sighting) bool {
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		return k.H == h && k.Added && k.Done() && k.R.Over().Before(s.Asked())
	})
}

var archiveTypes = map[string]string{
	"id": "string", "status": "string", "reason": "string", "sessionId": "string", "applicationId": "string", "createdAt": "number",
	"updatedAt": "number", "duration": "number", "size": "number", "outputMode": "string", "streamMode": "string", "hasAudio": "boolean",
	"hasVideo": "boolean", "hasTranscription": "boolean", "resolution": "string", "multiArchiveTag": "string", "maxBitrate": "number",
	"quantizationParameter": "number", "streams": "array", "event": "string", "sha256sum": "string", "password": "string",
	"projectId": "number", "partnerId": "number",
}

var archiveRequired = []string{"id", "status", "reason", "sessionId", "createdAt", "duration", "size", "outputMode", "streamMode", "hasAudio", "hasVideo", "name", "url"}

func readTypes(c *check.Case) {
	for _, r := range c.Calls(evidence.StartArchive, evidence.StopArchive, evidence.GetArchive, evidence.ListArchives) {
		if r.Exchange.Status()/100 == 2 { // of errors see ARC-AUTH-14
			c.Typed(r)
		}
	}
	for _, h := range c.EveryArchive() {
		for _, s := range h.Reads() {
			var bad []string
			for key, want := range facts.InOrder(archiveTypes) {
				if v, present := s.Object[key]; present && jsonvalue.Type(v) != want && (v != nil || slices.Contains(archiveRequired, key)) && !projectAsText(key, v, s) {
					bad = append(bad, key+" "+jsonvalue.Type(v))
				}
			}
			for _, key := range archiveRequired {
				if _, present := s.Object[key]; !present {
					bad = append(bad, key+" absent")
				}
			}
			for _, key := range []string{"name", "url"} {
				if t := jsonvalue.Type(s.Object[key]); t != "string" && t != "null" {
					bad = append(bad, key+" "+t)
				}
			}
			slices.Sort(bad)
			c.Want(len(bad) == 0, "properties of the documented types", strings.Join(bad, ", "), s.At)
		}
	}
}

// projectAsText reports whether the project is named by its id, as text. The unified identity allows that.
func projectAsText(key string, v any, s facts.Sighting) bool {
	return (key == "projectId" || key == "partnerId") && jsonvalue.Type(v) == "string" && s.At.Exchange.Identity == evidence.AsUnified
}

func readInProgress(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range h.Reads() {
			if !facts.InProgress(s.Status()) {
				continue
			}
			size, ok := s.Whole("size")
			c.Want(ok && size == 0, "size 0 while "+s.Status(), s.Show("size"), s.At)
			if s.Status() == "started" {
				n, ok := s.Whole("duration")
				c.Want(ok && n == 0, "duration 0 while started", s.Show("duration"), s.At)
			}
		}
	}
}

// readDelivered compares a read with the object at the upload target and with the recorded time.
func readDelivered(c *check.Case) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok || !content.Published(c.Facts, h) {
			continue
		}
		allow := c.Limit("tolerance.duration") + time.Duration(len(k.Pauses()))*c.Limit("tolerance.pause")
		for _, s := range h.Reads() {
			if s.Status() != "uploaded" && s.Status() != "available" {
				continue
			}
			c.DurationOf(s, k, allow)
			for _, o := range h.Objects {
				if o.Object.SHA256 == "" {
					continue
				}
				size, _ := s.Whole("size")
				sum := facts.Base64Sum(o.Object.SHA256)
				_, told := s.Object["sha256sum"] // ARC-STO-04 demands it
				c.Want(size == o.Object.Size && (!told || s.Text("sha256sum") == sum), fmt.Sprintf("size %d and sha256sum %s", o.Object.Size, sum),
					s.Show("size")+" and "+s.Show("sha256sum"), s.At, o)
			}
		}
	}
}

func readUpdatedAt(c *check.Case) {
	for _, h := range c.EveryArchive() {
		app := h.App()
		least := c.Earliest(app, h.Begun.From).Add(-c.Limit("tolerance.updated-at"))
		var last facts.Sighting
		for _, s := range h.Reads() {
			at, ok := s.Instant("updatedAt")
			most := c.Latest(app, s.Answered()).Add(c.Limit("tolerance.created-at"))
			c.Want(ok && !at.Before(least) && !at.After(most), fmt.Sprintf("updatedAt in milliseconds, from %d to %d", least.UnixMilli(), most.UnixMilli()), s.Show("updatedAt"), s.At)
			if last.Object != nil && s.Crosses(last) {
				continue
			}
			if last.Object != nil && last.Status() != s.Status() && s.Status() != "deleted" {
				before, _ := last.Instant("updatedAt")
				unchanged := c.Earliest(app, last.Asked()).Add(-c.Limit("tolerance.updated-at")) // the last moment at which it surely had the old status
				c.Want(!at.Before(before) && !at.Before(unchanged), fmt.Sprintf("updatedAt that grows with the status, not before %d", unchanged.UnixMilli()),
					last.Show("updatedAt")+", then "+s.Show("updatedAt"), last.At, s.At)
			}
			last = s
		}
	}
}

func readModes(c *check.Case) {
	for _, h := range c.EveryArchive() {
		want := c.Modes(h)
		for _, s := range h.Seen {
			wrong, shown := want.Differ(s.Object)
			c.Want(len(wrong) == 0, "what was asked for: "+shown, strings.Join(wrong, ", "), s.At)
		}
	}
}

// readLegacyProject wants the project in both properties of a read, and in one of them in a list, which may say less (ARC-LIST-10).
func readLegacyProject(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			if s.At.Exchange.Identity != evidence.AsLegacy || s.Via != evidence.GetArchive && s.Via != evidence.ListArchives {
				continue
			}
			want, keys := facts.Project(s.At), []string{"partnerId", "projectId"}
			if s.Via == evidence.ListArchives {
				keys = slices.DeleteFunc(keys, func(key string) bool { return s.Object[key] == nil })
				c.Want(len(keys) > 0, "the project "+want, "neither partnerId nor projectId", s.At)
			}
			for _, key := range keys {
				c.Want(jsonvalue.Type(s.Object[key]) == "number" && fmt.Sprint(s.Object[key]) == want, key+" "+want+" as a number", s.Show(key), s.At)
			}
		}
	}
}

func readTag(c *check.Case) {
	for _, h := range c.EveryArchive() {
		want := h.Request.Text("multiArchiveTag")
		for _, s := range h.Seen {
			v, present := s.Object["multiArchiveTag"]
			c.Want(present && v == want, fmt.Sprintf("multiArchiveTag %q", want), s.Show("multiArchiveTag"), s.At)
		}
	}
}
