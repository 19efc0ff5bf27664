package check

import (
	"fmt"
	"slices"

	"reelcheck/conformance/evidence"
)

var stopChecks = []Check{
	{"ARC-STOP-01", in(pair), stopAnswers},
	{"ARC-STOP-02", in(pair), stopReason},
	{"ARC-STOP-03", in(pair), stopMakesMP4},
	{"ARC-STOP-05", in(refusals), onUnknown("stopArchive", 404)},
	{"ARC-STOP-06", in(pair), stopTwice},
	{"ARC-STOP-07", in(pause), stopPaused},
	{"ARC-STOP-08", in(pair, pause), stopBodies},
	{"ARC-STOP-09", in(refusals), onMalformed("stopArchive", 404, 400)},
	{"ARC-STOP-10", in(isolation), onForeign("stopArchive")},
}

// firstStop is the call that ended h: sent while h was in progress.
func (h *history) firstStop() (evidence.Record, bool) {
	for _, r := range h.stops {
		if !h.endedBefore(r) {
			return r, true
		}
	}
	return evidence.Record{}, false
}

func stopAnswers(c *Case) {
	for _, h := range c.startedArchives() {
		r, ok := h.firstStop()
		if !ok || !c.status(r, 200) {
			continue
		}
		o, _ := c.decode(r.Exchange.Response.Body.Text)
		c.want(o.text("id") == h.id && o.text("status") == "stopped", "the archive with status stopped",
			o.show("id")+", "+o.show("status"), r)
	}
}

func stopReason(c *Case) {
	for _, h := range c.startedArchives() {
		r, ok := h.firstStop()
		if !ok || r.Exchange.Status() != 200 {
			continue
		}
		for _, s := range slices.Concat(h.seen, h.hooks) {
			if s.answered().After(sent(r)) && !inProgress(s.status()) && s.status() != "failed" {
				c.want(s.text("reason") == "user initiated", `reason "user initiated"`, s.show("reason"), s.at)
			}
		}
	}
}

// archiveInPath is the archive id of a request, as the harness meant it.
func archiveInPath(r evidence.Record) string { return r.IDs[evidence.Archive] }

// able notes the clause as blocked when the operation never succeeded on an
// archive: a target that refuses everything has not shown that it refuses this.
func (c *Case) able(op string, at evidence.Record) bool {
	tried := false
	for _, r := range c.calls(op) {
		h := c.byID[archiveInPath(r)]
		if h == nil || h.start.Exchange == nil || !c.sound(r) || !sameApp(r, h.start) {
			continue
		}
		tried = true
		if op == "deleteArchive" && r.Exchange.Status() == 204 ||
			slices.ContainsFunc(h.seen, func(s sighting) bool { return s.at.Seq == r.Seq }) {
			return true
		}
	}
	if !tried && c.startedAny() {
		c.unclear("no proper " + op + " was tried, so that a refusal tells nothing")
		return false
	}
	c.blocked("a refusal by a target that answers a proper "+op, "no proper "+op+" ever succeeded", at)
	return false
}

// onUnknown checks an operation on archives that never existed.
func onUnknown(op string, codes ...int) func(*Case) {
	return func(c *Case) {
		for _, r := range c.calls(op) {
			id := archiveInPath(r)
			if c.sound(r) && isUUID(id) && c.byID[id] == nil && c.able(op, r) {
				c.status(r, codes...)
			}
		}
	}
}

func onMalformed(op string, codes ...int) func(*Case) {
	return func(c *Case) {
		for _, r := range c.calls(op) {
			if id := archiveInPath(r); c.sound(r) && id != "" && !isUUID(id) && c.able(op, r) {
				c.status(r, codes...)
			}
		}
	}
}

// onForeign checks an operation by one application on the archive of another:
// refused, and without effect.
func onForeign(op string) func(*Case) {
	return func(c *Case) {
		for _, r := range c.calls(op) {
			h := c.byID[archiveInPath(r)]
			if h == nil || h.start.Exchange == nil || !c.sound(r) || sameApp(h.start, r) {
				continue
			}
			if !c.able(op, r) || !c.status(r, 404, 403) || op == "getArchive" {
				continue
			}
			next, ok := h.nextSeen(r)
			switch {
			case !ok:
				c.unclear("the archive was not read after the foreign call")
			case op == "deleteArchive":
				c.want(next.status() != "deleted", "the archive to stay", next.show("status"), r, next.at)
			default:
				c.want(inProgress(next.status()) || h.stoppedBetween(r, next.at) || h.endedBefore(r), "the recording to go on", next.show("status"), r, next.at)
			}
		}
	}
}

func stopTwice(c *Case) {
	for _, h := range c.startedArchives() {
		first, ok := h.firstStop()
		if !ok || first.Exchange.Status() != 200 {
			continue
		}
		for _, r := range h.stops {
			if !sent(r).After(over(first)) {
				continue
			}
			c.status(r, 200, 409)
			next, ok := h.nextSeen(r)
			if !ok {
				c.unclear("the archive was not read after the second stop")
				continue
			}
			c.want(!inProgress(next.status()) && next.text("reason") == "user initiated", "status and reason unchanged by the second stop",
				next.show("status")+", "+next.show("reason"), r, next.at)
		}
	}
}

// stopPaused needs an archive that was last seen paused when the stop call went out.
func stopPaused(c *Case) {
	for _, h := range c.startedArchives() {
		r, ok := h.firstStop()
		if !ok {
			continue
		}
		if last, seen := h.lastBefore(r); seen && last.status() == "paused" {
			c.status(r, 200)
		}
	}
}

// lastBefore is the newest sighting of h before r.
func (h *history) lastBefore(r evidence.Record) (last sighting, ok bool) {
	for _, s := range slices.Concat(h.seen, h.hooks) {
		if s.answered().Before(sent(r)) && (!ok || s.answered().After(last.answered())) {
			last, ok = s, true
		}
	}
	return last, ok
}

func stopBodies(c *Case) {
	seen := map[string]bool{}
	var last evidence.Record
	for _, h := range c.startedArchives() {
		r, ok := h.firstStop()
		if !ok {
			continue
		}
		body := "empty body"
		if r.Exchange.Request.Body.Size > 0 {
			body = "JSON object"
		}
		seen[body], last = true, r
		c.status(r, 200)
	}
	if len(seen) == 1 {
		c.unclear("only one form of body was sent: " + fmt.Sprint(Ref(last)))
	}
}

// stopMakesMP4 reads the first box of the delivered file.
func stopMakesMP4(c *Case) {
	for _, h := range c.startedArchives() {
		if _, ok := h.firstStop(); !ok || h.request.text("outputMode") == "individual" || !c.published(h) {
			continue
		}
		for _, m := range h.media {
			f, ok := c.file(m)
			c.want(ok && f.mp4(), "an MP4 file", fileKind(m, f), m)
		}
	}
}
