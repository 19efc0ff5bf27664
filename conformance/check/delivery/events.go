package delivery

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/text"
)

var eventChecks = []check.Check{
	check.New("ARC-EVT-01", toldTo("archiveStarted", true), scenarios.Pair, scenarios.AutoOverlap),
	check.New("ARC-EVT-02", toldTo("archiveStopped", false), scenarios.Pair, scenarios.Broken, scenarios.AutoOverlap),
	check.New("ARC-EVT-03", eventsNameArchive, scenarios.Pair),
	check.New("ARC-EVT-04", everyClient, scenarios.Pair),
	check.New("ARC-EVT-05", toldOfLimits, scenarios.NoPublisher, scenarios.Idle, scenarios.FourHours, scenarios.TwelveHours, scenarios.AutoOverlap),
	check.New("ARC-EVT-06", toldLateClients, scenarios.Pair, scenarios.Pause, scenarios.Automatic, scenarios.Simultaneous),
}

// told returns the events of a type about an archive.
func told(c *check.Case, h *facts.History, event string) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Events {
		if r.Client.Type == event {
			out = append(out, r)
		}
	}
	return out
}

// present returns the clients that were connected for the whole stretch of real time.
func present(s *facts.Session, from, to time.Time) []facts.Span {
	var out []facts.Span
	for _, cl := range s.Clients {
		if cl.By.Client != nil && cl.Covers(from) && (cl.To.IsZero() || cl.To.After(to)) {
			out = append(out, cl)
		}
	}
	return out
}

// settled returns the watch in which the harness waited for the event, so that its absence counts.
func settled(c *check.Case, h *facts.History, event string) (evidence.Record, bool) {
	for _, r := range h.Watches {
		if r.Watch.What == "events" && r.Watch.Until == event {
			return r, true
		}
	}
	return evidence.Record{}, false
}

// toldTo checks that clients received the event that were connected at the start, or until the stop.
func toldTo(event string, start bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.EveryArchive() {
			toldOf(c, h, event, start)
		}
	}
}

func toldOf(c *check.Case, h *facts.History, event string, start bool) {
	during, ended := h.Ended()
	switch {
	case h.Start.Exchange != nil:
		toldClients(c, h, event, start)
	case start && h.Follows: // nobody is there before the first one
		toldUnasked(c, h, event, h.Begun)
	case !start && ended:
		toldUnasked(c, h, event, during)
	}
}

