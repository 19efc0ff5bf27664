package sessions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/text"
)

// presenceChecks are about connections and streams, in lists and in callbacks.
var presenceChecks = []check.Check{
	check.New("ARC-SES-07", connections, scenarios.Presence),
	check.New("ARC-SES-08", streams, scenarios.Presence),
	check.New("ARC-SES-09", monitored, scenarios.Presence),
	check.New("ARC-SES-10", sessionLife, scenarios.Presence),
	check.New("ARC-SES-11", endsTogether, scenarios.Presence),
	check.New("ARC-SES-12", endsWithLastClient, scenarios.Presence),
}

// connections checks that a list holds the clients that were there during the whole call, and that a disconnection is
// answered with 204 and ends the client.
func connections(c *check.Case) {
	for _, r := range c.Calls(evidence.ListConnections) {
		s := c.Sessions[r.IDs[evidence.Session]]
		if s == nil || !c.Sound(r) || !monitoring(c, r) {
			continue
		}
		o, _ := c.Decode(facts.AnswerText(r))
		items := members(o)
		if n, whole := o.Whole("count"); !whole || n != int64(len(items)) {
			c.Wrong(fmt.Sprintf("count %d, of all items", len(items)), o.Show("count"), r)
		}
		for _, cl := range s.Clients {
			id := cl.By.IDs[evidence.Connection]
			if id == "" && cl.By.Client != nil {
				id = connectionOf(c, cl.By)
			}
			i := slices.IndexFunc(items, func(item jsonvalue.Object) bool { return item.Text("connectionId") == id })
			switch there := i >= 0; {
			case id == "":
			case facts.Steady([]facts.Span{cl}, r.Sent(), r.Over()):
				if !c.Want(there, "connection "+facts.Short(id)+" of "+clientName(cl), text.Clip(facts.AnswerText(r), 300), r, cl.By) {
					continue
				}
				wrong := connectionItem(c, s, cl, r, items[i])
				c.Want(len(wrong) == 0, "a connection that is Connected, and created when "+clientName(cl)+" came, "+facts.ClockTime(cl.From), strings.Join(wrong, ", "), r, cl.By)
			case !cl.To.IsZero() && cl.To.Add(c.Limit("tolerance.connection-change")).Before(r.Sent()):
				c.Want(!there, "no connection of "+clientName(cl)+", who was gone", text.Clip(facts.AnswerText(r), 300), r, cl.By)
			}
		}
	}
	for _, r := range c.Calls(evidence.ForceDisconnect) {
		if !c.Sound(r) {
			continue
		}
		c.Status(r, 204)
		ended := c.View.Watches().About(evidence.Connection, r.IDs[evidence.Connection]).Records
		for _, w := range ended {
			c.Want(w.Watch.Met, "the end of the client's connection", "none within "+w.Watch.Deadline.String(), r, w)
		}
	}
}

// monitoring reports whether the call is from the scenario that knows which clients are there when it lists them. In other
// scenarios clients come and go meanwhile.
func monitoring(c *check.Case, r evidence.Record) bool { return r.Scenario == scenarios.Presence }

func clientName(s facts.Span) string {
	switch {
	case s.By.Client != nil:
		return s.By.Client.Name
	case s.By.Published != nil:
		return s.By.Published.Client
	}
	return "a client"
}

// connectionOf returns the connection id in the first message that a client received.
func connectionOf(c *check.Case, opened evidence.Record) string {
	for _, r := range c.View.Records {
		if r.Client != nil && r.Seq > opened.Seq && r.Scenario == opened.Scenario && r.Client.Name == opened.Client.Name && r.Client.ConnectionID != "" {
			return r.Client.ConnectionID
		}
	}
	return ""
}

// members returns the items of a list.
func members(o jsonvalue.Object) []jsonvalue.Object {
	items, _ := o["items"].([]any)
	var out []jsonvalue.Object
	for _, item := range items {
		m, _ := item.(map[string]any)
		out = append(out, m)
	}
	return out
}

// streams judges lists and reads of streams: each stream has four properties.
func streams(c *check.Case) {
	for _, r := range c.Calls(evidence.ListStreams, evidence.GetStream) {
		s := c.Sessions[r.IDs[evidence.Session]]
		if s == nil || !c.Sound(r) {
			continue
		}
		var published []facts.Span
		for _, u := range s.Streams {
			if facts.Steady([]facts.Span{u}, r.Sent(), r.Over()) && (r.IDs[evidence.Stream] == "" || r.IDs[evidence.Stream] == u.By.IDs[evidence.Stream]) {
				published = append(published, u)
			}
		}
		if len(published) == 0 {
			continue
		}
		o, _ := c.Decode(facts.AnswerText(r))
		items, isList := o["items"].([]any)
		if r.Exchange.Operation == evidence.GetStream {
			items, isList = []any{map[string]any(o)}, true
		}
		c.Want(r.Exchange.Status() == 200 && isList, "200 with the streams", check.Outcome(r), r)
		for _, u := range published {
			i := slices.IndexFunc(items, func(item any) bool { return wellFormed(c, item, s, u) })
			c.Want(i >= 0, fmt.Sprintf("stream %s with videoType %s if it has pictures, the name %q and layoutClassList %q", facts.Short(u.By.IDs[evidence.Stream]), declared(u.By),
				u.By.Published.Client, strings.Fields(u.By.Published.Classes)), text.Clip(facts.AnswerText(r), 300), r, u.By)
		}
	}
}

