package facts

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/jsonvalue"
)

// Span is a stretch of real time. A zero To means that it has not ended.
type Span struct {
	From, To time.Time
	Late     time.Time // the latest moment at which the target learned of the end
	By       evidence.Record
}

// Covers reports whether the moment is within the span.
func (s Span) Covers(at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}

// Session is what the harness knows of a session. It created the session and drove every client of it.
type Session struct {
	ID      string
	App     string
	Relayed bool
	Auto    bool
	Created evidence.Record
	asked   url.Values // with its creation
	Clients []Span     // connections with events, and publishers that have none
	Streams []Span     // publications, from the first packet of any track to the last
}

func (s *Session) connected(at time.Time) bool {
	return slices.ContainsFunc(s.Clients, func(c Span) bool { return c.Covers(at) })
}

// Union merges overlapping spans and sorts them.
func Union(spans []Span) []Span {
	sorted := slices.Clone(spans)
	slices.SortStableFunc(sorted, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range sorted {
		if n := len(out); n > 0 && (out[n-1].To.IsZero() || !s.From.After(out[n-1].To)) {
			if !out[n-1].To.IsZero() && (s.To.IsZero() || s.To.After(out[n-1].To)) {
				out[n-1].To = s.To
			}
			if s.Late.After(out[n-1].Late) {
				out[n-1].Late = s.Late
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// sessions returns what the harness did in each session. loss is the longest time that a target may take to notice that a
// client left without a message.
func sessions(v evidence.View, loss time.Duration) map[string]*Session {
	all := map[string]*Session{}
	of := func(r evidence.Record) *Session {
		id := r.IDs[evidence.Session]
		if id == "" {
			return nil
		}
		if all[id] == nil {
			all[id] = &Session{ID: id, App: r.IDs[evidence.Application]}
		}
		return all[id]
	}
	for _, r := range v.Records {
		switch {
		case r.Exchange != nil && r.Exchange.Operation == evidence.CreateSession:
			created(all, r)
		case r.Client != nil:
			if s := of(r); s != nil {
				s.presence(r)
			}
		}
	}
	ends := map[string]evidence.Record{} // DELETE by stream
	for _, r := range v.Exchanges(evidence.DeletePublication).Records {
		ends[r.IDs[evidence.Stream]] = r
	}
	offers := map[string][]evidence.Record{} // by session
	for _, r := range v.Exchanges(evidence.PublishStream).Records {
		offers[r.IDs[evidence.Session]] = append(offers[r.IDs[evidence.Session]], r)
	}
	for _, r := range v.Tracks().Records {
		if s := of(r); s != nil {
			s.publication(r, offers[s.ID], ends[r.IDs[evidence.Stream]], loss)
		}
	}
	return all
}

func created(all map[string]*Session, r evidence.Record) {
	var list []struct {
		ID string `json:"session_id"`
	}
	if r.Exchange.Status() != 200 || r.Exchange.Decode(&list) != nil || len(list) == 0 || list[0].ID == "" {
		return
	}
	form, err := url.ParseQuery(r.Exchange.Request.Body.Text)
	if err != nil {
		return
	}
	p2p := form.Get("p2p.preference")
	all[list[0].ID] = &Session{ID: list[0].ID, App: r.IDs[evidence.Application], Created: r,
		Relayed: p2p == "enabled" || p2p == "always", Auto: form.Get("archiveMode") == "always", asked: form}
}

// archive returns what was asked for of the automatic archives of s, as a start would ask for it.
func (s *Session) archive() jsonvalue.Object {
	o := jsonvalue.Object{"sessionId": s.ID}
	for key, of := range map[string]string{"name": "archiveName", "resolution": "archiveResolution"} {
		if v := s.asked.Get(of); v != "" {
			o[key] = v
		}
	}
	return o
}

func (s *Session) presence(r evidence.Record) {
	switch r.Client.Event {
	case "open":
		s.Clients = append(s.Clients, Span{From: r.Time, By: r})
	case "close":
		for i := range s.Clients {
			if s.Clients[i].To.IsZero() && s.Clients[i].By.Client.Name == r.Client.Name {
				s.Clients[i].To = r.Time
				return
			}
		}
	}
}

// publication adds the span of a publication. It ends with its DELETE request, with what a driver told of it, or with its connection, when the record
// of its end is written. The last packet is no end, because a stream may be silent.
func (s *Session) publication(r evidence.Record, offers []evidence.Record, deleted evidence.Record, loss time.Duration) {
	p := r.Published
	u := Span{From: p.First, By: r}
	if p.Ended {
		u.To, u.Late = r.Time, r.Time.Add(loss)
		if p.Reason == "delete" && !p.Stopped.From.IsZero() {
			u.To, u.Late = p.Stopped.From, p.Stopped.To
		}
		if p.Reason == "delete" && deleted.Exchange != nil && deleted.Sent().After(p.Last) {
			u.To, u.Late = deleted.Sent(), deleted.Over()
		}
	}
	s.Streams = append(s.Streams, u)
	if r.IDs[evidence.Connection] == "" {
		u.From = accepted(r, offers)
		s.Clients = append(s.Clients, u)
	}
}

// accepted returns when a client without a connection was there: when the target had accepted the offer that its track
// belongs to, or else with the first packet.
func accepted(r evidence.Record, offers []evidence.Record) time.Time {
	from := r.Published.First
	for _, o := range offers {
		own := o.Label == "publish."+r.Published.Client || strings.HasPrefix(o.Label, "publish."+r.Published.Client+".")
		if own && o.Scenario == r.Scenario && o.Exchange.Status() == 201 && o.Over().Before(r.Published.First) {
			from = o.Over()
		}
	}
	return from
}

// Steady reports whether the merged spans cover the whole time between from and to.
func Steady(spans []Span, from, to time.Time) bool {
	return slices.ContainsFunc(Union(spans), func(s Span) bool {
		return s.Covers(from) && (s.To.IsZero() || s.To.After(to))
	})
}

// AnyDuring reports whether any span overlaps the time between from and to.
func AnyDuring(spans []Span, from, to time.Time) bool {
	return slices.ContainsFunc(spans, func(s Span) bool {
		return s.From.Before(to) && (s.To.IsZero() || s.To.After(from))
	})
}

// Cut returns the part of s between from and to, and whether there is any. A zero to means no limit.
func (s Span) Cut(from, to time.Time) (Span, bool) {
	if s.From.Before(from) {
		s.From = from
	}
	if !to.IsZero() && (s.To.IsZero() || s.To.After(to)) {
		s.To = to
	}
	return s, !s.To.IsZero() && s.To.After(s.From)
}
