// Package lifecycle judges starts, stops, durations and the order of statuses.
package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/flaw"
)

// Checks are the checks of this package.
var Checks = slices.Concat(startChecks, stopChecks, durationChecks, statusChecks, failureChecks)

var startChecks = []check.Check{
	check.New("ARC-START-01", refused(flaw.Relayed, 409), scenarios.Refusals),
	check.New("ARC-START-02", refused(flaw.Nobody, 404, 400), scenarios.Refusals, scenarios.AllLeft),
	check.New("ARC-START-03", startBegins, scenarios.Pair),
	check.New("ARC-START-05", startAgain, scenarios.Listing),
	check.New("ARC-START-06", check.Defaults("outputMode", "composed"), scenarios.Pair),
	check.New("ARC-START-07", outputModeNamed, scenarios.Pause),
	check.New("ARC-START-08", refusedAnyhow(flaw.OutputMode), scenarios.Refusals),
	check.New("ARC-START-09", partsNamed, scenarios.AudioOnly, scenarios.VideoOnly),
	check.New("ARC-START-10", partsByDefault, scenarios.Pair),
	check.New("ARC-START-11", refusedAnyhow(flaw.Neither), scenarios.Refusals),
	check.New("ARC-START-12", refused(flaw.NoSession, 400), scenarios.Refusals),
	check.New("ARC-START-13", refused(flaw.UnknownSession, 404, 400), scenarios.Refusals),
	check.New("ARC-START-14", startTwice, scenarios.Refusals, scenarios.Pause),
	check.New("ARC-START-15", refused(flaw.Malformed, 400), scenarios.Refusals),
	check.New("ARC-START-16", refusedAnyhow(flaw.StreamMode), scenarios.Refusals),
	check.New("ARC-START-17", refusalLeavesNoTrace, scenarios.Auth),
	check.New("ARC-START-18", startShape, scenarios.Pair),
	check.New("ARC-START-19", nameKept, scenarios.Pair, scenarios.Refusals),
	check.New("ARC-START-20", refused(flaw.ForeignSession, 403, 404, 400), scenarios.Isolation),
	check.New("ARC-START-22", bothIdentities, scenarios.Legacy),
	check.New("ARC-START-24", refusedAnyhow(flaw.Types), scenarios.Refusals),
	check.New("ARC-RES-07", refused(flaw.Resolution, 400), scenarios.Refusals),
	check.New("ARC-RES-09", refused(flaw.IndResolution, 400), scenarios.Refusals),
	check.New("ARC-RATE-04", both(refusedAnyhow(flaw.QPRange), check.Allowed("quantizationParameter")), scenarios.Refusals),
	check.New("ARC-RATE-07", both(refused(flaw.BitrateRange, 400), check.Allowed("maxBitrate")), scenarios.Refusals),
	check.New("ARC-RATE-10", refusedAnyhow(flaw.BothRates), scenarios.Refusals),
	check.New("ARC-RATE-11", refused(flaw.IndBitrate, 400), scenarios.Refusals),
	check.New("ARC-RATE-12", refusedAnyhow(flaw.IndQP), scenarios.Refusals),
	check.New("ARC-LAY-06", badLayout, scenarios.Refusals),
}

// refused checks that start requests with only this flaw get one of the codes. It counts only if the target has ever
// started an archive.
func refused(flaw string, codes ...int) func(*check.Case) {
	return eachFlawed(flaw, func(c *check.Case, r evidence.Record) { c.Status(r, codes...) })
}

// refusedAnyhow is refused where no source names the code (decision 0002).
func refusedAnyhow(flaw string) func(*check.Case) {
	return eachFlawed(flaw, func(c *check.Case, r evidence.Record) { c.Refused(r) })
}

func both(first, second func(*check.Case)) func(*check.Case) {
	return func(c *check.Case) {
		first(c)
		second(c)
	}
}