// wellFormed reports whether an item describes the stream.
func wellFormed(c *check.Case, item any, s *facts.Session, u facts.Span) bool {
	m, _ := item.(map[string]any)
	o, id := jsonvalue.Object(m), u.By.IDs[evidence.Stream]
	list, isList := o["layoutClassList"].([]any)
	if want, known := classes(c, s, u); known {
		isList = isList && len(list) == len(want)
		for i := range want {
			isList = isList && list[i] == want[i]
		}
	}
	return o.Text("id") == id && videoTyped(o, u.By, seenIn(s, id)) && o.Text("name") == u.By.Published.Client && isList
}

// declared returns the videoType that the publisher declared. A publisher that declares nothing is a camera.
func declared(by evidence.Record) string { return cmp.Or(by.Published.VideoType, "camera") }

// told is one session callback.
type told struct {
	jsonvalue.Object
	at evidence.Record
}

func (t told) event() string { return t.Text("event") }

// of returns the id of the connection or stream that a callback is about.
func (t told) of(kind string) string {
	return object(t.Object, kind).Text("id")
}

// watchedSessions calls each with the sessions whose events go to the suite and that were watched to their end, and with
// the callbacks about them in order.
func watchedSessions(c *check.Case, each func(s *facts.Session, events []told)) {
	for _, w := range c.View.Watches().Records {
		s := c.Sessions[w.IDs[evidence.Session]]
		if s == nil || w.Watch.What != "webhooks" || !c.Apps[s.App].Monitored {
			continue
		}
		var events []told
		for _, r := range c.View.Webhooks().About(evidence.Session, s.ID).Records {
			if o, ok := c.Decode(r.Webhook.Body.Text); ok && c.Apps[s.App].Monitors(r.Webhook.Path) {
				events = append(events, told{o, r})
			}
		}
		if !w.Watch.Met && len(events) == 0 {
			c.Silent("ARC-SES-09", "no session callback", w)
			continue
		}
		each(s, events)
	}
}

// happened is an arrival or departure that the harness caused.
type happened struct {
	event    string
	kind, id string // of the connection or stream
	from, to time.Time
	at       evidence.Record
}

// comings returns the arrivals and departures of the clients and streams of a session.
func comings(c *check.Case, s *facts.Session) []happened {
	var out []happened
	client, stream := c.Limit("tolerance.connection-change"), c.Limit("tolerance.stream-change")
	add := func(event, kind, id string, from, to time.Time, at evidence.Record) {
		out = append(out, happened{event, kind, id, from, to, at})
	}
	for _, cl := range s.Clients {
		if cl.By.Client == nil {
			continue
		}
		id := connectionOf(c, cl.By)
		add("connectionCreated", "connection", id, cl.From.Add(-client), cl.From.Add(client), cl.By)
		if !cl.To.IsZero() {
			add("connectionDestroyed", "connection", id, cl.To.Add(-client), cl.To.Add(client), cl.By)
		}
	}
	seen := map[string]bool{}
	for _, u := range s.Streams {
		id := u.By.IDs[evidence.Stream]
		if seen[id] {
			continue
		}
		seen[id] = true
		add("streamCreated", "stream", id, u.From.Add(-stream), u.From.Add(stream), u.By)
		if !u.To.IsZero() {
			add("streamDestroyed", "stream", id, u.To.Add(-stream), u.Late.Add(stream), u.By)
		}
	}
	return out
}

func monitored(c *check.Case) {
	watchedSessions(c, func(s *facts.Session, events []told) {
		allow := c.Limit("tolerance.created-at")
		for _, k := range comings(c, s) {
			i := slices.IndexFunc(events, func(t told) bool { return t.event() == k.event && t.of(k.kind) == k.id })
			if i < 0 {
				c.Wrong(fmt.Sprintf("%s of %s %s", k.event, k.kind, facts.Short(k.id)), eventList(events), k.at)
				continue
			}
			t := events[i]
			project := t.Text("projectId")
			c.Want(t.Text("sessionId") == s.ID && (project == s.App || project == c.Apps[s.App].Key), "sessionId and projectId of the session", t.Show("sessionId")+", "+t.Show("projectId"), t.at)
			when, ok := t.Instant("timestamp")
			from, to := c.Earliest(s.App, k.from).Add(-allow), c.Latest(s.App, k.to).Add(allow)
			c.Want(ok && !when.Before(from) && !when.After(to), "a timestamp near "+facts.ClockTime(c.Earliest(s.App, k.from)), t.Show("timestamp"), k.at, t.at)
			wrong := details(c, s, k, t, events)
			c.Want(len(wrong) == 0, "the "+k.kind+" as it came", strings.Join(wrong, ", "), k.at, t.at)
			if strings.HasSuffix(k.event, "Destroyed") {
				c.Want(slices.Contains(leaving(c), t.Text("reason")), "a reason of leaving", t.Show("reason"), t.at)
			}
		}
	})
}

