// Package callbacks judges how archives are announced to the application: what is posted, when, how often, and with
// which signature.
package callbacks

import (
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/text"
)

// Checks are the checks of this package.
var Checks = []check.Check{
	check.New("ARC-CB-01", everyChangePosted, scenarios.Pair, scenarios.Pause, scenarios.AutoOverlap),
	check.New("ARC-CB-02", callbackType, scenarios.Pair),
	check.New("ARC-CB-03", startStopDeliveryPosted, scenarios.Pair),
	check.New("ARC-CB-04", pausesPosted, scenarios.Pause),
	check.New("ARC-CB-05", everyHook(func(_ *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
		return "event archive", s.Show("event"), s.Text("event") == "archive"
	}), scenarios.Pair),
	check.New("ARC-CB-06", everyHook(func(_ *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
		return "sessionId of the recorded session", s.Show("sessionId"), s.Text("sessionId") == h.Request.Text("sessionId")
	}), scenarios.Pair),
	check.New("ARC-CB-07", everyHook(callbackProject), scenarios.Pair),
	check.New("ARC-CB-08", callbackCreatedAt, scenarios.Pair, scenarios.Selection, scenarios.Automatic),
	check.New("ARC-CB-09", everyHook(callbackRounded), scenarios.Pair),
	check.New("ARC-CB-10", everyHook(func(_ *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
		if s.Status() != "started" {
			return "", "", true
		}
		n, ok := s.Whole("duration")
		return "duration 0 while started", s.Show("duration"), ok && n == 0
	}), scenarios.Pair, scenarios.Pause),
	check.New("ARC-CB-11", callbackDuration, scenarios.Pair),
	check.New("ARC-CB-12", everyHook(func(_ *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
		if !facts.InProgress(s.Status()) {
			return "", "", true
		}
		n, ok := s.Whole("size")
		return "size 0 while " + s.Status(), s.Show("size"), ok && n == 0
	}), scenarios.Pair, scenarios.Pause),
	check.New("ARC-CB-13", callbackSize, scenarios.Pair),
	check.New("ARC-CB-14", everyHook(callbackResolution), scenarios.Pair),
	check.New("ARC-CB-16", everyHook(callbackReasonGiven), scenarios.Pair),
	check.New("ARC-CB-17", everyHook(callbackReason), scenarios.Pair),
	check.New("ARC-CB-18", everyHook(callbackStatus), scenarios.Pair),
	check.New("ARC-CB-19", everyHook(func(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
		want := h.Request.Text("streamMode")
		if want == "" {
			want = "auto"
		}
		return "streamMode " + want, s.Show("streamMode"), s.Text("streamMode") == want
	}), scenarios.Pair),
	check.New("ARC-CB-20", everyHook(func(c *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
		if s.Status() == "started" || c.IsNotice(s.Status()) {
			return "", "", true
		}
		list, isArray := s.Object["streams"].([]any)
		return "no streams while " + s.Status(), s.Show("streams"), s.Object["streams"] == nil || isArray && len(list) == 0
	}), scenarios.Pair),
	check.New("ARC-CB-21", everyHook(callbackStreams), scenarios.Pair, scenarios.Presentations, scenarios.AudioOnly, scenarios.Selection),
	check.New("ARC-CB-22", everyHook(callbackURL), scenarios.Pair, scenarios.Cloud),
	check.New("ARC-CB-28", everyHook(noNotice), scenarios.Pair, scenarios.Pause),
	check.New("ARC-CB-29", refusedAgain, scenarios.Retry, scenarios.GivenUp),
	check.New("ARC-CB-30", signedCallbacks, scenarios.Retry),
	check.New("ARC-CB-31", callbackEqualsRead, scenarios.Pair, scenarios.AudioOnly, scenarios.VideoOnly),
	check.New("ARC-CB-32", callbackOwnApplication, scenarios.Isolation),
	check.New("ARC-CB-33", announcedOnce, scenarios.Pair, scenarios.Pause, scenarios.Automatic, scenarios.GivenUp),
	check.New("ARC-CB-34", expiryPosted, scenarios.Cloud),
}

