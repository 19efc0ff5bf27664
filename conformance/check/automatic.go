package check

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var automaticChecks = []Check{
	{"ARC-AUTO-01", in(automatic, autoSilent), archivedIfAsked},
	{"ARC-AUTO-02", in(automatic, autoSilent), beginsWithFirstClient},
	{"ARC-AUTO-03", in(autoSilent), automaticEmptyFile},
	{"ARC-AUTO-04", in(automatic), automaticHoldsAll},
	{"ARC-AUTO-05", in(automatic, autoSilent), everyAutomatic(func(_ *Case, s sighting) (string, string, bool) {
		return "outputMode composed", s.show("outputMode"), s.text("outputMode") == "composed"
	})},
	{"ARC-AUTO-06", in(autoDay), continuesInFurther},
	{"ARC-AUTO-07", in(autoDay), overlaps},
	{"ARC-AUTO-08", in(autoDay), listedInOrder},
	{"ARC-AUTO-09", in(automatic), notStoppedByCall},
	{"ARC-AUTO-10", in(automatic, autoSilent), automaticStopsBy(byLeaving)},
	{"ARC-AUTO-11", in(autoDay), automaticStopsBy(byIdle)},
	{"ARC-AUTO-15", in(autoSilent), noFirstMinute},
	{"ARC-AUTO-16", in(autoDay), goesOnAfterADay},
	{"ARC-AUTO-17", in(automatic, autoSilent), everyAutomatic(automaticName)},
}

// session is the session that the archive says it belongs to.
func (h *history) session() string {
	for _, s := range slices.Concat(h.seen, h.hooks) {
		if id := s.text("sessionId"); id != "" {
			return id
		}
	}
	return ""
}

// automatic archives are those of an automatically archived session that no call of the harness started.
func (c *Case) automatic(h *history) bool {
	s := c.sessions[h.session()]
	return h.start.Exchange == nil && s != nil && s.auto
}

// chain is the automatic archives of a session by createdAt.
func (c *Case) chain(session string) []*history {
	var out []*history
	for _, h := range c.archives {
		if c.automatic(h) && h.session() == session {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b *history) int { return cmp.Compare(a.createdAt(), b.createdAt()) })
	return out
}

// createdAt is what the last read or list said.
func (h *history) createdAt() int64 {
	if len(h.seen) == 0 {
		return 0
	}
	ms, _ := h.seen[len(h.seen)-1].whole("createdAt")
	return ms
}

// archived are the automatically archived sessions that a client connected to, in the order of their creation.
func (c *Case) archived() []*session {
	var out []*session
	for _, s := range c.sessions {
		if s.auto && !s.relayed && len(s.clients) > 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *session) int { return cmp.Compare(a.created.Seq, b.created.Seq) })
	return out
}

func everyAutomatic(of func(*Case, sighting) (expected, actual string, ok bool)) func(*Case) {
	return func(c *Case) {
		for _, h := range c.archives {
			if !c.automatic(h) {
				continue
			}
			for _, s := range slices.Concat(h.seen, h.hooks) {
				if expected, actual, ok := of(c, s); expected != "" {
					c.want(ok, expected, actual, s.at)
				}
			}
		}
	}
}

func archivedIfAsked(c *Case) {
	for _, s := range c.archived() {
		chain := c.chain(s.id)
		at := []evidence.Record{s.created}
		if len(chain) > 0 && len(chain[0].seen) > 0 {
			at = append(at, chain[0].seen[0].at)
		}
		c.want(len(chain) > 0, "an archive of the session with a client", "none", at...)
	}
}

// beginsWithFirstClient compares createdAt of an archive to which nobody had published with the arrival of the first client.
func beginsWithFirstClient(c *Case) {
	allow := c.limit("tolerance.created-at")
	for _, s := range c.archived() {
		chain, first := c.chain(s.id), union(s.clients)[0]
		if len(chain) == 0 {
			c.blocked("an archive that begins with the first client", "the session is not archived", s.created)
			continue
		}
		for _, got := range slices.Concat(chain[0].seen, chain[0].hooks) {
			if anyDuring(s.streams, time.Time{}, got.answered()) {
				continue
			}
			at, ok := got.instant("createdAt")
			from, to := c.earliest(s.app, first.from).Add(-allow), c.latest(s.app, first.from).Add(allow)
			c.want(ok && !at.Before(from) && !at.After(to), "createdAt at the arrival of the first client, "+clockTime(from.Add(allow)), clockTime(at), first.by, got.at)
			c.want(inProgress(got.status()) || got.status() == "stopped" || final(got.status()), "an archive in progress", got.show("status"), got.at)
		}
	}
}