// toldUnasked checks that clients received an event about what happened without a call in a stretch of real time. It
// judges those that were connected from its beginning, and stayed for as long afterwards as an event may take.
func toldUnasked(c *check.Case, h *facts.History, event string, during facts.Span) {
	events := told(c, h, event)
	for _, cl := range present(c.Sessions[h.Session()], during.From, during.To.Add(c.Limit("tolerance.event-arrival"))) {
		if cl.To.IsZero() {
			continue // the evidence may end before the event
		}
		at := cl.By
		for _, e := range events {
			if e.Client.Name == cl.By.Client.Name {
				at = e
			}
		}
		c.Want(at.Client.Type == event, fmt.Sprintf("%s at client %s, of automatic archive %s", event, cl.By.Client.Name, facts.Short(h.ID)), "none", at)
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
		during, ended := h.Ended()
		switch {
		case ok:
			from = stop.Exchange.Started
		case ended && c.Faulty(h): // it had failed before the call
			from = during.From
		default:
			return
		}
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

// eventsNameArchive judges all events of the session, because one that names no archive is recorded without one.
func eventsNameArchive(c *check.Case) {
	for _, r := range c.View.Clients().Records {
		if r.Client.Type != "archiveStarted" && r.Client.Type != "archiveStopped" {
			continue
		}
		h := c.ByID[r.IDs[evidence.Archive]]
		ok := h != nil && (h.Start.IDs[evidence.Session] == r.IDs[evidence.Session] || c.Automatic(h) && h.Session() == r.IDs[evidence.Session])
		c.Want(ok, r.Client.Type+" with the archive's id", text.Clip(r.Client.Body.Text, 160), r)
		if ok && r.Client.Type == "archiveStopped" {
			stopsItsArchive(c, h, r)
		}
	}
}

// stopsItsArchive checks that an event does not name an archive that records on.
func stopsItsArchive(c *check.Case, h *facts.History, event evidence.Record) {
	k, known := course.Of(c.Facts, h)
	if !known || c.Faulty(h) {
		return
	}
	at := c.Latest(h.App(), event.Time)
	c.Want(!at.Before(k.End.Add(-c.Limit("tolerance.limit.early"))), fmt.Sprintf("archiveStopped of archive %s at %s (%s)", facts.Short(h.ID), facts.ClockTime(k.End), k.Rule),
		"at "+facts.ClockTime(at), event)
}

// everyClient checks that all clients of the session get the events, whether they publish or not, and that nobody else
// does.
func everyClient(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, event := range []string{"archiveStarted", "archiveStopped"} {
			for _, e := range told(c, h, event) {
				if e.IDs[evidence.Session] != h.Start.IDs[evidence.Session] {
					c.Wrong(event+" to no client of another session", e.Client.Name, e)
				}
			}
			toldOf(c, h, event, event == "archiveStarted")
		}
	}
}

// toldOfLimits judges automatic archives too, which no call stops.
func toldOfLimits(c *check.Case) {
	for _, h := range c.EveryArchive() {
		if h.Start.Exchange == nil {
			if during, ended := h.Ended(); ended {
				toldUnasked(c, h, "archiveStopped", during)
			}
			continue
		}
		k, ok := course.Of(c.Facts, h)
		watch, waited := settled(c, h, "archiveStopped")
		if !ok || !waited || k.Rule == course.ByCall || c.Faulty(h) {
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

// toldLateClients judges clients that connected between the start and the end, if the harness waited for the event.
func toldLateClients(c *check.Case) {
	for _, h := range c.EveryArchive() {
		s := c.Sessions[h.Session()]
		if s == nil {
			continue
		}
		for _, cl := range s.Clients {
			if cl.By.Client == nil || !cl.From.After(h.Begun.To) || h.EndedBefore(cl.By) || !waitedFrom(h, cl.From, "archiveStarted") && !stays(c, h, cl) {
				continue
			}
			at := cl.By
			for _, e := range told(c, h, "archiveStarted") {
				if e.Client.Name == cl.By.Client.Name && !heardBefore(s, cl, e) {
					at = e
				}
			}
			c.Want(at.Client.Type == "archiveStarted", "archiveStarted at client "+cl.By.Client.Name+", who came later", "none", at)
		}
	}
}

// heardBefore reports whether a client that has come back received an event before it had left. Events may be recorded before
// the connection that brings them.
func heardBefore(s *facts.Session, cl facts.Span, e evidence.Record) bool {
	return slices.ContainsFunc(s.Clients, func(other facts.Span) bool {
		return other.By.Client != nil && other.By.Client.Name == cl.By.Client.Name && other.From.Before(cl.From) && e.Time.Before(other.To)
	})
}

// stays reports whether a client was there for as long as an event may take, while h was in progress.
func stays(c *check.Case, h *facts.History, cl facts.Span) bool {
	long := cl.From.Add(c.Limit("tolerance.event-arrival"))
	return !cl.To.IsZero() && cl.To.After(long) && slices.ContainsFunc(h.Seen, func(s facts.Sighting) bool {
		return facts.InProgress(s.Status()) && s.Asked().After(long)
	})
}

// waitedFrom reports whether the harness waited for an event about h from that moment on.
func waitedFrom(h *facts.History, from time.Time, event string) bool {
	return slices.ContainsFunc(h.Watches, func(r evidence.Record) bool {
		return r.Watch.What == "events" && r.Watch.Until == event && !r.Watch.From.Before(from)
	})
}
