package lifecycle

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

var stopChecks = []check.Check{
	check.New("ARC-STOP-01", check.In(scenarios.Pair), stopAnswers),
	check.New("ARC-STOP-02", check.In(scenarios.Pair), stopReason),
	check.New("ARC-STOP-03", check.In(scenarios.Pair), stopMakesMP4),
	check.New("ARC-STOP-05", check.In(scenarios.Refusals), check.OnUnknown("stopArchive", 404)),
	check.New("ARC-STOP-06", check.In(scenarios.Pair), stopTwice),
	check.New("ARC-STOP-07", check.In(scenarios.Pause), stopPaused),
	check.New("ARC-STOP-08", check.In(scenarios.Pair, scenarios.Pause), stopBodies),
	check.New("ARC-STOP-09", check.In(scenarios.Refusals), check.OnMalformed("stopArchive", 404, 400)),
	check.New("ARC-STOP-10", check.In(scenarios.Isolation), check.OnForeign("stopArchive")),
}

func stopAnswers(c *check.Case) {
	for _, h := range c.StartedArchives() {
		r, ok := h.FirstStop()
		if !ok || !c.Status(r, 200) {
			continue
		}
		o, _ := c.Decode(r.Exchange.Response.Body.Text)
		c.Want(o.Text("id") == h.ID && o.Text("status") == "stopped", "the archive with status stopped",
			o.Show("id")+", "+o.Show("status"), r)
	}
}

func stopReason(c *check.Case) {
	for _, h := range c.StartedArchives() {
		r, ok := h.FirstStop()
		if !ok || r.Exchange.Status() != 200 {
			continue
		}
		for _, s := range slices.Concat(h.Seen, h.Hooks) {
			if s.Answered().After(check.Sent(r)) && !check.InProgress(s.Status()) && s.Status() != "failed" {
				c.Want(s.Text("reason") == "user initiated", `reason "user initiated"`, s.Show("reason"), s.At)
			}
		}
	}
}

func stopTwice(c *check.Case) {
	for _, h := range c.StartedArchives() {
		first, ok := h.FirstStop()
		if !ok || first.Exchange.Status() != 200 {
			continue
		}
		for _, r := range h.Stops {
			if !check.Sent(r).After(check.Over(first)) {
				continue
			}
			c.Status(r, 200, 409)
			next, ok := h.NextSeen(r)
			if !ok {
				c.Unclear("the archive was not read after the second stop")
				continue
			}
			c.Want(!check.InProgress(next.Status()) && next.Text("reason") == "user initiated", "status and reason unchanged by the second stop",
				next.Show("status")+", "+next.Show("reason"), r, next.At)
		}
	}
}

// stopPaused needs an archive that was last seen paused when the stop call went out.
func stopPaused(c *check.Case) {
	for _, h := range c.StartedArchives() {
		r, ok := h.FirstStop()
		if !ok {
			continue
		}
		if last, seen := h.LastBefore(r); seen && last.Status() == "paused" {
			c.Status(r, 200)
		}
	}
}

func stopBodies(c *check.Case) {
	seen := map[string]bool{}
	var last evidence.Record
	for _, h := range c.StartedArchives() {
		r, ok := h.FirstStop()
		if !ok {
			continue
		}
		body := "empty body"
		if r.Exchange.Request.Body.Size > 0 {
			body = "JSON object"
		}
		seen[body], last = true, r
		c.Status(r, 200)
	}
	if len(seen) == 1 {
		c.Unclear("only one form of body was sent: " + fmt.Sprint(check.Ref(last)))
	}
}

// stopMakesMP4 reads the first box of the delivered file.
func stopMakesMP4(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if _, ok := h.FirstStop(); !ok || h.IsIndividual() || !c.Published(h) || c.Encrypted(h) {
			continue
		}
		for _, m := range h.Media {
			f, ok := c.File(m)
			c.Want(ok && f.MP4(), "an MP4 file", check.FileKind(m, f), m)
		}
	}
}