func automaticEmptyFile(c *Case) {
	for _, s := range c.archived() {
		if len(s.streams) > 0 {
			continue
		}
		for _, h := range c.chain(s.id) {
			for _, got := range h.delivered() {
				n, whole := got.whole("size")
				c.want(whole && n == 0, "size 0", got.show("size"), got.at)
			}
			for _, o := range h.objects {
				c.want(o.Object.Size == 0, "an object of 0 bytes, or none", fmt.Sprintf("%d bytes", o.Object.Size), o)
			}
		}
	}
}

// automaticHoldsAll looks into the files of sessions with one automatic archive: it holds every stream from its first packet on.
func automaticHoldsAll(c *Case) {
	everyAutomatic(func(_ *Case, s sighting) (string, string, bool) {
		return "a composed archive with audio and video", s.show("outputMode") + ", " + s.show("hasAudio") + ", " + s.show("hasVideo"),
			s.text("outputMode") == "composed" && s.object["hasAudio"] == true && s.object["hasVideo"] == true
	})(c)
	edge := c.limit("tolerance.stream-edge").Seconds()
	for _, s := range c.archived() {
		chain := c.chain(s.id)
		if len(chain) != 1 || len(s.streams) == 0 || len(chain[0].media) == 0 {
			continue
		}
		h := chain[0]
		r := h.media[len(h.media)-1]
		f, ok := c.file(r)
		if !ok {
			c.wrong("a readable MP4 file", fileKind(r, f), r)
			continue
		}
		x := exhibit{h, f, r, s.takes()}
		for _, t := range x.takes {
			if spans := x.showing(t); !c.excused(t.missing(spans, edge) < blink, c.limit("tolerance.stream-edge"), t) {
				c.want(t.missing(spans, edge) < blink, fmt.Sprintf("%s of %s (%s) from %.1f to %.1f s, give or take %.0f s", t.Kind, t.Client, t.Fixture, t.from, t.to, edge),
					describe(spans), r, t.r)
			}
		}
	}
}

// takes are the tracks of a session on the time axis of a file that holds them all.
func (s *session) takes() []take {
	var out []take
	recorded := union(s.streams)
	for _, u := range s.streams {
		if !u.to.IsZero() {
			out = append(out, take{Published: *u.by.Published, r: u.by, from: fileTime(recorded, u.from), to: fileTime(recorded, u.to), kept: true})
		}
	}
	return out
}

// last is what the last answer said of a delivered archive.
func (h *history) last() (sighting, bool) {
	for i := len(h.seen) - 1; i >= 0; i-- {
		if s := h.seen[i]; s.status() == "uploaded" || s.status() == "available" {
			return s, true
		}
	}
	return sighting{}, false
}

// continuesInFurther counts the archives that four hours each make of what was published in one stretch.
func continuesInFurther(c *Case) {
	most := c.limit("recorded-time.max")
	for _, s := range c.archived() {
		spans := c.inPolicy(s.app, s.streams, time.Time{})
		if len(spans) != 1 || spans[0].to.IsZero() || spans[0].to.Sub(spans[0].from) <= most {
			continue
		}
		chain, long := c.chain(s.id), spans[0].to.Sub(spans[0].from)
		least := int(long / most)
		c.want(len(chain) > least, fmt.Sprintf("more than %d archives of a recording of %v", least, long.Round(time.Minute)), fmt.Sprintf("%d archives", len(chain)), spans[0].by)
		for _, h := range chain {
			if got, ok := h.last(); ok {
				n, whole := got.whole("duration")
				told := time.Duration(n) * time.Second
				c.want(whole && told <= most+c.limit("tolerance.duration"), fmt.Sprintf("a duration of up to %v", most), got.show("duration"), got.at)
			}
		}
	}
}

// overlaps takes createdAt and duration of archives that follow each other while somebody publishes.
func overlaps(c *Case) {
	most := c.limit("tolerance.overlap")
	for _, s := range c.archived() {
		chain := c.chain(s.id)
		for i := 1; i < len(chain); i++ {
			before, ok := chain[i-1].last()
			next, okNext := chain[i].last()
			if !ok || !okNext {
				c.unclear("an archive of the sequence was not read after its delivery")
				continue
			}
			from, _ := before.instant("createdAt")
			begin, _ := next.instant("createdAt")
			n, _ := before.whole("duration")
			overlap := from.Add(time.Duration(n) * time.Second).Sub(begin)
			c.want(overlap > 0 && overlap <= most, fmt.Sprintf("an overlap of more than 0 and up to %v", most), overlap.String(), before.at, next.at)
		}
	}
}

// listedInOrder: a list of the session holds every archive of the sequence, newest first, each with a createdAt of its own.
func listedInOrder(c *Case) {
	for _, s := range c.archived() {
		chain := c.chain(s.id)
		if len(chain) < 2 {
			continue
		}
		for _, l := range c.lists() {
			if !l.ok || l.query.Get("sessionId") != s.id || len(l.items) < 2 {
				continue
			}
			created := func(i int) int64 { ms, _ := l.items[i].whole("createdAt"); return ms }
			for i := 1; i < len(l.items); i++ {
				c.want(created(i-1) > created(i), "createdAt from the newest to the oldest", l.items[i-1].show("createdAt")+" before "+l.items[i].show("createdAt"), l.r)
			}
			if last := l.r.Label == "list.end"; last {
				c.want(l.count == int64(len(chain)) && len(l.items) == len(chain), fmt.Sprintf("the %d archives of the session", len(chain)), fmt.Sprintf("%d items", len(l.items)), l.r)
			}
		}
	}
}

