package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var noticeChecks = []Check{
	{"ARC-CB-23", in(selection), reasonOfLeaving},
	{"ARC-CB-24", in(selection), changesNoticed},
	{"ARC-CB-25", in(selection), noticeTime},
	{"ARC-CB-26", in(selection), everyNotice(noticeStream)},
	{"ARC-CB-27", in(selection), everyNotice(noticeCreatedAt)},
}

// notice is a callback about a stream of an archive of chosen streams.
type notice struct {
	sighting
	h         *history
	stream    object
	published evidence.Record // the stream's first track; none if the harness did not publish it
}

func (c *Case) notices() []notice {
	var out []notice
	for _, h := range c.startedArchives() {
		for _, s := range h.hooks {
			if h.request.text("streamMode") != "manual" || !c.isNotice(s.status()) {
				continue
			}
			inner, _ := s.object["stream"].(map[string]any)
			n := notice{sighting: s, h: h, stream: inner}
			for _, u := range c.sessions[h.start.IDs[evidence.Session]].streams {
				if u.by.IDs[evidence.Stream] == n.stream.text("id") && (n.published.Published == nil || u.from.Before(n.published.Published.First)) {
					n.published = u.by
				}
			}
			out = append(out, n)
		}
	}
	return out
}

// noticeOf finds the notice of a change of a stream: the first with that status after a moment.
func (c *Case) noticeOf(h *history, status, stream string, after time.Time) (notice, bool) {
	for _, n := range c.notices() {
		if n.h == h && n.status() == status && n.stream.text("id") == stream && n.at.Time.After(after) {
			return n, true
		}
	}
	return notice{}, false
}

// noticed is a change that has to be announced: by a call, or by a stream that left.
type noticed struct {
	h        *history
	status   string
	stream   string
	from, to time.Time // when it happened
	left     bool      // the session
	at       evidence.Record
}

func (c *Case) toBeNoticed() []noticed {
	var out []noticed
	all := c.changes()
	for _, k := range all {
		switch {
		case !k.done():
		case k.fresh:
			out = append(out, noticed{k.h, "streamAdded", k.stream, sent(k.r), over(k.r), false, k.r})
		case !k.added:
			out = append(out, noticed{k.h, "streamRemoved", k.stream, sent(k.r), over(k.r), false, k.r})
		}
	}
	for _, h := range c.startedArchives() {
		s := c.sessions[h.start.IDs[evidence.Session]]
		stop, stopped := h.firstStop()
		if s == nil || h.request.text("streamMode") != "manual" || !stopped {
			continue
		}
		seen := map[string]bool{}
		for _, u := range s.streams {
			id := u.by.IDs[evidence.Stream]
			if _, in := newest(all, h, id); in && !seen[id] && !u.to.IsZero() && u.late.Before(sent(stop)) {
				seen[id] = true
				out = append(out, noticed{h, "streamRemoved", id, u.to, u.late, true, u.by})
			}
		}
	}
	return out
}

func changesNoticed(c *Case) {
	for _, k := range c.toBeNoticed() {
		n, ok := c.noticeOf(k.h, k.status, k.stream, k.from)
		at := []evidence.Record{k.at}
		if ok {
			at = append(at, n.at)
		}
		c.want(ok, fmt.Sprintf("a callback %s of stream %s", k.status, short(k.stream)), k.h.hookList(), at...)
	}
	c.silentHooks()
}

func reasonOfLeaving(c *Case) {
	var names []string
	for _, r := range c.ledger.States.Reasons {
		if r.Of == "streamRemoved" {
			names = append(names, r.Name)
		}
	}
	for _, k := range c.toBeNoticed() {
		if n, ok := c.noticeOf(k.h, k.status, k.stream, k.from); ok && k.left {
			c.want(slices.Contains(names, n.text("reason")), "one of "+strings.Join(names, ", "), n.show("reason"), k.at, n.at)
		}
	}
}

func noticeTime(c *Case) {
	allow := c.limit("tolerance.created-at")
	for _, k := range c.toBeNoticed() {
		n, ok := c.noticeOf(k.h, k.status, k.stream, k.from)
		if !ok {
			continue
		}
		app := k.h.start.IDs[evidence.Application]
		at, whole := n.instant("timestamp")
		from, to := c.earliest(app, k.from).Add(-allow), c.latest(app, k.to).Add(allow)
		c.want(whole && !at.Before(from) && !at.After(to), fmt.Sprintf("timestamp %d, give or take %v", from.Add(allow).UnixMilli(), allow), n.show("timestamp"), k.at, n.at)
	}
}

func everyNotice(of func(c *Case, n notice) (expected, actual string, ok bool)) func(*Case) {
	return func(c *Case) {
		for _, n := range c.notices() {
			expected, actual, ok := of(c, n)
			c.want(ok, expected, n.status()+" callback with "+actual, n.at)
		}
	}
}

func noticeStream(_ *Case, n notice) (string, string, bool) {
	inner, _ := n.stream["connection"].(map[string]any)
	_, whole := n.stream.whole("createdAt")
	return "stream with the id, connection.id and createdAt of a published stream", n.show("stream"),
		n.published.Published != nil && object(inner).text("id") == n.published.IDs[evidence.Connection] && whole
}

// noticeCreatedAt: whole seconds, near the first packet of the stream.
func noticeCreatedAt(c *Case, n notice) (string, string, bool) {
	if n.published.Published == nil {
		return "a stream of the session", n.show("stream"), false
	}
	app, first := n.h.start.IDs[evidence.Application], n.published.Published.First
	allow := c.limit("tolerance.created-at") + time.Second
	ms, ok := n.stream.whole("createdAt")
	at := time.UnixMilli(ms)
	return fmt.Sprintf("createdAt of the stream in whole seconds near %d", first.UnixMilli()), n.stream.show("createdAt"),
		ok && ms%c.number("callback.created-at.step") == 0 && !at.Before(c.earliest(app, first).Add(-allow)) && !at.After(c.latest(app, first).Add(allow))
}
