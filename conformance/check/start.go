package check

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

var startChecks = []Check{
	{"ARC-START-01", in(refusals), refused(flawRelayed, 409)},
	{"ARC-START-02", in(refusals), refused(flawNobody, 404, 400)},
	{"ARC-START-03", in(pair), startBegins},
	{"ARC-START-05", in(pair, listing), startAgain},
	{"ARC-START-06", in(pair), defaults("outputMode", "composed")},
	{"ARC-START-07", in(pair), outputModeNamed},
	{"ARC-START-08", in(refusals), refused(flawOutputMode, 400)},
	{"ARC-START-09", in(audioOnly, videoOnly), partsNamed},
	{"ARC-START-10", in(pair), partsByDefault},
	{"ARC-START-11", in(refusals), refused(flawNeither, 400)},
	{"ARC-START-12", in(refusals), refused(flawNoSession, 400)},
	{"ARC-START-13", in(refusals), refused(flawUnknownSession, 404, 400)},
	{"ARC-START-14", in(refusals), startTwice},
	{"ARC-START-15", in(refusals), startMalformed},
	{"ARC-START-16", in(refusals), refused(flawStreamMode, 400)},
	{"ARC-START-17", in(auth), refusalLeavesNoTrace},
	{"ARC-START-18", in(pair), startShape},
	{"ARC-START-19", in(pair), nameKept},
	{"ARC-START-20", in(isolation), refused(flawForeignSession, 403, 404, 400)},
	{"ARC-START-22", in(legacy), bothIdentities},
	{"ARC-RES-07", in(refusals), refused(flawResolution, 400)},
	{"ARC-RES-09", in(refusals), refused(flawIndResolution, 400)},
	{"ARC-RATE-04", in(refusals), refused(flawQPRange, 400)},
	{"ARC-RATE-07", in(refusals), refused(flawBitrateRange, 400)},
	{"ARC-RATE-10", in(refusals), refused(flawBothRates, 400)},
	{"ARC-RATE-11", in(refusals), refused(flawIndBitrate, 400)},
	{"ARC-RATE-12", in(refusals), refused(flawIndQP, 400)},
	{"ARC-LAY-06", in(refusals), refused(flawLayout, 400)},
}

// refused checks that start requests with just this flaw answer one of codes.
// It counts only where the target has shown that it can start archives at all.
func refused(flaw string, codes ...int) func(*Case) {
	return func(c *Case) {
		for _, a := range c.starts {
			if !a.only(flaw) {
				continue
			}
			if !c.startsAtAll(a.Record) {
				return
			}
			c.status(a.Record, codes...)
		}
	}
}

// startsAtAll notes the clause as blocked when no start was ever accepted: a
// target that refuses everything has not shown that it refuses this.
func (c *Case) startsAtAll(at evidence.Record) bool {
	if c.startedAny() {
		return true
	}
	c.blocked("a refusal by a target that accepts a proper start", "no proper start was ever accepted", at)
	return false
}

func (c *Case) startedAny() bool {
	return slices.ContainsFunc(c.archives, func(h *history) bool { return h.start.Exchange != nil })
}

// status wants the answer to r to be one of codes.
func (c *Case) status(r evidence.Record, codes ...int) bool {
	return c.want(slices.Contains(codes, r.Exchange.Status()), anyOf(codes), outcome(r), r)
}

func anyOf(codes []int) string {
	var s []string
	for _, code := range codes {
		s = append(s, fmt.Sprint(code))
	}
	return strings.Join(s, " or ")
}

func startBegins(c *Case) {
	for _, a := range c.starts {
		if !a.clean() || a.individual() {
			continue
		}
		if !c.status(a.Record, 200) {
			continue
		}
		o, _ := c.decode(a.Exchange.Response.Body.Text)
		c.want(o.text("status") == "started", "status started", o.show("status"), a.Record)
	}
}

