package check

import (
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var callbackChecks = []Check{
	{"ARC-CB-01", in(pair, pause), everyChangePosted},
	{"ARC-CB-02", in(pair), callbackType},
	{"ARC-CB-03", in(pair), startStopDeliveryPosted},
	{"ARC-CB-04", in(pause), pausesPosted},
	{"ARC-CB-05", in(pair), everyHook(func(_ *Case, _ *history, s sighting) (string, string, bool) {
		return "event archive", s.show("event"), s.text("event") == "archive"
	})},
	{"ARC-CB-06", in(pair), everyHook(func(_ *Case, h *history, s sighting) (string, string, bool) {
		return "sessionId of the recorded session", s.show("sessionId"), s.text("sessionId") == h.request.text("sessionId")
	})},
	{"ARC-CB-07", in(pair), everyHook(callbackProject)},
	{"ARC-CB-08", in(pair), callbackCreatedAt},
	{"ARC-CB-09", in(pair), everyHook(func(c *Case, _ *history, s sighting) (string, string, bool) {
		ms, ok := s.whole("createdAt")
		return "createdAt in whole seconds", s.show("createdAt"), ok && ms%c.number("callback.created-at.step") == 0
	})},
	{"ARC-CB-10", in(pair, pause), everyHook(func(_ *Case, _ *history, s sighting) (string, string, bool) {
		if !inProgress(s.status()) {
			return "", "", true
		}
		n, ok := s.whole("duration")
		return "duration 0 while " + s.status(), s.show("duration"), ok && n == 0
	})},
	{"ARC-CB-11", in(pair), callbackDuration},
	{"ARC-CB-12", in(pair, pause), everyHook(func(_ *Case, _ *history, s sighting) (string, string, bool) {
		if !inProgress(s.status()) {
			return "", "", true
		}
		n, ok := s.whole("size")
		return "size 0 while " + s.status(), s.show("size"), ok && n == 0
	})},
	{"ARC-CB-13", in(pair), callbackSize},
	{"ARC-CB-14", in(pair), everyHook(callbackResolution)},
	{"ARC-CB-16", in(pair), everyHook(func(_ *Case, _ *history, s sighting) (string, string, bool) {
		if inProgress(s.status()) {
			return "an empty reason while " + s.status(), s.show("reason"), s.object["reason"] == ""
		}
		return "reason as a string", s.show("reason"), jsonType(s.object["reason"]) == "string"
	})},
	{"ARC-CB-17", in(pair), everyHook(callbackReason)},
	{"ARC-CB-18", in(pair), everyHook(callbackStatus)},
	{"ARC-CB-19", in(pair), everyHook(func(c *Case, h *history, s sighting) (string, string, bool) {
		want := h.request.text("streamMode")
		if want == "" {
			want = "auto"
		}
		return "streamMode " + want, s.show("streamMode"), s.text("streamMode") == want
	})},
	{"ARC-CB-20", in(pair), everyHook(func(_ *Case, _ *history, s sighting) (string, string, bool) {
		if s.status() == "started" {
			return "", "", true
		}
		list, isArray := s.object["streams"].([]any)
		return "no streams while " + s.status(), s.show("streams"), s.object["streams"] == nil || isArray && len(list) == 0
	})},
	{"ARC-CB-21", in(pair), everyHook(callbackStreams)},
	{"ARC-CB-22", in(pair, cloud), everyHook(func(_ *Case, _ *history, s sighting) (string, string, bool) {
		return "url null or absent", s.show("url"), s.object["url"] == nil
	})},
	{"ARC-CB-28", in(pair, pause), everyHook(func(_ *Case, h *history, s sighting) (string, string, bool) {
		if h.request.text("streamMode") == "manual" {
			return "", "", true
		}
		return "no streamRemoved in auto mode", s.show("status"), s.status() != "streamRemoved"
	})},
	{"ARC-CB-31", in(pair), callbackEqualsRead},
	{"ARC-CB-32", in(isolation), callbackOwnApplication},
	{"ARC-CB-33", in(pair, pause), announcedOnce},
	{"ARC-CB-34", in(cloud), expiryPosted},
}

// everyHook judges each callback about an archive the harness started. A check
// that answers no expectation has nothing to say about that callback.
func everyHook(of func(c *Case, h *history, s sighting) (expected, actual string, ok bool)) func(*Case) {
	return func(c *Case) {
		for _, h := range c.startedArchives() {
			for _, s := range h.hooks {
				if expected, actual, ok := of(c, h, s); expected != "" {
					c.want(ok, expected, s.status()+" callback with "+actual, s.at)
				}
			}
		}
		c.silentHooks()
	}
}

// silentHooks: callbacks were expected and none came; a watch of the harness says so.
func (c *Case) silentHooks() {
	for _, h := range c.startedArchives() {
		for _, r := range h.watches {
			if w := r.Watch; w.What == "webhooks" && w.Until != "" && !w.Met && len(h.hooks) == 0 {
				c.wrong(w.Until+" within "+w.Deadline.String(), "no callback about the archive", r)
			}
		}
	}
}

func (h *history) hooked(status string) []sighting {
	var out []sighting
	for _, s := range h.hooks {
		if s.status() == status {
			out = append(out, s)
		}
	}
	return out
}

// everyChangePosted: each status that reads showed has its callback by the end
// of the evidence, unless the read was the last thing seen.
func everyChangePosted(c *Case) {
	for _, h := range c.startedArchives() {
		told := map[string]bool{}
		for _, s := range h.seen {
			if told[s.status()] || s.status() == "deleted" || !c.watchedAfter(s) {
				continue
			}
			told[s.status()] = true
			posts := h.hooked(s.status())
			at := []evidence.Record{s.at}
			post := len(posts) > 0
			for _, p := range posts {
				at = append(at, p.at)
				post = post && p.at.Webhook.Method == "POST"
			}
			c.want(post, "a POST that announces "+s.status(), fmt.Sprintf("%d callbacks with that status among %s", len(posts), h.hookList()), at...)
		}
	}
}

func (h *history) hookList() string {
	var s []string
	for _, hook := range h.hooks {
		s = append(s, hook.status())
	}
	return "[" + strings.Join(s, " ") + "]"
}

// watchedAfter: webhooks about the archive were watched to the end after the sighting, or one came later.
func (c *Case) watchedAfter(s sighting) bool {
	h := c.byID[s.text("id")]
	for _, r := range h.watches {
		if r.Seq > s.at.Seq && r.Watch.What == "webhooks" {
			return true
		}
	}
	return slices.ContainsFunc(h.hooks, func(hook sighting) bool { return hook.at.Seq > s.at.Seq })
}

func callbackType(c *Case) {
	for _, r := range c.view.Webhooks().Records {
		if r.IDs[evidence.Archive] == "" && c.aboutSession(r) {
			continue
		}
		kind, _, err := mime.ParseMediaType(r.Webhook.Header.Get("Content-Type"))
		_, isObject := c.decode(r.Webhook.Body.Text)
		c.want(err == nil && kind == "application/json" && isObject, "application/json with one object",
			fmt.Sprintf("%q with %s", r.Webhook.Header.Get("Content-Type"), clip(r.Webhook.Body.Text, 80)), r)
	}
	c.silentHooks()
}

// aboutSession: a session callback, which is no archive callback.
func (c *Case) aboutSession(r evidence.Record) bool {
	o, ok := c.decode(r.Webhook.Body.Text)
	return ok && o.text("event") != "" && o.text("event") != "archive" && o.text("status") == ""
}

func startStopDeliveryPosted(c *Case) {
	for _, h := range c.startedArchives() {
		if _, ok := h.firstStop(); !ok || !slices.ContainsFunc(h.seen, func(s sighting) bool { return final(s.status()) && c.watchedAfter(s) }) {
			continue
		}
		var at []evidence.Record
		for _, s := range h.hooks {
			at = append(at, s.at)
		}
		ok := len(h.hooked("started")) > 0 && len(h.hooked("stopped")) > 0 && len(h.hooked("uploaded"))+len(h.hooked("available")) > 0
		c.want(ok, "callbacks started, stopped, and uploaded or available", h.hookList(), append(at, h.start)...)
	}
	c.silentHooks()
}

// pausesPosted counts callbacks against the pauses that the harness made.
func pausesPosted(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok {
			continue
		}
		n := 0
		for _, g := range k.pauses() {
			if g.to.Sub(g.from) > c.limit("tolerance.pause") {
				n++
			}
		}
		if n == 0 {
			continue
		}
		var at []evidence.Record
		for _, s := range h.hooks {
			at = append(at, s.at)
		}
		paused, started := len(h.hooked("paused")), len(h.hooked("started"))
		c.want(paused >= n && started >= n+1, fmt.Sprintf("%d callbacks paused and %d started for %d pauses", n, n+1, n), h.hookList(), append(at, h.start)...)
	}
	c.silentHooks()
}

