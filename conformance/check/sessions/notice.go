package sessions

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

var noticeChecks = []check.Check{
	check.New("ARC-CB-23", reasonOfLeaving, scenarios.Selection),
	check.New("ARC-CB-24", changesNoticed, scenarios.Selection),
	check.New("ARC-CB-25", noticeTime, scenarios.Selection),
	check.New("ARC-CB-26", everyNotice(noticeStream), scenarios.Selection),
	check.New("ARC-CB-27", everyNotice(noticeCreatedAt), scenarios.Selection),
}

// notice is a callback about a stream of an archive of chosen streams.
type notice struct {
	facts.Sighting
	h         *facts.History
	stream    facts.Object
	published evidence.Record // the stream's first track; empty if the harness did not publish it
}

func notices(c *check.Case) []notice {
	var out []notice
	for _, h := range c.StartedArchives() {
		for _, s := range h.Hooks {
			if !h.IsManual() || !c.IsNotice(s.Status()) {
				continue
			}
			inner, _ := s.Object["stream"].(map[string]any)
			n := notice{Sighting: s, h: h, stream: inner}
			for _, u := range c.Sessions[h.Start.IDs[evidence.Session]].Streams {
				if u.By.IDs[evidence.Stream] == n.stream.Text("id") && (n.published.Published == nil || u.From.Before(n.published.Published.First)) {
					n.published = u.By
				}
			}
			out = append(out, n)
		}
	}
	return out
}

// noticeOf returns the notice of a change of a stream: the first one with that status after a moment.
func noticeOf(all []notice, h *facts.History, status, stream string, after time.Time) (notice, bool) {
	for _, n := range all {
		if n.h == h && n.Status() == status && n.stream.Text("id") == stream && n.At.Time.After(after) {
			return n, true
		}
	}
	return notice{}, false
}

// noticed is a change that the target must announce: a call, or a stream that left.
type noticed struct {
	h        *facts.History
	status   string
	stream   string
	from, to time.Time // when it happened
	left     bool      // the stream left the session
	at       evidence.Record
}

func toBeNoticed(c *check.Case) []noticed {
	var out []noticed
	all := course.Changes(c.Facts)
	for _, k := range all {
		switch {
		case !k.Done():
		case k.Fresh:
			out = append(out, noticed{k.H, "streamAdded", k.Stream, k.R.Sent(), k.R.Over(), false, k.R})
		case !k.Added:
			out = append(out, noticed{k.H, "streamRemoved", k.Stream, k.R.Sent(), k.R.Over(), false, k.R})
		}
	}
	for _, h := range c.StartedArchives() {
		s := c.Sessions[h.Start.IDs[evidence.Session]]
		stop, stopped := h.FirstStop()
		if s == nil || !h.IsManual() || !stopped {
			continue
		}
		seen := map[string]bool{}
		for _, u := range s.Streams {
			id := u.By.IDs[evidence.Stream]
			if _, in := newest(all, h, id); in && !seen[id] && !u.To.IsZero() && u.Late.Before(stop.Sent()) {
				seen[id] = true
				out = append(out, noticed{h, "streamRemoved", id, u.To, u.Late, true, u.By})
			}
		}
	}
	return out
}

func changesNoticed(c *check.Case) {
	all := notices(c)
	for _, k := range toBeNoticed(c) {
		n, ok := noticeOf(all, k.h, k.status, k.stream, k.from)
		at := []evidence.Record{k.at}
		if ok {
			at = append(at, n.At)
		}
		c.Want(ok, fmt.Sprintf("a callback %s of stream %s", k.status, facts.Short(k.stream)), k.h.HookList(), at...)
	}
	c.SilentHooks()
}

func reasonOfLeaving(c *check.Case) {
	var names []string
	for _, r := range c.Ledger.States.Reasons {
		if r.Of == "streamRemoved" {
			names = append(names, r.Name)
		}
	}
	all := notices(c)
	for _, k := range toBeNoticed(c) {
		if n, ok := noticeOf(all, k.h, k.status, k.stream, k.from); ok && k.left {
			c.Want(slices.Contains(names, n.Text("reason")), "one of "+strings.Join(names, ", "), n.Show("reason"), k.at, n.At)
		}
	}
}

func noticeTime(c *check.Case) {
	allow := c.Limit("tolerance.created-at")
	all := notices(c)
	for _, k := range toBeNoticed(c) {
		n, ok := noticeOf(all, k.h, k.status, k.stream, k.from)
		if !ok {
			continue
		}
		app := k.h.App()
		at, whole := n.Instant("timestamp")
		from, to := c.Earliest(app, k.from).Add(-allow), c.Latest(app, k.to).Add(allow)
		c.Want(whole && !at.Before(from) && !at.After(to), fmt.Sprintf("timestamp %d, give or take %v", from.Add(allow).UnixMilli(), allow), n.Show("timestamp"), k.at, n.At)
	}
}

func everyNotice(of func(c *check.Case, n notice) (expected, actual string, ok bool)) func(*check.Case) {
	return func(c *check.Case) {
		for _, n := range notices(c) {
			expected, actual, ok := of(c, n)
			c.Want(ok, expected, n.Status()+" callback with "+actual, n.At)
		}
	}
}

// noticeStream ignores the connection of a client without an events connection, which only the target knows.
func noticeStream(_ *check.Case, n notice) (string, string, bool) {
	inner, _ := n.stream["connection"].(map[string]any)
	_, whole := n.stream.Whole("createdAt")
	id, known := facts.Object(inner).Text("id"), n.published.IDs[evidence.Connection]
	return "stream with the id, connection.id and createdAt of a published stream", n.Show("stream"),
		n.published.Published != nil && (id == known || known == "" && id != "") && whole
}

// noticeCreatedAt wants whole seconds, near the first packet of the stream.
func noticeCreatedAt(c *check.Case, n notice) (string, string, bool) {
	if n.published.Published == nil {
		return "a stream of the session", n.Show("stream"), false
	}
	app, first := n.h.App(), n.published.Published.First
	allow := c.Limit("tolerance.created-at") + c.Limit("callback.created-at.step")
	ms, ok := n.stream.Whole("createdAt")
	at := time.UnixMilli(ms)
	return fmt.Sprintf("createdAt of the stream in whole seconds near %d", first.UnixMilli()), n.stream.Show("createdAt"),
		ok && ms%c.Number("callback.created-at.step") == 0 && !at.Before(c.Earliest(app, first).Add(-allow)) && !at.After(c.Latest(app, first).Add(allow))
}
