package course

import (
	"slices"
	"time"

	"reelcheck/conformance/facts"
)

// An automatically archived session is recorded in a chain of archives. The rules say when the recording begins and ends, and
// leave open where one archive ends and the next begins: each may be up to four hours long, and they overlap slightly
// (ARC-AUTO-06, ARC-AUTO-07). So an archive that follows another begins when its createdAt says, if that is about when a limit
// or a move ends the other. Otherwise neither has a Course.

// linked returns the course of an automatic archive. ok is false where the rules leave its begin or its end open: where it may
// have been divided earlier, where it goes on through a move (ARC-AUTO-14), where a timed out session is used again
// (ARC-AUTO-12), and without a publisher in its first minute (ARC-AUTO-15).
func linked(f *facts.Facts, h *facts.History, s *facts.Session) (k Course, ok bool) {
	chain := f.Chain(s.ID)
	i := slices.Index(chain, h)
	if i == 0 {
		first := facts.Union(s.Clients)[0].From
		k = Course{Started: f.Earliest(s.App, first), Begun: f.Latest(s.App, first), run: f.Earliest(s.App, first)}
		k.endsBy(f, s, 0)
	} else if k, ok = following(f, s, chain[i-1], h); !ok {
		return k, false
	}
	next := time.Time{}
	if i+1 < len(chain) {
		next = time.UnixMilli(chain[i+1].CreatedAt())
	}
	return k, k.dividedAt(f, next) && (i > 0 || publishedAtOnce(f, s, h, k))
}

// following returns the course of an archive that begins when a limit or a move ends the one before. It may do so a little
// earlier or later than its createdAt says.
func following(f *facts.Facts, s *facts.Session, before, h *facts.History) (Course, bool) {
	old, ok := Of(f, before)
	at, allow := time.UnixMilli(h.CreatedAt()), f.Limit("tolerance.created-at")
	k := Course{Started: at, Begun: at.Add(allow), run: old.run} // the move that began it cannot end it
	if !ok || !old.ends() {
		return k, false
	}
	k.endsBy(f, s, allow)
	k.Started = at.Add(-allow)
	k.Streams, k.Clients = f.InPolicy(s.App, s.Streams, k.Started), f.InPolicy(s.App, s.Clients, k.Started)
	return k, true
}

// ends reports whether the archive ends by a rule after which the recording goes on in another.
func (k Course) ends() bool { return k.Rule == ByRecorded || k.Rule == ByTotal || k.Rule == ByMove }

// endsBy sets what happens during an automatic archive, and what ends it. The idle hour and the minute without clients may
// have begun before the archive did. allow is how far its begin may be off.
func (k *Course) endsBy(f *facts.Facts, s *facts.Session, allow time.Duration) {
	k.Streams, k.Clients = f.InPolicy(s.App, s.Streams, k.Started), f.InPolicy(s.App, s.Clients, k.Started)
	since := func(spans []facts.Span) []facts.Span {
		return slices.DeleteFunc(Gaps(f.InPolicy(s.App, spans, k.run), k.run), func(g facts.Span) bool {
			return !g.To.IsZero() && !g.To.After(k.Started)
		})
	}
	k.Rule, k.End = limits(f, *k, since(s.Streams), since(s.Clients))
	k.ended = k.End.Add(f.Limit("tolerance.limit.late") + allow)
	k.soonest = k.End.Add(-allow)
	k.move(f, s)
	if k.Rule == ByMove || k.Rule == ByIdle || k.Rule == ByLeaving {
		k.soonest = k.End // the begin of the archive has no part in it
	}
}

// dividedAt takes into account when the next archive begins; zero means that there is none. It reports whether that fits
// the end that the rules give this archive. If the next one begins in the overlap, this one may end as soon as that.
func (k *Course) dividedAt(f *facts.Facts, next time.Time) bool {
	allow := f.Limit("tolerance.created-at")
	switch {
	case k.Rule == ByMove:
		return !next.IsZero() && !next.Before(k.End.Add(-allow)) && !next.After(k.ended.Add(allow))
	case next.IsZero():
		return true
	case !k.ends():
		return next.After(k.End)
	case next.Before(k.End.Add(-f.Limit("tolerance.overlap") - allow)):
		return false
	case next.Before(k.Soonest()):
		k.soonest = next
	}
	return true
}

// publishedAtOnce reports whether somebody published in the first minute of an archive, or it was seen to go on without.
func publishedAtOnce(f *facts.Facts, s *facts.Session, h *facts.History, k Course) bool {
	minute := k.Started.Add(f.Limit("first-publisher.max"))
	if len(k.Streams) > 0 && !k.Streams[0].From.After(minute) {
		return true
	}
	alive, _ := f.StopSeen(h)
	return slices.ContainsFunc(alive, func(got facts.Sighting) bool {
		return f.Earliest(s.App, got.Asked()).After(minute.Add(f.Limit("tolerance.limit.late")))
	})
}
