package sessions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
)

// object returns a property that is an object.
func object(o jsonvalue.Object, key string) jsonvalue.Object {
	m, _ := o[key].(map[string]any)
	return m
}

// details returns what a callback says wrongly of the connection or stream that came. events are all about the session.
func details(c *check.Case, s *facts.Session, k happened, t told, events []told) (wrong []string) {
	if strings.HasSuffix(k.event, "Destroyed") {
		return nil
	}
	o, p := object(t.Object, k.kind), k.at.Published
	want := func(ok bool, shown string) {
		if !ok {
			wrong = append(wrong, shown)
		}
	}
	allow := c.Limit("tolerance.created-at")
	from, to := c.Earliest(s.App, k.from).Add(-allow), c.Latest(s.App, k.to).Add(allow)
	created, whole := o.Instant("createdAt")
	want(whole && !created.Before(from) && !created.After(to), o.Show("createdAt"))
	switch {
	case k.event == "streamCreated":
		connection := object(o, "connection")
		known := k.at.IDs[evidence.Connection]
		want(connection.Text("id") != "" && (known == "" || connection.Text("id") == known), o.Show("connection"))
		want(connection.Text("data") == p.ConnectionData, o.Show("connection"))
		want(sameCreation(c, connection, events), o.Show("connection"))
		want(o.Text("name") == p.Client, o.Show("name"))
		want(videoTyped(o, k.at, seenIn(s, k.id)), o.Show("videoType"))
	case k.event == "connectionCreated":
		if data, known := dataOf(s, k.id); known {
			want(o.Text("data") == data, o.Show("data"))
		}
	}
	return wrong
}

// sameCreation reports whether a stream's connection was created when the callback about the connection says.
func sameCreation(c *check.Case, connection jsonvalue.Object, events []told) bool {
	i := slices.IndexFunc(events, func(t told) bool {
		return t.event() == "connectionCreated" && t.of("connection") == connection.Text("id")
	})
	at, whole := connection.Instant("createdAt")
	if i < 0 { // which is wrong by itself
		return whole
	}
	came, _ := object(events[i].Object, "connection").Instant("createdAt")
	return whole && at.Sub(came).Abs() < c.Limit("tolerance.connection-created-at")
}

// dataOf returns the connection data of a client that published.
func dataOf(s *facts.Session, connection string) (data string, known bool) {
	i := slices.IndexFunc(s.Streams, func(u facts.Span) bool { return u.By.IDs[evidence.Connection] == connection })
	if i < 0 {
		return "", false
	}
	return s.Streams[i].By.Published.ConnectionData, true
}

// seenIn reports whether a stream has pictures.
func seenIn(s *facts.Session, stream string) bool {
	return slices.ContainsFunc(s.Streams, func(u facts.Span) bool {
		return u.By.IDs[evidence.Stream] == stream && u.By.Published.Kind == "video"
	})
}

// videoTyped reports whether videoType is what the publisher declared. A stream without pictures may have none, or any.
func videoTyped(o jsonvalue.Object, by evidence.Record, seen bool) bool {
	kinds := []string{"camera", "screen", "custom", ""}
	return o.Text("videoType") == declared(by) || !seen && slices.Contains(kinds, o.Text("videoType"))
}

// classes returns the layout classes that a stream was published with. known is false where a call may have changed them, which ARC-LAY-11
// judges.
func classes(c *check.Case, s *facts.Session, u facts.Span) (want []string, known bool) {
	for _, r := range c.Calls(evidence.SetStreamClasses) {
		if r.IDs[evidence.Session] == s.ID {
			return nil, false
		}
	}
	return strings.Fields(u.By.Published.Classes), true
}

// connectionItem returns what an item of a list of connections says wrongly of a client that was there all the while.
func connectionItem(c *check.Case, s *facts.Session, cl facts.Span, r evidence.Record, o jsonvalue.Object) (wrong []string) {
	if o.Text("connectionState") != "Connected" && facts.Steady([]facts.Span{cl}, r.Sent().Add(-c.Limit("tolerance.connection-change")), r.Over()) {
		wrong = append(wrong, o.Show("connectionState"))
	}
	ms, err := strconv.ParseInt(fmt.Sprint(o["createdAt"]), 10, 64) // text in every source, which a number does for
	at, allow := time.UnixMilli(ms), c.Limit("tolerance.created-at")
	if err != nil || at.Before(c.Earliest(s.App, cl.From).Add(-allow)) || at.After(c.Latest(s.App, cl.From).Add(allow)) {
		wrong = append(wrong, o.Show("createdAt"))
	}
	return wrong
}
