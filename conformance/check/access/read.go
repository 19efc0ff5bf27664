package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

var readChecks = []check.Check{
	check.New("ARC-GET-01", check.In(scenarios.Pair), readAnswers),
	check.New("ARC-GET-02", check.In(scenarios.Refusals), check.OnUnknown("getArchive", 404)),
	check.New("ARC-GET-03", check.In(scenarios.Refusals), check.OnMalformed("getArchive", 404, 400)),
	check.New("ARC-GET-04", check.In(scenarios.Pair, scenarios.Pause), readCreatedAt),
	check.New("ARC-GET-05", check.In(scenarios.Isolation), check.OnForeign("getArchive")),
	check.New("ARC-GET-06", check.In(scenarios.Pair), readTypes),
	check.New("ARC-GET-07", check.In(scenarios.Pair, scenarios.Pause), readInProgress),
	check.New("ARC-GET-08", check.In(scenarios.Pair), readDelivered),
	check.New("ARC-GET-09", check.In(scenarios.Pair), readUpdatedAt),
	check.New("ARC-GET-10", check.In(scenarios.Pair), readModes),
	check.New("ARC-GET-11", check.In(scenarios.Legacy), readLegacyProject),
	check.New("ARC-SEL-02", check.In(scenarios.Pair), check.Defaults("streamMode", "auto")),
	check.New("ARC-SIM-07", check.In(scenarios.Pair), readTag),
}

func readAnswers(c *check.Case) {
	for _, r := range c.Calls("getArchive") {
		h := c.ByID[check.ArchiveInPath(r)]
		if h == nil || h.Start.Exchange == nil || !c.Sound(r) || !check.SameApp(h.Start, r) || h.DeletedBefore(r) {
			continue
		}
		o, _ := c.Decode(check.AnswerText(r))
		c.Want(r.Exchange.Status() == 200 && o.Text("id") == h.ID, "200 with archive "+h.ID, check.Outcome(r)+", "+o.Show("id"), r)
	}
}

// readCreatedAt: the effective start is when the first stream of the archive was there, or the start call.
func readCreatedAt(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	for _, h := range c.StartedArchives() {
		k, ok := c.Course(h)
		if !ok || len(k.Streams) == 0 || !k.Streams[0].From.Before(k.End) {
			continue
		}
		app := h.Start.IDs[evidence.Application]
		for _, s := range h.Reads() {
			if !c.Earliest(app, s.Asked()).After(k.Streams[0].From.Add(allow)) || s.Status() == "deleted" {
				continue
			}
			at, whole := s.Instant("createdAt")
			from, to := k.Streams[0].From.Add(-allow), k.Streams[0].From.Add(allow)
			c.Want(whole && !at.Before(from) && !at.After(to), fmt.Sprintf("createdAt %d, the first recorded media, give or take %v", k.Streams[0].From.UnixMilli(), allow),
				s.Show("createdAt"), s.At)
		}
	}
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
	for _, h := range c.StartedArchives() {
		for _, s := range h.Reads() {
			var bad []string
			for key, want := range archiveTypes {
				if v, present := s.Object[key]; present && check.JSONType(v) != want && (v != nil || slices.Contains(archiveRequired, key)) && !projectAsText(key, v, s) {
					bad = append(bad, key+" "+check.JSONType(v))
				}
			}
			for _, key := range archiveRequired {
				if _, present := s.Object[key]; !present {
					bad = append(bad, key+" absent")
				}
			}
			for _, key := range []string{"name", "url"} {
				if t := check.JSONType(s.Object[key]); t != "string" && t != "null" {
					bad = append(bad, key+" "+t)
				}
			}
			slices.Sort(bad)
			c.Want(len(bad) == 0, "properties of the documented types", strings.Join(bad, ", "), s.At)
		}
	}
}

// projectAsText: with the unified identity the project may be named by its id, a text.
func projectAsText(key string, v any, s check.Sighting) bool {
	return (key == "projectId" || key == "partnerId") && check.JSONType(v) == "string" && s.At.Exchange.Identity == "unified"
}

func readInProgress(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, s := range h.Reads() {
			if !check.InProgress(s.Status()) {
				continue
			}
			for _, key := range []string{"size", "duration"} {
				n, ok := s.Whole(key)
				c.Want(ok && n == 0, key+" 0 while "+s.Status(), s.Show(key), s.At)
			}
		}
	}
}

// readDelivered compares with the object at the target and with the recorded time.
func readDelivered(c *check.Case) {
	for _, h := range c.StartedArchives() {
		k, ok := c.Course(h)
		if !ok || !c.Published(h) {
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
				sum := check.Base64Sum(o.Object.SHA256)
				c.Want(size == o.Object.Size && s.Text("sha256sum") == sum, fmt.Sprintf("size %d and sha256sum %s", o.Object.Size, sum),
					s.Show("size")+" and "+s.Show("sha256sum"), s.At, o)
			}
		}
	}
}

func readUpdatedAt(c *check.Case) {
	for _, h := range c.StartedArchives() {
		app := h.Start.IDs[evidence.Application]
		least := c.Earliest(app, h.Start.Exchange.Started).Add(-time.Second)
		var last check.Sighting
		for _, s := range h.Reads() {
			at, ok := s.Instant("updatedAt")
			c.Want(ok && !at.Before(least), fmt.Sprintf("updatedAt in milliseconds, not before %d", least.UnixMilli()), s.Show("updatedAt"), s.At)
			if last.Object != nil && last.Status() != s.Status() && s.Status() != "deleted" {
				before, _ := last.Instant("updatedAt")
				c.Want(!at.Before(before), "updatedAt that grows with the status", last.Show("updatedAt")+", then "+s.Show("updatedAt"), last.At, s.At)
			}
			last = s
		}
	}
}

func readModes(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, s := range h.Seen {
			modes, _ := c.Ledger.List("outputMode")
			streams, _ := c.Ledger.List("streamMode")
			ok := slices.Contains(modes.Values, s.Text("outputMode")) && slices.Contains(streams.Values, s.Text("streamMode")) &&
				check.JSONType(s.Object["hasAudio"]) == "boolean" && check.JSONType(s.Object["hasVideo"]) == "boolean"
			c.Want(ok, "outputMode, streamMode, hasAudio and hasVideo",
				strings.Join([]string{s.Show("outputMode"), s.Show("streamMode"), s.Show("hasAudio"), s.Show("hasVideo")}, ", "), s.At)
		}
	}
}

func readLegacyProject(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, s := range h.Reads() {
			if s.At.Exchange.Identity != "legacy" {
				continue
			}
			for _, key := range []string{"partnerId", "projectId"} {
				want := check.Project(s.At)
				c.Want(check.JSONType(s.Object[key]) == "number" && fmt.Sprint(s.Object[key]) == want, key+" "+want+" as a number", s.Show(key), s.At)
			}
		}
	}
}

func readTag(c *check.Case) {
	for _, h := range c.StartedArchives() {
		want := h.Request.Text("multiArchiveTag")
		for _, s := range h.Seen {
			v, present := s.Object["multiArchiveTag"]
			c.Want(present && v == want, fmt.Sprintf("multiArchiveTag %q", want), s.Show("multiArchiveTag"), s.At)
		}
	}
}