// everyHook judges each callback about an archive. An of that returns no expectation ignores
// the callback.
func everyHook(of func(c *check.Case, h *facts.History, s facts.Sighting) (expected, actual string, ok bool)) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.EveryArchive() {
			for _, s := range h.Hooks {
				if expected, actual, ok := of(c, h, s); expected != "" {
					c.Want(ok, expected, s.Status()+" callback with "+actual, s.At)
				}
			}
		}
		c.SilentHooks()
	}
}

// noNotice takes a callback that came after a stream had left the recorded session for proof: one that came earlier could be
// no notice.
func noNotice(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
	session := c.Sessions[h.Start.IDs[evidence.Session]]
	told := c.IsNotice(s.Status())
	if h.IsManual() || session == nil || !told && !slices.ContainsFunc(session.Streams, func(u facts.Span) bool {
		return !u.To.IsZero() && u.To.After(h.Begun.To) && u.Late.Before(s.At.Time)
	}) {
		return "", "", true
	}
	return "no notice of a stream in auto mode", s.Show("status"), !told
}

func hooked(h *facts.History, status string) []facts.Sighting {
	var out []facts.Sighting
	for _, s := range h.Hooks {
		if s.Status() == status {
			out = append(out, s)
		}
	}
	return out
}

// everyChangePosted checks that each status in a read also has its callback by the end of the evidence, unless the read
// was the last thing seen.
func everyChangePosted(c *check.Case) {
	for _, h := range c.EveryArchive() {
		told := map[string]bool{}
		for _, s := range h.Seen {
			if told[s.Status()] || s.Status() == "deleted" || !watchedAfter(c, s) {
				continue
			}
			told[s.Status()] = true
			posts := hooked(h, s.Status())
			at := []evidence.Record{s.At}
			post := len(posts) > 0
			for _, p := range posts {
				at = append(at, p.At)
				post = post && p.At.Webhook.Method == "POST"
			}
			c.Want(post, "a POST that announces "+s.Status(), fmt.Sprintf("%d callbacks with that status among %s", len(posts), h.HookList()), at...)
		}
	}
}

// watchedAfter reports whether a watch for a webhook with the status of the sighting followed it, to its deadline or until
// the webhook came. A webhook with another status says nothing: they may overtake each other.
func watchedAfter(c *check.Case, s facts.Sighting) bool {
	return slices.ContainsFunc(c.ByID[s.Text("id")].Watches, func(r evidence.Record) bool {
		return r.Seq > s.At.Seq && r.Watch.What == "webhooks" && slices.Contains(strings.Fields(r.Watch.Until), s.Status())
	})
}

func callbackType(c *check.Case) {
	for _, r := range c.View.Webhooks().Records {
		if r.IDs[evidence.Archive] == "" && aboutSession(c, r) {
			continue
		}
		kind, _, err := mime.ParseMediaType(r.Webhook.Header.Get("Content-Type"))
		_, isObject := c.Decode(r.Webhook.Body.Text)
		c.Want(err == nil && kind == "application/json" && isObject, "application/json with one object",
			fmt.Sprintf("%q with %s", r.Webhook.Header.Get("Content-Type"), text.Clip(r.Webhook.Body.Text, 80)), r)
	}
	c.SilentHooks()
}

// aboutSession reports whether the webhook is a session callback, not an archive callback.
func aboutSession(c *check.Case, r evidence.Record) bool {
	o, ok := c.Decode(r.Webhook.Body.Text)
	return ok && o.Text("event") != "" && o.Text("event") != "archive" && o.Text("status") == ""
}