func eventList(events []told) string {
	var names []string
	for _, t := range events {
		names = append(names, t.event())
	}
	return "[" + strings.Join(names, " ") + "]"
}

// sessionLife checks that sessionCreated comes with the first client, also after the session was destroyed. It also checks
// the reason of sessionDestroyed: if the session ended with its last client, the reason is how that client left.
func sessionLife(c *check.Case) {
	watchedSessions(c, func(s *facts.Session, events []told) {
		created := slices.IndexFunc(events, func(t told) bool { return t.event() == "sessionCreated" })
		c.Want(created >= 0, "sessionCreated with the first client", eventList(events), facts.Union(s.Clients)[0].By)
		left := partings(c, s)
		alive, last, ended := true, parting{reasons: leaving(c)}, time.Time{}
		for _, t := range byTime(events) {
			switch t.event() {
			case "sessionCreated":
				alive = true
			case "connectionCreated":
				c.Want(alive, "sessionCreated with the first client after sessionDestroyed", eventList(events), t.at)
			case "connectionDestroyed":
				if p, known := left[t.of("connection")]; known {
					last = p
					ended, _ = t.Instant("timestamp")
				}
			case "sessionDestroyed":
				alive = false
				if at, _ := t.Instant("timestamp"); at.Sub(ended) > c.Limit("tolerance.connection-change") {
					last.reasons = leaving(c) // of a session that outlives its clients no source says more
				}
				c.Want(last.allows(t.Text("reason")), "sessionDestroyed with the reason "+strings.Join(last.reasons, " or "), t.Show("reason"), t.at)
			}
		}
	})
}

// byTime sorts events by their timestamps. They may arrive in any order.
func byTime(events []told) []told {
	rank := map[string]int{"sessionCreated": -1, "sessionDestroyed": 1}
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b told) int {
		at, _ := a.Instant("timestamp")
		other, _ := b.Instant("timestamp")
		return cmp.Or(at.Compare(other), cmp.Compare(rank[a.event()], rank[b.event()]))
	})
	return sorted
}

// endsWithLastClient checks for sessionDestroyed each time that the last client has left, with the reason of its connection.
func endsWithLastClient(c *check.Case) {
	watchedSessions(c, func(s *facts.Session, events []told) {
		stays := slices.DeleteFunc(facts.Union(s.Clients), func(stay facts.Span) bool { return stay.To.IsZero() })
		if len(stays) == 0 {
			return
		}
		ended, last := 0, told{}
		for _, t := range byTime(events) {
			switch t.event() {
			case "connectionDestroyed":
				last = t
			case "sessionDestroyed":
				ended++
				c.Want(last.Object != nil && t.Text("reason") == last.Text("reason"), "the reason of the last connection, "+last.Show("reason"), t.Show("reason"), t.at)
			}
		}
		c.Want(ended >= len(stays), fmt.Sprintf("sessionDestroyed each of the %d times that the last client left", len(stays)), eventList(events), stays[len(stays)-1].By)
	})
}

// endsTogether judges clients that were publishing when they left.
func endsTogether(c *check.Case) {
	watchedSessions(c, func(s *facts.Session, events []told) {
		for _, cl := range s.Clients {
			if cl.By.Client == nil || cl.To.IsZero() {
				continue
			}
			id := connectionOf(c, cl.By)
			end := slices.IndexFunc(events, func(t told) bool { return t.event() == "connectionDestroyed" && t.of("connection") == id })
			for _, u := range s.Streams {
				if u.By.IDs[evidence.Connection] != id || u.To.Before(cl.To) && u.By.Published.Reason == "delete" {
					continue
				}
				i := slices.IndexFunc(events, func(t told) bool {
					return t.event() == "streamDestroyed" && t.of("stream") == u.By.IDs[evidence.Stream]
				})
				if i < 0 || end < 0 {
					c.Wrong("streamDestroyed and connectionDestroyed of "+clientName(cl), eventList(events), cl.By, u.By)
					continue
				}
				p := partingOf(c, id, cl)
				c.Want(p.allows(events[end].Text("reason")), "connectionDestroyed with the reason "+strings.Join(p.reasons, " or "), events[end].Show("reason"), cl.By, events[end].at)
				same := events[i].Text("reason") == events[end].Text("reason") && events[i].Object["timestamp"] != nil && jsonvalue.Same(events[i].Object["timestamp"], events[end].Object["timestamp"])
				c.Want(same && events[i].Text("reason") != "", "the same reason and timestamp: "+events[end].Show("reason")+", "+events[end].Show("timestamp"),
					events[i].Show("reason")+", "+events[i].Show("timestamp"), events[i].at, events[end].at)
			}
		}
	})
}
