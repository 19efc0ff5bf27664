package check

import (
	"net/url"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
)

// span is a stretch of real time; a zero to is open.
type span struct {
	from, to time.Time
	late     time.Time // when the target knew of the end at the latest
	by       evidence.Record
}

// detection is how long a target may take to notice a client that left without a word.
const detection = time.Second

func (s span) covers(at time.Time) bool {
	return !at.Before(s.from) && (s.to.IsZero() || at.Before(s.to))
}

// session is what the harness knows of a session: it created it and it drove
// every client of it.
type session struct {
	id      string
	app     string
	relayed bool
	auto    bool
	created evidence.Record
	clients []span // presence: events connections, and publishers without one
	streams []span // publications, from the first packet of any track to the last
}

func (s *session) connected(at time.Time) bool {
	return slices.ContainsFunc(s.clients, func(c span) bool { return c.covers(at) })
}

// union merges overlapping spans and orders them.
func union(spans []span) []span {
	sorted := slices.Clone(spans)
	slices.SortStableFunc(sorted, func(a, b span) int { return a.from.Compare(b.from) })
	var out []span
	for _, s := range sorted {
		if n := len(out); n > 0 && (out[n-1].to.IsZero() || !s.from.After(out[n-1].to)) {
			if !out[n-1].to.IsZero() && (s.to.IsZero() || s.to.After(out[n-1].to)) {
				out[n-1].to = s.to
			}
			if s.late.After(out[n-1].late) {
				out[n-1].late = s.late
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// sessions gathers what the harness did with each session.
func sessions(v evidence.View) map[string]*session {
	all := map[string]*session{}
	of := func(r evidence.Record) *session {
		id := r.IDs[evidence.Session]
		if id == "" {
			return nil
		}
		if all[id] == nil {
			all[id] = &session{id: id, app: r.IDs[evidence.Application]}
		}
		return all[id]
	}
	for _, r := range v.Records {
		switch {
		case r.Exchange != nil && r.Exchange.Operation == "createSession":
			created(all, r)
		case r.Client != nil:
			if s := of(r); s != nil {
				s.presence(r)
			}
		}
	}
	ends := map[string]evidence.Record{} // DELETE by stream
	for _, r := range v.Exchanges("deletePublication").Records {
		ends[r.IDs[evidence.Stream]] = r
	}
	for _, r := range v.Tracks().Records {
		if s := of(r); s != nil {
			s.publication(r, ends[r.IDs[evidence.Stream]])
		}
	}
	return all
}

func created(all map[string]*session, r evidence.Record) {
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
	all[list[0].ID] = &session{id: list[0].ID, app: r.IDs[evidence.Application], created: r,
		relayed: p2p == "enabled" || p2p == "always", auto: form.Get("archiveMode") == "always"}
}

func (s *session) presence(r evidence.Record) {
	switch r.Client.Event {
	case "open":
		s.clients = append(s.clients, span{from: r.Time, by: r})
	case "close":
		for i := range s.clients {
			if s.clients[i].to.IsZero() && s.clients[i].by.Client.Name == r.Client.Name {
				s.clients[i].to = r.Time
				return
			}
		}
	}
}

// publication ends with its DELETE, or with its connection, which is when the
// record of its end is written; not with the last packet, for a stream may be silent.
func (s *session) publication(r, deleted evidence.Record) {
	p := r.Published
	u := span{from: p.First, by: r}
	if p.Ended {
		u.to, u.late = r.Time, r.Time.Add(detection)
		if p.Reason == "delete" && deleted.Exchange != nil && sent(deleted).After(p.Last) {
			u.to, u.late = sent(deleted), over(deleted)
		}
	}
	s.streams = append(s.streams, u)
	if r.IDs[evidence.Connection] == "" {
		s.clients = append(s.clients, u)
	}
}

// steady tells whether one of spans, merged, covers everything from from to to.
func steady(spans []span, from, to time.Time) bool {
	return slices.ContainsFunc(union(spans), func(s span) bool {
		return s.covers(from) && (s.to.IsZero() || s.to.After(to))
	})
}

// anyDuring tells whether any span touches the stretch from from to to.
func anyDuring(spans []span, from, to time.Time) bool {
	return slices.ContainsFunc(spans, func(s span) bool {
		return s.from.Before(to) && (s.to.IsZero() || s.to.After(from))
	})
}
