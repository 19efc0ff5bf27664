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
	"reelcheck/conformance/facts/jsonvalue"
)

var noticeChecks = []check.Check{
	check.New("ARC-CB-23", reasonOfLeaving, scenarios.Selection),
	check.New("ARC-CB-24", changesNoticed, scenarios.Selection),
	check.New("ARC-CB-25", noticeTime, scenarios.Selection),
	check.New("ARC-CB-26", everyNotice(noticeStream), scenarios.Selection),
	check.New("ARC-CB-27", everyNotice(noticeCreatedAt), scenarios.Selection),
	check.New("ARC-CB-35", onlyChangesNoticed, scenarios.Selection),
}

// notice is a callback about a stream of an archive of chosen streams.
type notice struct {
	facts.Sighting
	h         *facts.History
	stream    jsonvalue.Object
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
	reasons  []string  // for which the stream may have left the session; none for a call
	at       evidence.Record
}

func toBeNoticed(c *check.Case) []noticed {
	var out []noticed
	all := course.Changes(c.Facts)
	for _, k := range all {
		switch {
		case !k.Done():
		case k.Fresh:
			out = append(out, noticed{k.H, "streamAdded", k.Stream, k.R.Sent(), k.R.Over(), nil, k.R})
		case !k.Added:
			out = append(out, noticed{k.H, "streamRemoved", k.Stream, k.R.Sent(), k.R.Over(), nil, k.R})
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
				p := partingOf(c, u.By.IDs[evidence.Connection], u)
				out = append(out, noticed{h, "streamRemoved", id, p.from, p.to, p.reasons, u.By})
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

// onlyChangesNoticed checks that no stream is announced as added more often than it was. A notice that is sent again has
// the same timestamp.
func onlyChangesNoticed(c *check.Case) {
	type about struct {
		h      *facts.History
		stream string
	}
	added, announced, refused := map[about]int{}, map[about][]evidence.Record{}, map[about]bool{}
	for _, k := range course.Changes(c.Facts) {
		switch {
		case k.Added && !k.Done() && slices.Equal(k.Codes, []int{204}):
			refused[about{k.H, k.Stream}] = true // ARC-SEL-08; nobody knows what it did
		case k.Done() && k.Fresh:
			added[about{k.H, k.Stream}]++
		}
	}
	told := map[string]bool{}
	for _, n := range notices(c) {
		of := about{n.h, n.stream.Text("id")}
		key := n.h.ID + of.stream + n.Show("timestamp")
		if n.Status() == "streamAdded" && !told[key] && !refused[of] {
			told[key] = true
			announced[of] = append(announced[of], n.At)
			c.Want(len(announced[of]) <= added[of], fmt.Sprintf("%d callbacks streamAdded of stream %s", added[of], facts.Short(of.stream)),
				fmt.Sprint(len(announced[of])), announced[of]...)
		}
	}
}

func reasonOfLeaving(c *check.Case) {
	all := notices(c)
	for _, k := range toBeNoticed(c) {
		if n, ok := noticeOf(all, k.h, k.status, k.stream, k.from); ok && k.reasons != nil {
			c.Want(slices.Contains(k.reasons, n.Text("reason")), "the reason "+strings.Join(k.reasons, " or "), n.Show("reason"), k.at, n.At)
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
	id, known := jsonvalue.Object(inner).Text("id"), n.published.IDs[evidence.Connection]
	return "stream with the id, connection.id and createdAt of a published stream", n.Show("stream"),
		n.published.Published != nil && (id == known || known == "" && id != "") && whole
}

// noticeCreatedAt wants the second that is nearest to the beginning of the stream: from the request to publish it to
// a little after its first packet.
func noticeCreatedAt(c *check.Case, n notice) (string, string, bool) {
	if n.published.Published == nil {
		return "a stream of the session", n.stream.Show("id"), false
	}
	app, first := n.h.App(), n.published.Published.First
	step := time.Duration(c.Number("callback.created-at.step")) * time.Millisecond
	from, to := c.Earliest(app, first).Add(-step), c.Latest(app, first)
	if asked := n.published.Published.Offered.From; !asked.IsZero() {
		from = c.Earliest(app, asked).Add(-step)
	}
	for _, r := range c.Calls(evidence.PublishStream) {
		if r.IDs[evidence.Session] != n.published.IDs[evidence.Session] || r.Label != "publish."+n.published.Published.Client {
			continue
		}
		if by, _, known := c.ByTarget(app, r.Sent(), first); known {
			from = by
		}
	}
	from, to = from.Round(step), to.Add(c.Limit("tolerance.stream-change")).Round(step)
	ms, ok := n.stream.Whole("createdAt")
	at := time.UnixMilli(ms)
	return fmt.Sprintf("createdAt of the stream from %d to %d, rounded to the nearest second", from.UnixMilli(), to.UnixMilli()), n.stream.Show("createdAt"),
		ok && ms%step.Milliseconds() == 0 && !at.Before(from) && !at.After(to)
}