func startAgain(c *Case) {
	for i, a := range c.starts {
		if !a.clean() || a.individual() {
			continue
		}
		earlier := slices.ContainsFunc(c.starts[:i], func(b asked) bool {
			return b.clean() && b.Exchange.Status() == 200 && b.body.text("sessionId") == a.body.text("sessionId")
		})
		if earlier && a.body.text("multiArchiveTag") == "" {
			c.status(a.Record, 200)
		}
	}
}

// defaults checks the value of a property whose request did not name it.
func defaults(key, want string) func(*Case) {
	return func(c *Case) {
		for _, h := range c.startedArchives() {
			if _, given := h.request[key]; given {
				continue
			}
			for _, s := range h.seen {
				c.want(s.text(key) == want, key+" "+want, s.show(key), s.at)
			}
		}
	}
}

func (c *Case) startedArchives() []*history {
	var out []*history
	for _, h := range c.archives {
		if h.start.Exchange != nil {
			out = append(out, h)
		}
	}
	return out
}

func outputModeNamed(c *Case) {
	for _, h := range c.startedArchives() {
		want, given := h.request["outputMode"].(string)
		if !given {
			continue
		}
		for _, s := range h.seen {
			c.want(s.text("outputMode") == want, "outputMode "+want, s.show("outputMode"), s.at)
		}
	}
}

func partsNamed(c *Case) {
	for _, h := range c.startedArchives() {
		for _, key := range []string{"hasAudio", "hasVideo"} {
			want, given := h.request[key].(bool)
			if !given {
				continue
			}
			for _, s := range h.seen {
				c.want(s.object[key] == want, fmt.Sprintf("%s %v", key, want), s.show(key), s.at)
			}
		}
	}
}

func partsByDefault(c *Case) {
	for _, h := range c.startedArchives() {
		for _, key := range []string{"hasAudio", "hasVideo"} {
			if _, given := h.request[key]; given {
				continue
			}
			for _, s := range h.seen {
				c.want(s.object[key] == true, key+" true", s.show(key), s.at)
			}
		}
	}
}

func startTwice(c *Case) {
	for _, a := range c.starts {
		if !a.only(flawRecorded) || !c.startsAtAll(a.Record) {
			continue
		}
		if !c.status(a.Record, 409) {
			continue
		}
		for _, h := range c.startedArchives() {
			if h.start.IDs[evidence.Session] != a.body.text("sessionId") || h.endedBefore(a.Record) || over(h.start).After(sent(a.Record)) {
				continue
			}
			next, ok := h.nextSeen(a.Record)
			if !ok {
				c.unclear("the first archive was not read after the second start")
				continue
			}
			c.want(inProgress(next.status()) || h.stoppedBetween(a.Record, next.at), "the first archive to go on",
				next.show("status"), a.Record, next.at)
		}
	}
}

// nextSeen is the first answer about h that was asked for after r.
func (h *history) nextSeen(r evidence.Record) (sighting, bool) {
	for _, s := range h.seen {
		if s.asked().After(over(r)) {
			return s, true
		}
	}
	return sighting{}, false
}

func (h *history) stoppedBetween(from, to evidence.Record) bool {
	return slices.ContainsFunc(h.stops, func(r evidence.Record) bool { return sent(r).After(sent(from)) && !sent(r).After(sent(to)) })
}

func startMalformed(c *Case) {
	for _, a := range c.starts {
		if !a.only(flawMalformed) && !a.only(flawTypes) || !c.startsAtAll(a.Record) {
			continue
		}
		c.status(a.Record, 400)
	}
}

// refusalLeavesNoTrace compares the totals of the list before and after refused starts.
func refusalLeavesNoTrace(c *Case) {
	for _, l := range c.lists() {
		if !l.ok || l.query.Get("sessionId") != "" {
			continue
		}
		for _, earlier := range c.lists() {
			if !earlier.ok || earlier.r.Seq >= l.r.Seq || earlier.query.Get("sessionId") != "" || !sameApp(earlier.r, l.r) {
				continue
			}
			refused, accepted, deleted := c.between(earlier.r, l.r)
			if refused == 0 || deleted > 0 {
				continue
			}
			c.want(l.count == earlier.count+accepted, fmt.Sprintf("count %d after %d refused and %d accepted starts", earlier.count+accepted, refused, accepted),
				fmt.Sprintf("count %d", l.count), earlier.r, l.r)
		}
	}
}