func notStoppedByCall(c *Case) {
	for _, r := range c.calls("stopArchive") {
		h := c.byID[archiveInPath(r)]
		if h == nil || !c.automatic(h) || !c.sound(r) || h.endedBefore(r) || !c.status(r, 200, 409) {
			continue
		}
		if next, ok := h.nextSeen(r); ok && c.clientsSteady(c.sessions[h.session()], r, next.at) {
			c.want(inProgress(next.status()), "an archive that goes on", next.show("status"), r, next.at)
		}
	}
}

// lastEnd is when the recording of a session has to stop: the moment and the rule.
func (c *Case) lastEnd(s *session) (rule, time.Time) {
	begun := c.earliest(s.app, union(s.clients)[0].from)
	alone := gaps(c.inPolicy(s.app, s.clients, begun), begun)
	idle := gaps(c.inPolicy(s.app, s.streams, begun), begun)
	by, end := byLeaving, time.Time{}
	if n := len(alone); n > 0 && alone[n-1].to.IsZero() {
		end = alone[n-1].from.Add(c.limit("without-clients.max"))
	}
	if n := len(idle); n > 0 && idle[n-1].to.IsZero() {
		if at := idle[n-1].from.Add(c.limit("idle-time.max")); end.IsZero() || at.Before(end) {
			by, end = byIdle, at
		}
	}
	return by, end
}

func automaticStopsBy(want rule) func(*Case) {
	return func(c *Case) {
		for _, s := range c.archived() {
			by, end := c.lastEnd(s)
			chain := c.chain(s.id)
			if by != want || end.IsZero() || len(chain) == 0 {
				continue
			}
			late := end.Add(c.limit("tolerance.limit.late"))
			h := chain[len(chain)-1]
			alive, dead := c.stopSeen(h)
			for _, got := range alive {
				if at := c.earliest(s.app, got.asked()); at.After(late) {
					c.wrong(fmt.Sprintf("stopped by %s (%s)", clockTime(end), by), fmt.Sprintf("%s at %s", got.status(), clockTime(at)), got.at)
				}
			}
			early := end.Add(-c.limit("tolerance.limit.early"))
			for _, got := range dead {
				at := c.latest(s.app, got.answered())
				c.want(!at.Before(early), fmt.Sprintf("in progress until %s (%s)", clockTime(end), by), fmt.Sprintf("%s at %s", got.status(), clockTime(at)), got.at)
			}
		}
	}
}

// noFirstMinute looks at archives that nobody had published to, after a minute and while clients were there.
func noFirstMinute(c *Case) {
	for _, s := range c.archived() {
		due := c.latest(s.app, union(s.clients)[0].from).Add(c.limit("first-publisher.max")).Add(c.limit("tolerance.limit.late"))
		for _, h := range c.chain(s.id) {
			for _, got := range h.seen {
				if !c.earliest(s.app, got.asked()).After(due) || anyDuring(s.streams, time.Time{}, got.answered()) || !steady(s.clients, got.asked(), got.answered()) {
					continue
				}
				c.want(inProgress(got.status()), "in progress after a minute without a publisher", got.show("status"), got.at)
			}
		}
	}
}

// goesOnAfterADay: somebody has published for more than the twelve hours and the four that bind one archive.
func goesOnAfterADay(c *Case) {
	const day = 24 * time.Hour
	for _, s := range c.archived() {
		chain := c.chain(s.id)
		begun := c.latest(s.app, union(s.clients)[0].from)
		for _, h := range chain {
			for _, got := range h.reads() {
				if c.earliest(s.app, got.asked()).Before(begun.Add(day)) || !steady(s.streams, got.asked(), got.answered()) || h != chain[len(chain)-1] {
					continue
				}
				c.want(got.status() == "started", "a recording that goes on after a day", got.show("status"), got.at)
			}
		}
	}
}

func automaticName(c *Case, s sighting) (string, string, bool) {
	of := c.sessions[s.text("sessionId")]
	if of == nil || of.created.Exchange == nil {
		return "a session of the harness", s.show("sessionId"), false
	}
	form, err := url.ParseQuery(of.created.Exchange.Request.Body.Text)
	if want := form.Get("archiveName"); err == nil && want != "" {
		rewritten := strings.NewReplacer("~", ":", "-", ":", "_", ":").Replace(want)
		return fmt.Sprintf("name %q or %q", want, rewritten), s.show("name"), s.text("name") == want || s.text("name") == rewritten
	}
	return "", "", true
}
