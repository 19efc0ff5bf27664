package check

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var selectionChecks = []Check{
	{"ARC-SEL-03", in(selection), onlyChosen},
	{"ARC-SEL-04", in(selection), addedAndRemoved},
	{"ARC-SEL-05", in(selection), partsChosen},
	{"ARC-SEL-08", in(selection), changesAnswered(204)},
	{"ARC-SEL-09", in(refusals), changesAnswered(400, 405)},
	{"ARC-SEL-10", in(selection), changesAnswered(404)},
	{"ARC-SEL-11", in(selection), changesAnswered(400)},
	{"ARC-SIM-04", in(selection), ownStreams},
}

// change is a selection call with what the target has to answer to it.
type change struct {
	r            evidence.Record
	h            *history // nil for an unknown archive
	stream       string
	added        bool
	fresh        bool // the stream was not in the archive
	audio, video bool
	codes        []int
}

func (k change) done() bool { return slices.Equal(k.codes, []int{204}) && k.r.Exchange.Status() == 204 }

// changes are the selection calls of the harness, in order.
func (c *Case) changes() []change {
	var out []change
	for _, r := range c.calls("changeArchiveStreams") {
		body, ok := c.decode(r.Exchange.Request.Body.Text)
		if !ok || !c.sound(r) {
			continue
		}
		k := change{r: r, h: c.byID[archiveInPath(r)], audio: body["hasAudio"] != false, video: body["hasVideo"] != false}
		add, remove := body.text("addStream"), body.text("removeStream")
		k.stream, k.added = add+remove, add != ""
		inside := k.h != nil && c.holds(out, k)
		k.fresh = k.added && !inside
		switch {
		case k.h == nil:
			k.codes = []int{404}
		case k.h.request.text("streamMode") != "manual":
			k.codes = []int{400, 405}
		case (add == "") == (remove == "") || !k.audio && !k.video:
			k.codes = []int{400}
		case !c.publishedIn(k.h, k.stream) || !k.added && !inside:
			k.codes = []int{404}
		default:
			k.codes = []int{204}
		}
		out = append(out, k)
	}
	return out
}

// holds tells whether the stream is in the archive after the changes so far.
func (c *Case) holds(earlier []change, k change) bool {
	inside := false
	for _, e := range earlier {
		if e.done() && e.h == k.h && e.stream == k.stream {
			inside = e.added
		}
	}
	return inside
}

// publishedIn: the harness published the stream in the session of the archive.
func (c *Case) publishedIn(h *history, stream string) bool {
	s := c.sessions[h.start.IDs[evidence.Session]]
	return s != nil && slices.ContainsFunc(s.streams, func(u span) bool { return u.by.IDs[evidence.Stream] == stream })
}

func changesAnswered(codes ...int) func(*Case) {
	return func(c *Case) {
		for _, k := range c.changes() {
			if slices.Equal(k.codes, codes) {
				c.status(k.r, codes...)
			}
		}
	}
}

// chosen is a published track in an archive of chosen streams: the stretches of the file that have to hold it, none if it was not chosen.
type chosen struct {
	by    evidence.Record
	takes []take
}

// selections are the files of archives with chosen streams, with all tracks of their sessions.
func (c *Case) selections(each func(x exhibit, tracks []chosen)) {
	for _, h := range c.startedArchives() {
		s := c.sessions[h.start.IDs[evidence.Session]]
		if h.request.text("streamMode") != "manual" || s == nil || len(h.media) == 0 {
			continue
		}
		r := h.media[len(h.media)-1]
		f, ok := c.file(r)
		if !ok {
			c.wrong("a readable MP4 file", fileKind(r, f), r)
			continue
		}
		each(exhibit{history: h, file: f, r: r}, c.tracksOf(h, s))
	}
}

func (c *Case) tracksOf(h *history, s *session) []chosen {
	spans := map[string][]span{} // by stream and kind
	var all []span
	for _, u := range s.streams {
		key := u.by.IDs[evidence.Stream] + " " + u.by.Published.Kind
		spans[key] = c.chosenSpans(h, u)
		all = append(all, spans[key]...)
	}
	recorded := union(all)
	var out []chosen
	for _, u := range s.streams {
		track := chosen{by: u.by}
		for _, p := range spans[u.by.IDs[evidence.Stream]+" "+u.by.Published.Kind] {
			t := take{Published: *u.by.Published, r: u.by, from: fileTime(recorded, p.from), to: fileTime(recorded, p.to)}
			track.takes = append(track.takes, t)
		}
		out = append(out, track)
	}
	return out
}

// chosenSpans are the stretches of real time in which a published track was in the archive, from the answer to a call to the next one.
func (c *Case) chosenSpans(h *history, u span) []span {
	var out []span
	open := span{}
	shut := func(at time.Time) {
		if cut, ok := u.cut(open.from, at); ok && !open.from.IsZero() {
			out = append(out, cut)
		}
		open = span{}
	}
	for _, k := range c.changes() {
		if !k.done() || k.h != h || k.stream != u.by.IDs[evidence.Stream] {
			continue
		}
		wanted := k.added && (k.audio && u.by.Published.Kind == "audio" || k.video && u.by.Published.Kind == "video")
		if wanted && open.from.IsZero() {
			open.from = over(k.r)
		} else if !wanted {
			shut(sent(k.r))
		}
	}
	if stop, ok := h.firstStop(); ok {
		shut(sent(stop))
	}
	return out
}