func startStopDeliveryPosted(c *check.Case) {
	for _, h := range c.EveryArchive() {
		if _, ok := h.FirstStop(); !ok && len(h.Delivered()) == 0 || h.Undeliverable() || c.Faulty(h) || !slices.ContainsFunc(h.Seen, func(s facts.Sighting) bool { return facts.Final(s.Status()) && watchedAfter(c, s) }) {
			continue
		}
		var at []evidence.Record
		for _, s := range h.Hooks {
			at = append(at, s.At)
		}
		ok := len(hooked(h, "started")) > 0 && len(hooked(h, "stopped")) > 0 && len(hooked(h, "uploaded"))+len(hooked(h, "available")) > 0
		c.Want(ok, "callbacks started, stopped, and uploaded or available", h.HookList(), append(at, h.Start)...)
	}
	c.SilentHooks()
}

// pausesPosted compares the number of callbacks with the pauses that the harness made. An archive whose pauses are not known so well needs one if it
// was read as paused.
func pausesPosted(c *check.Case) {
	for _, h := range c.EveryArchive() {
		paused, started, n := len(hooked(h, "paused")), len(hooked(h, "started")), pausesMade(c, h)
		var at []evidence.Record
		for _, s := range h.Hooks {
			at = append(at, s.At)
		}
		if n > 0 {
			c.Want(paused >= n && started >= n+1, fmt.Sprintf("%d callbacks paused and %d started for %d pauses", n, n+1, n), h.HookList(), append(at, h.Start)...)
			continue
		}
		for _, s := range h.Seen {
			if s.Status() == "paused" && watchedAfter(c, s) {
				c.Want(paused > 0, "a callback paused", h.HookList(), append(at, s.At)...)
				break
			}
		}
	}
	c.SilentHooks()
}

// pausesMade returns how many pauses of an archive were long enough to be told.
func pausesMade(c *check.Case, h *facts.History) (n int) {
	k, _ := course.Of(c.Facts, h)
	for _, g := range k.Pauses() {
		if g.To.Sub(g.From) > c.Limit("tolerance.pause") {
			n++
		}
	}
	return n
}

// callbackProject checks that the project is the application id or, in a legacy project, the API key as a number or
// text.
func callbackProject(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
	names := c.Projects(h)
	return "partnerId " + strings.Join(names, " or "), s.Show("partnerId"), slices.Contains(names, fmt.Sprint(s.Object["partnerId"]))
}

func callbackCreatedAt(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	for _, h := range c.EveryArchive() {
		app := h.App()
		begun := c.Earliest(app, h.Begun.From)
		from, to := begun.Add(-allow), c.Latest(app, h.Begun.To).Add(allow)
		var first int64
		for i, s := range h.Hooks {
			ms, ok := s.Whole("createdAt")
			at := time.UnixMilli(ms)
			c.Want(ok && !at.Before(from) && !at.After(to), fmt.Sprintf("createdAt %d, when the archive began, give or take %v", begun.UnixMilli(), allow), s.Show("createdAt"), h.Start, s.At)
			if i == 0 {
				first = ms
			}
			c.Want(ms == first, fmt.Sprintf("createdAt %d in every callback", first), s.Show("createdAt"), s.At)
		}
	}
	c.SilentHooks()
}

// callbackRounded compares createdAt with the second that is nearest to the start call, by the target's own clock. Of an automatic archive it wants
// whole seconds: the instant of its start is not known so well. One that is not that of the archive's other callbacks is left to ARC-CB-08.
func callbackRounded(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
	step := time.Duration(c.Number("callback.created-at.step")) * time.Millisecond
	ms, ok := s.Whole("createdAt")
	ok = ok && ms%step.Milliseconds() == 0
	from, to, known := c.ByTarget(h.App(), h.Begun.From, h.Begun.To)
	at, allow := time.UnixMilli(ms), c.Limit("tolerance.created-at")
	first, _ := h.Hooks[0].Whole("createdAt")
	if !known || c.Automatic(h) || ms != first || at.Before(from.Add(-allow)) || at.After(to.Add(allow)) { // the latter is ARC-CB-08, too
		return "createdAt in whole seconds", s.Show("createdAt"), ok
	}
	return fmt.Sprintf("createdAt %d to %d, rounded to the nearest second", from.UnixMilli(), to.UnixMilli()), s.Show("createdAt"),
		ok && !at.Before(from.Round(step)) && !at.After(to.Round(step))
}