func eachFlawed(flaw string, judge func(*check.Case, evidence.Record)) func(*check.Case) {
	return func(c *check.Case) {
		for _, a := range c.Starts {
			if !a.Only(flaw) {
				continue
			}
			if !c.StartsAtAll(a.Record) {
				return
			}
			judge(c, a.Record)
		}
	}
}

// badLayout wants 400 for an unknown type, which is documented, and a refusal of what does not go with a type.
func badLayout(c *check.Case) {
	refused(flaw.Layout, 400)(c)
	refusedAnyhow(flaw.LayoutParts)(c)
}

func startBegins(c *check.Case) {
	for _, a := range c.Starts {
		if !a.Clean() || a.Individual() {
			continue
		}
		if !c.Status(a.Record, 200) {
			continue
		}
		o, _ := c.Decode(a.Exchange.Response.Body.Text)
		c.Want(o.Text("status") == "started", "status started", o.Show("status"), a.Record)
	}
}

func startAgain(c *check.Case) {
	for i, a := range c.Starts {
		if !a.Clean() || a.Individual() {
			continue
		}
		earlier := slices.ContainsFunc(c.Starts[:i], func(b facts.Asked) bool {
			return b.Clean() && b.Exchange.Status() == 200 && b.Body.Text("sessionId") == a.Body.Text("sessionId")
		})
		if earlier && a.Body.Text("multiArchiveTag") == "" {
			c.Status(a.Record, 200)
		}
	}
}

func outputModeNamed(c *check.Case) {
	for _, h := range c.StartedArchives() {
		want, known := c.Modes(h)["outputMode"]
		if _, given := h.Request["outputMode"]; !given || !known {
			continue
		}
		for _, s := range h.Seen {
			c.Want(s.Object["outputMode"] == want, fmt.Sprintf("outputMode %v", want), s.Show("outputMode"), s.At)
		}
	}
}

func partsNamed(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, key := range []string{"hasAudio", "hasVideo"} {
			want, given := h.Request[key].(bool)
			if !given {
				continue
			}
			for _, s := range h.Seen {
				c.Want(s.Object[key] == want, fmt.Sprintf("%s %v", key, want), s.Show(key), s.At)
			}
		}
	}
}

func partsByDefault(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, key := range []string{"hasAudio", "hasVideo"} {
			if _, given := h.Request[key]; given {
				continue
			}
			for _, s := range h.Seen {
				c.Want(s.Object[key] == true, key+" true", s.Show(key), s.At)
			}
		}
	}
}

func startTwice(c *check.Case) {
	for _, a := range c.Starts {
		if !a.Only(flaw.Recorded) || !c.StartsAtAll(a.Record) {
			continue
		}
		if !c.Status(a.Record, 409) {
			continue
		}
		for _, h := range c.StartedArchives() {
			if h.Start.IDs[evidence.Session] != a.Body.Text("sessionId") || h.EndedBefore(a.Record) || h.Start.Over().After(a.Record.Sent()) {
				continue
			}
			next, ok := h.NextSeen(a.Record)
			if !ok {
				c.Unclear("the first archive was not read after the second start")
				continue
			}
			c.Want(facts.InProgress(next.Status()) || h.StoppedBetween(a.Record, next.At), "the first archive to go on",
				next.Show("status"), a.Record, next.At)
		}
	}
}

// refusalLeavesNoTrace compares the totals of the list before and after refused starts.
func refusalLeavesNoTrace(c *check.Case) {
	for _, l := range c.Lists() {
		if !l.OK || l.Query.Get("sessionId") != "" {
			continue
		}
		for _, earlier := range c.Lists() {
			if !earlier.OK || earlier.R.Seq >= l.R.Seq || earlier.Query.Get("sessionId") != "" || !earlier.R.SameApp(l.R) {
				continue
			}
			refused, accepted, deleted := c.Between(earlier.R, l.R)
			if refused == 0 || deleted > 0 {
				continue
			}
			if !c.Owns(l.R.IDs[evidence.Application]) { // others may start archives there too
				c.Want(len(strays(c, l)) == 0, "no archive of a session in which every start was refused", strings.Join(strays(c, l), ", "), earlier.R, l.R)
				continue
			}
			c.Want(l.Count == earlier.Count+accepted, fmt.Sprintf("count %d after %d refused and %d accepted starts", earlier.Count+accepted, refused, accepted),
				fmt.Sprintf("count %d", l.Count), earlier.R, l.R)
		}
	}
}

