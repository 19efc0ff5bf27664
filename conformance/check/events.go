package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var eventChecks = []Check{
	{"ARC-EVT-01", in(pair), toldTo("archiveStarted", true)},
	{"ARC-EVT-02", in(pair), toldTo("archiveStopped", false)},
	{"ARC-EVT-03", in(pair), eventsNameArchive},
	{"ARC-EVT-04", in(pair), everyClient},
	{"ARC-EVT-05", in(noPublisher, idle, fourHours, twelveHours), toldOfLimits},
	{"ARC-EVT-06", in(pair), toldLateClients},
}

// told are the events of a type about an archive.
func (c *Case) told(h *history, event string) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.events {
		if r.Client.Type == event {
			out = append(out, r)
		}
	}
	return out
}

// present are the clients connected all through a stretch of real time.
func (s *session) present(from, to time.Time) []span {
	var out []span
	for _, cl := range s.clients {
		if cl.by.Client != nil && cl.covers(from) && (cl.to.IsZero() || cl.to.After(to)) {
			out = append(out, cl)
		}
	}
	return out
}

// settled: the harness waited for the event, so that its absence tells something.
func (c *Case) settled(h *history, event string) (evidence.Record, bool) {
	for _, r := range h.watches {
		if r.Watch.What == "events" && r.Watch.Until == event {
			return r, true
		}
	}
	return evidence.Record{}, false
}

// toldTo checks that clients connected from the start, or until the stop, received the event.
func toldTo(event string, start bool) func(*Case) {
	return func(c *Case) {
		for _, h := range c.startedArchives() {
			c.toldClients(h, event, start)
		}
	}
}

func (c *Case) toldClients(h *history, event string, start bool) {
	s := c.sessions[h.start.IDs[evidence.Session]]
	watch, waited := c.settled(h, event)
	if s == nil || !waited {
		return
	}
	from := h.start.Exchange.Started
	if !start {
		stop, ok := h.firstStop()
		if !ok {
			return
		}
		from = stop.Exchange.Started
	}
	events := c.told(h, event)
	for _, cl := range s.present(from, watch.Watch.To) {
		at := []evidence.Record{watch}
		got := false
		for _, e := range events {
			if e.Client.Name == cl.by.Client.Name {
				got, at = true, []evidence.Record{e}
			}
		}
		c.want(got, fmt.Sprintf("%s at client %s", event, cl.by.Client.Name), "none", at...)
	}
}

// eventsNameArchive: an event that names no archive is recorded without one, so all of the session are looked at.
func eventsNameArchive(c *Case) {
	for _, r := range c.view.Clients().Records {
		if r.Client.Type != "archiveStarted" && r.Client.Type != "archiveStopped" {
			continue
		}
		h := c.byID[r.IDs[evidence.Archive]]
		ok := h != nil && (h.start.Exchange != nil && h.start.IDs[evidence.Session] == r.IDs[evidence.Session] || c.automatic(h) && h.session() == r.IDs[evidence.Session])
		c.want(ok, r.Client.Type+" with the archive's id", clip(r.Client.Body.Text, 160), r)
	}
}

// everyClient: those of the session whether they publish or not, and nobody else.
func everyClient(c *Case) {
	for _, h := range c.startedArchives() {
		for _, event := range []string{"archiveStarted", "archiveStopped"} {
			watch, waited := c.settled(h, event)
			if !waited {
				continue
			}
			c.toldClients(h, event, event == "archiveStarted")
			var strangers []string
			for _, e := range c.told(h, event) {
				if e.IDs[evidence.Session] != h.start.IDs[evidence.Session] {
					strangers = append(strangers, e.Client.Name)
				}
			}
			c.want(len(strangers) == 0, event+" to no client of another session", strings.Join(strangers, ", "), watch)
		}
	}
}

func toldOfLimits(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		watch, waited := c.settled(h, "archiveStopped")
		if !ok || !waited || k.rule == byCall {
			continue
		}
		events := c.told(h, "archiveStopped")
		at := []evidence.Record{watch}
		if len(events) > 0 {
			at = events[:1]
		}
		c.want(len(events) > 0, fmt.Sprintf("archiveStopped after the limit (%s)", k.rule), "none", at...)
	}
}

// toldLateClients looks at clients that connected after the start and before the end; the harness waited for the event.
func toldLateClients(c *Case) {
	for _, h := range c.startedArchives() {
		s := c.sessions[h.start.IDs[evidence.Session]]
		if s == nil {
			continue
		}
		for _, cl := range s.clients {
			if cl.by.Client == nil || !cl.from.After(over(h.start)) || h.endedBefore(cl.by) || !h.waitedFrom(cl.from, "archiveStarted") {
				continue
			}
			at := cl.by
			for _, e := range c.told(h, "archiveStarted") {
				if e.Client.ConnectionID == cl.by.Client.ConnectionID || e.Client.Name == cl.by.Client.Name {
					at = e
				}
			}
			c.want(at.Client.Type == "archiveStarted", "archiveStarted at client "+cl.by.Client.Name+", who came later", "none", at)
		}
	}
}

// waitedFrom: from that moment on the harness waited for an event about h.
func (h *history) waitedFrom(from time.Time, event string) bool {
	return slices.ContainsFunc(h.watches, func(r evidence.Record) bool {
		return r.Watch.What == "events" && r.Watch.Until == event && !r.Watch.From.Before(from)
	})
}