// callbackProject: the application id, or the API key of a legacy project as number or text.
func callbackProject(_ *Case, h *history, s sighting) (string, string, bool) {
	app := h.start.IDs[evidence.Application]
	want, got := app, fmt.Sprint(s.object["partnerId"])
	if h.start.Exchange.Identity == "legacy" {
		want = project(h.start)
		return "partnerId " + want + " or " + app, s.show("partnerId"), got == want || got == app
	}
	return "partnerId " + want, s.show("partnerId"), got == want
}

func callbackCreatedAt(c *Case) {
	allow := c.limit("tolerance.created-at")
	for _, h := range c.startedArchives() {
		app := h.start.IDs[evidence.Application]
		from := c.earliest(app, h.start.Exchange.Started).Add(-allow)
		to := c.latest(app, h.start.Exchange.Started.Add(h.start.Exchange.Duration)).Add(allow)
		var first int64
		for i, s := range h.hooks {
			ms, ok := s.whole("createdAt")
			at := time.UnixMilli(ms)
			c.want(ok && !at.Before(from) && !at.After(to), fmt.Sprintf("createdAt %d, the start call, give or take %v", h.start.Exchange.Started.UnixMilli(), allow), s.show("createdAt"), h.start, s.at)
			if i == 0 {
				first = ms
			}
			c.want(ms == first, fmt.Sprintf("createdAt %d in every callback", first), s.show("createdAt"), s.at)
		}
	}
	c.silentHooks()
}

