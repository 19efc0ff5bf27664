package delivery

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
	"reelcheck/conformance/text"
)

var eventChecks = []check.Check{
	check.New("ARC-EVT-01", toldTo("archiveStarted", true), scenarios.Pair),
	check.New("ARC-EVT-02", toldTo("archiveStopped", false), scenarios.Pair),
	check.New("ARC-EVT-03", eventsNameArchive, scenarios.Pair),
	check.New("ARC-EVT-04", everyClient, scenarios.Pair),
	check.New("ARC-EVT-05", toldOfLimits, scenarios.NoPublisher, scenarios.Idle, scenarios.FourHours, scenarios.TwelveHours),
	check.New("ARC-EVT-06", toldLateClients, scenarios.Pair),
}

// told are the events of a type about an archive.
func told(c *check.Case, h *facts.History, event string) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Events {
		if r.Client.Type == event {
			out = append(out, r)
		}
	}
	return out
}

// present are the clients connected all through a stretch of real time.
func present(s *facts.Session, from, to time.Time) []facts.Span {
	var out []facts.Span
	for _, cl := range s.Clients {
		if cl.By.Client != nil && cl.Covers(from) && (cl.To.IsZero() || cl.To.After(to)) {
			out = append(out, cl)
		}
	}
	return out
}

// settled: the harness waited for the event, so that its absence tells something.
func settled(c *check.Case, h *facts.History, event string) (evidence.Record, bool) {
	for _, r := range h.Watches {
		if r.Watch.What == "events" && r.Watch.Until == event {
			return r, true
		}
	}
	return evidence.Record{}, false
}

// toldTo checks that clients connected from the start, or until the stop, received the event.
func toldTo(event string, start bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.StartedArchives() {
			toldClients(c, h, event, start)
		}
	}
}

func toldClients(c *check.Case, h *facts.History, event string, start bool) {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	watch, waited := settled(c, h, event)
	if s == nil || !waited {
		return
	}
	from := h.Start.Exchange.Started
	if !start {
		stop, ok := h.FirstStop()
		if !ok {
			return
		}
		from = stop.Exchange.Started
	}
	events := told(c, h, event)
	for _, cl := range present(s, from, watch.Watch.To) {
		at := []evidence.Record{watch}
		got := false
		for _, e := range events {
			if e.Client.Name == cl.By.Client.Name {
				got, at = true, []evidence.Record{e}
			}
		}
		c.Want(got, fmt.Sprintf("%s at client %s", event, cl.By.Client.Name), "none", at...)
	}
}

// eventsNameArchive: an event that names no archive is recorded without one, so all of the session are looked at.
func eventsNameArchive(c *check.Case) {
	for _, r := range c.View.Clients().Records {
		if r.Client.Type != "archiveStarted" && r.Client.Type != "archiveStopped" {
			continue
		}
		h := c.ByID[r.IDs[evidence.Archive]]
		ok := h != nil && (h.Start.Exchange != nil && h.Start.IDs[evidence.Session] == r.IDs[evidence.Session] || c.Automatic(h) && h.Session() == r.IDs[evidence.Session])
		c.Want(ok, r.Client.Type+" with the archive's id", text.Clip(r.Client.Body.Text, 160), r)
	}
}

// everyClient: those of the session whether they publish or not, and nobody else.
func everyClient(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, event := range []string{"archiveStarted", "archiveStopped"} {
			watch, waited := settled(c, h, event)
			if !waited {
				continue
			}
			toldClients(c, h, event, event == "archiveStarted")
			var strangers []string
			for _, e := range told(c, h, event) {
				if e.IDs[evidence.Session] != h.Start.IDs[evidence.Session] {
					strangers = append(strangers, e.Client.Name)
				}
			}
			c.Want(len(strangers) == 0, event+" to no client of another session", strings.Join(strangers, ", "), watch)
		}
	}
}

func toldOfLimits(c *check.Case) {
	for _, h := range c.StartedArchives() {
		k, ok := course.Of(c.Facts, h)
		watch, waited := settled(c, h, "archiveStopped")
		if !ok || !waited || k.Rule == course.ByCall {
			continue
		}
		events := told(c, h, "archiveStopped")
		at := []evidence.Record{watch}
		if len(events) > 0 {
			at = events[:1]
		}
		c.Want(len(events) > 0, fmt.Sprintf("archiveStopped after the limit (%s)", k.Rule), "none", at...)
	}
}

// toldLateClients looks at clients that connected after the start and before the end; the harness waited for the event.
func toldLateClients(c *check.Case) {
	for _, h := range c.StartedArchives() {
		s := c.Sessions[h.Start.IDs[evidence.Session]]
		if s == nil {
			continue
		}
		for _, cl := range s.Clients {
			if cl.By.Client == nil || !cl.From.After(h.Start.Over()) || h.EndedBefore(cl.By) || !waitedFrom(h, cl.From, "archiveStarted") {
				continue
			}
			at := cl.By
			for _, e := range told(c, h, "archiveStarted") {
				if e.Client.ConnectionID == cl.By.Client.ConnectionID || e.Client.Name == cl.By.Client.Name {
					at = e
				}
			}
			c.Want(at.Client.Type == "archiveStarted", "archiveStarted at client "+cl.By.Client.Name+", who came later", "none", at)
		}
	}
}

// waitedFrom: from that moment on the harness waited for an event about h.
func waitedFrom(h *facts.History, from time.Time, event string) bool {
	return slices.ContainsFunc(h.Watches, func(r evidence.Record) bool {
		return r.Watch.What == "events" && r.Watch.Until == event && !r.Watch.From.Before(from)
	})
}