// between counts what happened to an application between two of its lists.
func (c *Case) between(from, to evidence.Record) (refused, accepted, deleted int64) {
	for _, a := range c.starts {
		if a.Seq > from.Seq && a.Seq < to.Seq && sameApp(a.Record, from) {
			if a.Exchange.Status() == 200 {
				accepted++
			} else {
				refused++
			}
		}
	}
	for _, h := range c.archives {
		for _, d := range h.deletes {
			if d.Seq > from.Seq && d.Seq < to.Seq && sameApp(d, from) {
				deleted++
			}
		}
	}
	return refused, accepted, deleted
}

func sameApp(a, b evidence.Record) bool {
	return a.IDs[evidence.Application] == b.IDs[evidence.Application]
}

func startShape(c *Case) {
	ids := map[string]bool{}
	for _, h := range c.startedArchives() {
		o, ok := c.decode(h.start.Exchange.Response.Body.Text)
		if !ok {
			continue
		}
		at := h.start
		c.want(isUUID(h.id) && !ids[h.id], "a fresh UUID as id", o.show("id"), at)
		ids[h.id] = true
		c.want(o.text("sessionId") == h.request.text("sessionId"), "sessionId of the request", o.show("sessionId"), at)
		if at.Exchange.Identity == "unified" {
			c.want(o.text("applicationId") == at.IDs[evidence.Application], "the application's id", o.show("applicationId"), at)
		}
		for _, key := range []string{"outputMode", "streamMode"} {
			c.want(o.text(key) != "", key, o.show(key), at)
		}
		for _, key := range []string{"hasAudio", "hasVideo"} {
			c.want(jsonType(o[key]) == "boolean", key+" as a boolean", o.show(key), at)
		}
		ms, whole := o.whole("createdAt")
		c.want(whole && ms > 1e12, "createdAt in whole milliseconds", o.show("createdAt"), at)
		for _, key := range []string{"size", "duration"} {
			n, ok := o.whole(key)
			c.want(ok && n == 0, key+" 0", o.show(key), at)
		}
		url, present := o["url"]
		c.want(present && url == nil, "url null", o.show("url"), at)
		reason, present := o["reason"]
		c.want(present && reason == "", "an empty reason", o.show("reason"), at)
		_, present = o["name"]
		c.want(present, "name", o.show("name"), at)
	}
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (r == '-') ||
			!dash && !strings.ContainsRune("0123456789abcdef", r) {
			return false
		}
	}
	return true
}

func nameKept(c *Case) {
	for _, h := range c.startedArchives() {
		want, given := h.request["name"].(string)
		for _, s := range slices.Concat(h.seen, h.hooks) {
			if given {
				c.want(s.text("name") == want, fmt.Sprintf("name %q", want), s.show("name"), s.at)
				continue
			}
			v, present := s.object["name"]
			c.want(present && (v == nil || v == ""), "name null or empty", s.show("name"), s.at)
		}
	}
}

func bothIdentities(c *Case) {
	for _, op := range []string{"startArchive", "getArchive", "listArchives", "stopArchive"} {
		done := false
		var tried evidence.Record
		for _, r := range c.calls(op) {
			if r.Exchange.Identity != "legacy" || !c.sound(r) || c.foreignObject(r) {
				continue
			}
			tried, done = r, done || r.Exchange.Status() == 200
			if r.Exchange.Status()/100 != 4 {
				c.status(r, 200)
			}
		}
		if tried.Exchange != nil && !done {
			c.wrong(op+" to be offered under the API key", outcome(tried), tried)
		}
	}
}