func callbackDuration(c *Case) {
	allow := c.limit("tolerance.duration")
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok {
			continue
		}
		grace := allow + time.Duration(len(k.pauses()))*c.limit("tolerance.pause")
		for _, s := range slices.Concat(h.hooked("uploaded"), h.hooked("available")) {
			c.durationOf(s, k, grace)
		}
	}
	c.silentHooks()
}

// callbackSize compares with the object that was fetched, not with what the target says elsewhere.
func callbackSize(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range slices.Concat(h.hooked("uploaded"), h.hooked("available")) {
			for _, o := range h.objects {
				n, ok := s.whole("size")
				c.want(ok && n == o.Object.Size, fmt.Sprintf("size %d, the length of the file", o.Object.Size), s.show("size"), s.at, o)
			}
		}
	}
	c.silentHooks()
}

func callbackResolution(c *Case, h *history, s sighting) (string, string, bool) {
	if h.request.text("outputMode") == "individual" {
		return "", "", true
	}
	want := h.request.text("resolution")
	if want == "" {
		l, _ := c.ledger.List("resolution")
		want = l.Default
	}
	return "resolution " + want, s.show("resolution"), s.text("resolution") == want
}

func callbackReason(c *Case, h *history, s sighting) (string, string, bool) {
	if inProgress(s.status()) || s.status() == "failed" || c.isNotice(s.status()) {
		return "", "", true
	}
	var names []string
	for _, r := range c.ledger.States.Reasons {
		if r.Of == "stopped" {
			names = append(names, r.Name)
		}
	}
	if stopped := h.hooked("stopped"); len(stopped) > 0 {
		if told := stopped[0].text("reason"); slices.Contains(names, told) {
			return fmt.Sprintf("reason %q for good", told), s.show("reason"), s.text("reason") == told
		}
	}
	return "one of " + strings.Join(names, ", "), s.show("reason"), slices.Contains(names, s.text("reason"))
}

func callbackStatus(c *Case, _ *history, s sighting) (string, string, bool) {
	var names []string
	for _, st := range c.ledger.States.Statuses {
		names = append(names, st.Name)
	}
	for _, n := range c.ledger.States.Notices {
		names = append(names, n.Name)
	}
	return "one of " + strings.Join(names, ", "), s.show("status"), slices.Contains(names, s.status())
}

// callbackStreams: the array may be absent; what it holds has a shape.
func callbackStreams(_ *Case, _ *history, s sighting) (string, string, bool) {
	list, isArray := s.object["streams"].([]any)
	ok := isArray || s.object["streams"] == nil
	for _, item := range list {
		o, isObject := item.(map[string]any)
		ok = ok && isObject && object(o).text("streamId") != "" && jsonType(o["hasAudio"]) == "boolean" && jsonType(o["hasVideo"]) == "boolean"
	}
	return "streams of streamId, hasAudio, hasVideo", s.show("streams"), ok
}
