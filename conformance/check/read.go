package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var readChecks = []Check{
	{"ARC-GET-01", in(pair), readAnswers},
	{"ARC-GET-02", in(refusals), onUnknown("getArchive", 404)},
	{"ARC-GET-03", in(refusals), onMalformed("getArchive", 404, 400)},
	{"ARC-GET-04", in(pair, pause), readCreatedAt},
	{"ARC-GET-05", in(isolation), onForeign("getArchive")},
	{"ARC-GET-06", in(pair), readTypes},
	{"ARC-GET-07", in(pair, pause), readInProgress},
	{"ARC-GET-08", in(pair), readDelivered},
	{"ARC-GET-09", in(pair), readUpdatedAt},
	{"ARC-GET-10", in(pair), readModes},
	{"ARC-GET-11", in(legacy), readLegacyProject},
	{"ARC-SEL-02", in(pair), defaults("streamMode", "auto")},
	{"ARC-SIM-07", in(pair), readTag},
}

// reads are the single reads of an archive by its own application that were answered.
func (h *history) reads() []sighting {
	var out []sighting
	for _, s := range h.seen {
		if s.via == "getArchive" {
			out = append(out, s)
		}
	}
	return out
}

func readAnswers(c *Case) {
	for _, r := range c.calls("getArchive") {
		h := c.byID[archiveInPath(r)]
		if h == nil || h.start.Exchange == nil || !c.sound(r) || !sameApp(h.start, r) || h.deletedBefore(r) {
			continue
		}
		o, _ := c.decode(answerText(r))
		c.want(r.Exchange.Status() == 200 && o.text("id") == h.id, "200 with archive "+h.id, outcome(r)+", "+o.show("id"), r)
	}
}

// readCreatedAt: the effective start is when the first stream of the archive was there, or the start call.
func readCreatedAt(c *Case) {
	allow := c.limit("tolerance.created-at")
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok || len(k.streams) == 0 || !k.streams[0].from.Before(k.end) {
			continue
		}
		app := h.start.IDs[evidence.Application]
		for _, s := range h.reads() {
			if !c.earliest(app, s.asked()).After(k.streams[0].from.Add(allow)) || s.status() == "deleted" {
				continue
			}
			at, whole := s.instant("createdAt")
			from, to := k.streams[0].from.Add(-allow), k.streams[0].from.Add(allow)
			c.want(whole && !at.Before(from) && !at.After(to), fmt.Sprintf("createdAt %d, the first recorded media, give or take %v", k.streams[0].from.UnixMilli(), allow),
				s.show("createdAt"), s.at)
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

func readTypes(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.reads() {
			var bad []string
			for key, want := range archiveTypes {
				if v, present := s.object[key]; present && jsonType(v) != want && (v != nil || slices.Contains(archiveRequired, key)) && !projectAsText(key, v, s) {
					bad = append(bad, key+" "+jsonType(v))
				}
			}
			for _, key := range archiveRequired {
				if _, present := s.object[key]; !present {
					bad = append(bad, key+" absent")
				}
			}
			for _, key := range []string{"name", "url"} {
				if t := jsonType(s.object[key]); t != "string" && t != "null" {
					bad = append(bad, key+" "+t)
				}
			}
			slices.Sort(bad)
			c.want(len(bad) == 0, "properties of the documented types", strings.Join(bad, ", "), s.at)
		}
	}
}

// projectAsText: with the unified identity the project may be named by its id, a text.
func projectAsText(key string, v any, s sighting) bool {
	return (key == "projectId" || key == "partnerId") && jsonType(v) == "string" && s.at.Exchange.Identity == "unified"
}

func readInProgress(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.reads() {
			if !inProgress(s.status()) {
				continue
			}
			for _, key := range []string{"size", "duration"} {
				n, ok := s.whole(key)
				c.want(ok && n == 0, key+" 0 while "+s.status(), s.show(key), s.at)
			}
		}
	}
}

// readDelivered compares with the object at the target and with the recorded time.
func readDelivered(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok || !c.published(h) {
			continue
		}
		allow := c.limit("tolerance.duration") + time.Duration(len(k.pauses()))*c.limit("tolerance.pause")
		for _, s := range h.reads() {
			if s.status() != "uploaded" && s.status() != "available" {
				continue
			}
			c.durationOf(s, k, allow)
			for _, o := range h.objects {
				if o.Object.SHA256 == "" {
					continue
				}
				size, _ := s.whole("size")
				sum := base64Sum(o.Object.SHA256)
				c.want(size == o.Object.Size && s.text("sha256sum") == sum, fmt.Sprintf("size %d and sha256sum %s", o.Object.Size, sum),
					s.show("size")+" and "+s.show("sha256sum"), s.at, o)
			}
		}
	}
}

func readUpdatedAt(c *Case) {
	for _, h := range c.startedArchives() {
		app := h.start.IDs[evidence.Application]
		least := c.earliest(app, h.start.Exchange.Started).Add(-time.Second)
		var last sighting
		for _, s := range h.reads() {
			at, ok := s.instant("updatedAt")
			c.want(ok && !at.Before(least), fmt.Sprintf("updatedAt in milliseconds, not before %d", least.UnixMilli()), s.show("updatedAt"), s.at)
			if last.object != nil && last.status() != s.status() && s.status() != "deleted" {
				before, _ := last.instant("updatedAt")
				c.want(!at.Before(before), "updatedAt that grows with the status", last.show("updatedAt")+", then "+s.show("updatedAt"), last.at, s.at)
			}
			last = s
		}
	}
}

func readModes(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			modes, _ := c.ledger.List("outputMode")
			streams, _ := c.ledger.List("streamMode")
			ok := slices.Contains(modes.Values, s.text("outputMode")) && slices.Contains(streams.Values, s.text("streamMode")) &&
				jsonType(s.object["hasAudio"]) == "boolean" && jsonType(s.object["hasVideo"]) == "boolean"
			c.want(ok, "outputMode, streamMode, hasAudio and hasVideo",
				strings.Join([]string{s.show("outputMode"), s.show("streamMode"), s.show("hasAudio"), s.show("hasVideo")}, ", "), s.at)
		}
	}
}

func readLegacyProject(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.reads() {
			if s.at.Exchange.Identity != "legacy" {
				continue
			}
			for _, key := range []string{"partnerId", "projectId"} {
				want := project(s.at)
				c.want(jsonType(s.object[key]) == "number" && fmt.Sprint(s.object[key]) == want, key+" "+want+" as a number", s.show(key), s.at)
			}
		}
	}
}

func readTag(c *Case) {
	for _, h := range c.startedArchives() {
		want := h.request.text("multiArchiveTag")
		for _, s := range h.seen {
			v, present := s.object["multiArchiveTag"]
			c.want(present && v == want, fmt.Sprintf("multiArchiveTag %q", want), s.show("multiArchiveTag"), s.at)
		}
	}
}