// onlyChosen: what was not chosen is nowhere, and before the first call nothing is.
func onlyChosen(c *Case) {
	c.selections(func(x exhibit, tracks []chosen) {
		for _, t := range tracks {
			if found := x.showing(take{Published: *t.by.Published}); len(t.takes) == 0 {
				c.want(len(found) == 0, fmt.Sprintf("%s of %s, which was not chosen, nowhere", t.by.Published.Kind, t.by.Published.Client), describe(found), x.r, t.by)
			}
		}
		c.wholly(x, tracks, func(chosen) bool { return true })
	})
	c.streamsShown(func(k change) bool { return k.added })
}

// wholly wants the chosen tracks in the file for as long as they were chosen.
func (c *Case) wholly(x exhibit, tracks []chosen, which func(chosen) bool) {
	edge := c.limit("tolerance.stream-edge").Seconds()
	for _, track := range tracks {
		for _, t := range track.takes {
			if spans := x.showing(t); which(track) && t.to-t.from >= 1 && !c.excused(t.missing(spans, edge) < blink, c.limit("tolerance.stream-edge"), t) {
				c.want(t.missing(spans, edge) < blink, fmt.Sprintf("%s of %s from %.1f to %.1f s", t.Kind, t.Client, t.from, t.to), describe(spans), x.r, t.r)
			}
		}
	}
}

// addedAndRemoved: there from the addition, gone from the removal on.
func addedAndRemoved(c *Case) {
	edge := c.limit("tolerance.stream-edge").Seconds()
	c.selections(func(x exhibit, tracks []chosen) {
		c.wholly(x, tracks, func(chosen) bool { return true })
		for _, track := range tracks {
			if len(track.takes) != 1 {
				continue
			}
			t, first, last := track.takes[0], math.Inf(1), 0.0
			for _, s := range x.showing(t) {
				first, last = math.Min(first, s.From), math.Max(last, s.To)
			}
			c.want(first >= t.from-edge && last <= t.to+edge, fmt.Sprintf("%s of %s only from %.1f to %.1f s", t.Kind, t.Client, t.from, t.to),
				fmt.Sprintf("there from %.1f to %.1f s", first, last), x.r, t.r)
		}
	})
	c.streamsShown(func(change) bool { return true })
}

// streamsShown holds streams of the read that follows a change against the changes so far.
func (c *Case) streamsShown(which func(change) bool) {
	all := c.changes()
	for i, k := range all {
		if !k.done() || !which(k) {
			continue
		}
		next, ok := k.h.nextSeen(k.r)
		if !ok || next.status() != "started" {
			continue
		}
		var want []string
		for _, s := range c.sessions[k.h.start.IDs[evidence.Session]].streams {
			id := s.by.IDs[evidence.Stream]
			if last, in := newest(all[:i+1], k.h, id); in && !slices.Contains(want, last) {
				want = append(want, last)
			}
		}
		var got []string
		list, _ := next.object["streams"].([]any)
		for _, item := range list {
			o, _ := item.(map[string]any)
			got = append(got, fmt.Sprintf("%s %v %v", short(object(o).text("streamId")), o["hasAudio"], o["hasVideo"]))
		}
		slices.Sort(want)
		slices.Sort(got)
		c.want(slices.Equal(got, want), "streams "+strings.Join(want, ", "), strings.Join(got, ", "), k.r, next.at)
	}
}

// newest is how the last change left a stream of an archive.
func newest(changes []change, h *history, stream string) (shown string, in bool) {
	for _, k := range changes {
		if k.done() && k.h == h && k.stream == stream {
			shown, in = fmt.Sprintf("%s %v %v", short(stream), k.audio, k.video), k.added
		}
	}
	return shown, in
}

// partsChosen judges streams of which only a part was chosen, and those of which nothing was said.
func partsChosen(c *Case) {
	c.selections(func(x exhibit, tracks []chosen) {
		for _, k := range c.changes() {
			if !k.done() || !k.added || k.h != x.history {
				continue
			}
			for _, t := range tracks {
				if t.by.IDs[evidence.Stream] != k.stream {
					continue
				}
				c.wholly(x, []chosen{t}, func(chosen) bool { return true })
				if found := x.showing(take{Published: *t.by.Published}); len(t.takes) == 0 {
					c.want(len(found) == 0, fmt.Sprintf("no %s of %s", t.by.Published.Kind, t.by.Published.Client), describe(found), x.r, t.by, k.r)
				}
			}
		}
	})
}

// ownStreams: two archives of a session recorded at once, each with what was chosen for it.
func ownStreams(c *Case) {
	recorded := map[string]int{}
	c.selections(func(x exhibit, _ []chosen) { recorded[x.start.IDs[evidence.Session]]++ })
	c.selections(func(x exhibit, tracks []chosen) {
		if recorded[x.start.IDs[evidence.Session]] < 2 {
			return
		}
		c.wholly(x, tracks, func(chosen) bool { return true })
		for _, t := range tracks {
			if found := x.showing(take{Published: *t.by.Published}); len(t.takes) == 0 {
				c.want(len(found) == 0, fmt.Sprintf("%s of %s not in archive %s", t.by.Published.Kind, t.by.Published.Client, short(x.id)), describe(found), x.r, t.by)
			}
		}
	})
}
