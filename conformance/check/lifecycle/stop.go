package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
)

var stopChecks = []check.Check{
	check.New("ARC-STOP-01", stopAnswers, scenarios.Pair),
	check.New("ARC-STOP-02", stopReason, scenarios.Pair),
	check.New("ARC-STOP-03", stopMakesMP4, scenarios.Pair),
	check.New("ARC-STOP-05", check.OnUnknown(evidence.StopArchive, 404), scenarios.Refusals),
	check.New("ARC-STOP-06", stopTwice, scenarios.Pair, scenarios.Undelivered),
	check.New("ARC-STOP-07", stopPaused, scenarios.Pause),
	check.New("ARC-STOP-08", stopBodies, scenarios.Refusals),
	check.New("ARC-STOP-09", check.OnMalformed(evidence.StopArchive), scenarios.Refusals),
	check.New("ARC-STOP-10", check.OnForeign(evidence.StopArchive), scenarios.Isolation),
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
			if s.Answered().After(r.Sent()) && !facts.InProgress(s.Status()) && !c.IsNotice(s.Status()) && s.Status() != "failed" && !s.OmitsReason() {
				c.Want(s.Text("reason") == "user initiated", `reason "user initiated"`, s.Show("reason"), s.At)
			}
		}
	}
}

func stopTwice(c *check.Case) {
	for _, h := range c.StartedArchives() {
		stoppedLate(c, h)
		first, ok := h.FirstStop()
		if !ok || first.Exchange.Status() != 200 {
			continue
		}
		for _, r := range h.Stops {
			if r.Sent().After(first.Over()) {
				stoppedAgain(c, h, r, "user initiated")
			}
		}
	}
}

// stoppedLate judges stops of an archive that had ended by itself, as its callback or a read says.
func stoppedLate(c *check.Case, h *facts.History) {
	if _, ok := h.FirstStop(); ok {
		return
	}
	for _, r := range h.Stops {
		if last, ok := h.LastBefore(r); ok && last.Status() == "stopped" && last.Text("reason") != "" {
			stoppedAgain(c, h, r, last.Text("reason"))
		}
	}
}

func stoppedAgain(c *check.Case, h *facts.History, r evidence.Record, reason string) {
	c.Status(r, 200, 409)
	next, ok := h.NextSeen(r)
	if !ok {
		c.Unclear("the archive was not read after the second stop")
		return
	}
	c.Want(!facts.InProgress(next.Status()) && (next.Text("reason") == reason || next.OmitsReason()), "status and reason unchanged by the second stop",
		next.Show("status")+", "+next.Show("reason"), r, next.At)
}

// stopPaused needs an archive that was last seen paused when the stop call was sent.
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
		c.Unclear("only one form of body was sent: " + fmt.Sprint(last.Ref()))
	}
}

// stopMakesMP4 reads the first box of the delivered file. A web page that comes in its place is no MP4 file either.
func stopMakesMP4(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if _, ok := h.FirstStop(); !ok || h.IsIndividual() || !content.Published(c.Facts, h) || c.Encrypted(h) {
			continue
		}
		for _, d := range c.Downloads() {
			if d.H == h && strings.HasPrefix(d.R.Exchange.Error, evidence.PageInstead) {
				c.Wrong("an MP4 file", d.R.Exchange.Error, d.R)
			}
		}
		for _, m := range h.Media {
			f, ok := c.File(m)
			c.Want(ok && f.MP4(), "an MP4 file", content.FileKind(m, f), m)
		}
	}
}
