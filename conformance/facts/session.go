package facts

import (
	"net/url"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
)

// Span is a stretch of real time; a zero to is open.
type Span struct {
	From, To time.Time
	Late     time.Time // when the target knew of the end at the latest
	By       evidence.Record
}

// detection is how long a target may take to notice a client that left without a word.
const detection = time.Second

func (s Span) Covers(at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}

// Session is what the harness knows of a session: it created it and it drove
// every client of it.
type Session struct {
	ID      string
	App     string
	Relayed bool
	Auto    bool
	Created evidence.Record
	Clients []Span // presence: events connections, and publishers without one
	Streams []Span // publications, from the first packet of any track to the last
}

func (s *Session) connected(at time.Time) bool {
	return slices.ContainsFunc(s.Clients, func(c Span) bool { return c.Covers(at) })
}

// Union merges overlapping spans and orders them.
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

// sessions gathers what the harness did with each session.
func sessions(v evidence.View) map[string]*Session {
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
	for _, r := range v.Tracks().Records {
		if s := of(r); s != nil {
			s.publication(r, ends[r.IDs[evidence.Stream]])
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
		Relayed: p2p == "enabled" || p2p == "always", Auto: form.Get("archiveMode") == "always"}
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

// publication ends with its DELETE, or with its connection, which is when the
// record of its end is written; not with the last packet, for a stream may be silent.
func (s *Session) publication(r, deleted evidence.Record) {
	p := r.Published
	u := Span{From: p.First, By: r}
	if p.Ended {
		u.To, u.Late = r.Time, r.Time.Add(detection)
		if p.Reason == "delete" && deleted.Exchange != nil && deleted.Sent().After(p.Last) {
			u.To, u.Late = deleted.Sent(), deleted.Over()
		}
	}
	s.Streams = append(s.Streams, u)
	if r.IDs[evidence.Connection] == "" {
		s.Clients = append(s.Clients, u)
	}
}

// Steady tells whether one of spans, merged, covers everything from from to to.
func Steady(spans []Span, from, to time.Time) bool {
	return slices.ContainsFunc(Union(spans), func(s Span) bool {
		return s.Covers(from) && (s.To.IsZero() || s.To.After(to))
	})
}

// AnyDuring tells whether any span touches the stretch from from to to.
func AnyDuring(spans []Span, from, to time.Time) bool {
	return slices.ContainsFunc(spans, func(s Span) bool {
		return s.From.Before(to) && (s.To.IsZero() || s.To.After(from))
	})
}
func (s Span) Cut(from, to time.Time) (Span, bool) {
	if s.From.Before(from) {
		s.From = from
	}
	if !to.IsZero() && (s.To.IsZero() || s.To.After(to)) {
		s.To = to
	}
	return s, !s.To.IsZero() && s.To.After(s.From)
}