func callbackDuration(c *check.Case) {
	allow := c.Limit("tolerance.duration")
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok {
			continue
		}
		grace := allow + time.Duration(len(k.Pauses()))*c.Limit("tolerance.pause")
		for _, s := range slices.Concat(hooked(h, "uploaded"), hooked(h, "available")) {
			c.DurationOf(s, k, grace)
		}
	}
	c.SilentHooks()
}

// callbackSize compares the size with that of the downloaded object, not with what the target says elsewhere.
func callbackSize(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range slices.Concat(hooked(h, "uploaded"), hooked(h, "available")) {
			for _, o := range h.Objects {
				n, ok := s.Whole("size")
				c.Want(ok && n == o.Object.Size, fmt.Sprintf("size %d, the length of the file", o.Object.Size), s.Show("size"), s.At, o)
			}
		}
	}
	c.SilentHooks()
}

func callbackResolution(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
	if h.IsIndividual() {
		return "", "", true
	}
	want := h.Request.Text("resolution")
	if want == "" {
		l, _ := c.Ledger.List("resolution")
		want = l.Default
	}
	return "resolution " + want, s.Show("resolution"), s.Text("resolution") == want
}

// callbackReasonGiven lets notices about streams do without a reason: an addition has none, nor has a removal by call.
func callbackReasonGiven(c *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
	reason := s.Object["reason"]
	switch {
	case facts.InProgress(s.Status()):
		return "an empty reason while " + s.Status(), s.Show("reason"), reason == ""
	case c.IsNotice(s.Status()) && reason == nil:
		return "", "", true
	}
	return "reason as a string", s.Show("reason"), jsonvalue.Type(reason) == "string"
}

// callbackURL allows an available archive the plain address of its file, which opens nothing (decision 0001).
func callbackURL(_ *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
	link, err := url.Parse(s.Text("url"))
	plain := err == nil && link.Host != "" && link.RawQuery == "" && link.Fragment == "" && link.User == nil
	if s.Status() == "available" {
		return "url null, absent, or an address that grants nothing", s.Show("url"), s.Object["url"] == nil || plain
	}
	return "url null or absent", s.Show("url"), s.Object["url"] == nil
}

// callbackReason judges the reason of the stop. Which one a rotation gives is open (ARC-DUR-15).
func callbackReason(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
	k, ok := course.Of(c.Facts, h)
	if facts.InProgress(s.Status()) || s.Status() == "failed" || c.IsNotice(s.Status()) || s.OmitsReason() || ok && k.Rule == course.ByMove {
		return "", "", true
	}
	var names []string
	for _, r := range c.Ledger.States.Reasons {
		if r.Of == "stopped" {
			names = append(names, r.Name)
		}
	}
	if stopped := hooked(h, "stopped"); len(stopped) > 0 {
		if told := stopped[0].Text("reason"); slices.Contains(names, told) {
			return fmt.Sprintf("reason %q for good", told), s.Show("reason"), s.Text("reason") == told
		}
	}
	return "one of " + strings.Join(names, ", "), s.Show("reason"), slices.Contains(names, s.Text("reason"))
}

func callbackStatus(c *check.Case, _ *facts.History, s facts.Sighting) (string, string, bool) {
	var names []string
	for _, st := range c.Ledger.States.Statuses {
		names = append(names, st.Name)
	}
	for _, n := range c.Ledger.States.Notices {
		names = append(names, n.Name)
	}
	return "one of " + strings.Join(names, ", "), s.Show("status"), slices.Contains(names, s.Status())
}