// strays returns the listed archives of the harness's sessions that it did not start.
func strays(c *check.Case, l check.List) []string {
	var out []string
	for _, item := range l.Items {
		h, s := c.ByID[item.Text("id")], c.Sessions[item.Text("sessionId")]
		if s != nil && !s.Auto && (h == nil || h.Start.Exchange == nil) {
			out = append(out, item.Text("id"))
		}
	}
	return out
}

func startShape(c *check.Case) {
	ids := map[string]bool{}
	for _, h := range c.StartedArchives() {
		o, ok := c.Decode(h.Start.Exchange.Response.Body.Text)
		if !ok {
			continue
		}
		at := h.Start
		c.Want(evidence.IsUUID(h.ID) && !ids[h.ID], "a fresh UUID as id", o.Show("id"), at)
		ids[h.ID] = true
		c.Want(o.Text("sessionId") == h.Request.Text("sessionId"), "sessionId of the request", o.Show("sessionId"), at)
		if at.Exchange.Identity == evidence.AsUnified {
			c.Want(o.Text("applicationId") == at.IDs[evidence.Application], "the application's id", o.Show("applicationId"), at)
		}
		wrong, modes := c.Modes(h).Differ(o)
		c.Want(len(wrong) == 0, modes, strings.Join(wrong, ", "), at)
		created, whole := o.Instant("createdAt")
		allow := c.Limit("tolerance.created-at")
		from, to := c.Earliest(h.App(), h.Begun.From).Add(-allow), c.Latest(h.App(), h.Begun.To).Add(allow)
		c.Want(whole && !created.Before(from) && !created.After(to), fmt.Sprintf("createdAt in whole milliseconds, %d, give or take %v", from.Add(allow).UnixMilli(), allow),
			o.Show("createdAt"), at)
		for _, key := range []string{"size", "duration"} {
			n, ok := o.Whole(key)
			c.Want(ok && n == 0, key+" 0", o.Show(key), at)
		}
		url, present := o["url"]
		c.Want(present && url == nil, "url null", o.Show("url"), at)
		reason, present := o["reason"]
		c.Want(present && reason == "", "an empty reason", o.Show("reason"), at)
		_, present = o["name"]
		c.Want(present, "name", o.Show("name"), at)
	}
}

func nameKept(c *check.Case) {
	for _, h := range c.StartedArchives() {
		want, given := h.Request["name"].(string)
		for _, s := range slices.Concat(h.Seen, h.Hooks) {
			if given {
				c.Want(s.Text("name") == want, fmt.Sprintf("name %q", want), s.Show("name"), s.At)
				continue
			}
			v, present := s.Object["name"]
			c.Want(present && (v == nil || v == ""), "name null or empty", s.Show("name"), s.At)
		}
	}
}

func bothIdentities(c *check.Case) {
	for _, op := range []evidence.Operation{evidence.StartArchive, evidence.GetArchive, evidence.ListArchives, evidence.StopArchive, evidence.DeleteArchive} {
		done, good := false, 200
		if op == evidence.DeleteArchive {
			good = 204
		}
		var tried evidence.Record
		for _, r := range c.Calls(op) {
			if r.Exchange.Identity != evidence.AsLegacy || !c.Sound(r) || c.ForeignObject(r) {
				continue
			}
			kept := op == evidence.DeleteArchive && r.Exchange.Status() == 409 // which is offered, and refused for the archive's status
			tried, done = r, done || kept || r.Exchange.Status() == good
			if r.Exchange.Status()/100 != 4 {
				c.Status(r, good)
			}
		}
		if tried.Exchange != nil && !done {
			c.Wrong(string(op)+" to be offered under the API key", check.Outcome(tried), tried)
		}
	}
}
