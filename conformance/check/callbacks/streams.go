package callbacks

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/jsonvalue"
)

// entry is an item of streams in a callback.
type entry struct {
	id           string
	audio, video bool
}

func (e entry) has(kind string) bool { return kind == "audio" && e.audio || kind == "video" && e.video }

// entries returns the items of streams, which may be absent. ok is false when an item is malformed.
func entries(s facts.Sighting) (list []entry, ok bool) {
	items, isArray := s.Object["streams"].([]any)
	ok = isArray || s.Object["streams"] == nil
	for _, item := range items {
		m, _ := item.(map[string]any)
		o := jsonvalue.Object(m)
		audio, hasAudio := o["hasAudio"].(bool)
		video, hasVideo := o["hasVideo"].(bool)
		ok = ok && o.Text("streamId") != "" && hasAudio && hasVideo
		list = append(list, entry{o.Text("streamId"), audio, video})
	}
	return list, ok
}

// callbackStreams checks the shape of the items of the array, and their values where the harness knows what is recorded.
func callbackStreams(c *check.Case, h *facts.History, s facts.Sighting) (string, string, bool) {
	list, ok := entries(s)
	session := c.Sessions[h.Start.IDs[evidence.Session]]
	if !ok || session == nil || s.Status() != "started" || s.Object["streams"] == nil {
		return "streams of streamId, hasAudio, hasVideo", s.Show("streams"), ok
	}
	bad := unexpected(c, h, s, session, list)
	if !h.IsManual() {
		bad = append(bad, missing(c, h, s, session, list)...)
	}
	return "streams with what was recorded of each", s.Show("streams") + ": " + strings.Join(bad, ", "), len(bad) == 0
}

// unexpected returns what a callback names that cannot be recorded: a stream that was not there or not chosen, and tracks
// that were not published or not asked for.
func unexpected(c *check.Case, h *facts.History, s facts.Sighting, session *facts.Session, list []entry) []string {
	var bad []string
	from := h.Start.Sent().Add(-c.Limit("tolerance.stream-change"))
	for i, e := range list {
		if slices.ContainsFunc(list[:i], func(other entry) bool { return other.id == e.id }) {
			bad = append(bad, facts.Short(e.id)+" twice")
		}
		if !facts.AnyDuring(tracks(session, e.id, ""), from, s.At.Time) || h.IsManual() && !chosen(c, h, s, e.id, "") {
			bad = append(bad, facts.Short(e.id)+", which was not to be recorded")
			continue
		}
		for _, kind := range []string{"audio", "video"} {
			if e.has(kind) && (!h.Request.Asks(kind) || h.IsManual() && !chosen(c, h, s, e.id, kind) || !h.IsManual() && len(tracks(session, e.id, kind)) == 0) {
				bad = append(bad, kind+" of "+facts.Short(e.id)+", which was not to be recorded")
			}
		}
	}
	return bad
}

// missing returns what was surely recorded by an archive of all streams, but is not in the callback: tracks that were
// published without a break since long before the start, unless there were more than the archive holds.
func missing(c *check.Case, h *facts.History, s facts.Sighting, session *facts.Session, list []entry) []string {
	var bad []string
	from := h.Start.Sent().Add(-c.Limit("tolerance.stream-change"))
	most := map[string]string{"audio": "audio-streams.max", "video": "composed.video-streams.max"}
	if h.IsIndividual() {
		most["video"] = "individual.video-streams.max"
	}
	for kind, limit := range facts.InOrder(most) {
		var there []facts.Span
		for _, u := range session.Streams {
			if u.By.Published.Kind == kind && facts.AnyDuring([]facts.Span{u}, from, s.At.Time) {
				there = append(there, u)
			}
		}
		if !h.Request.Asks(kind) || int64(len(there)) > c.Number(limit) {
			continue
		}
		for _, u := range there {
			id := u.By.IDs[evidence.Stream]
			named := slices.ContainsFunc(list, func(e entry) bool { return e.id == id && e.has(kind) })
			if !named && facts.Steady([]facts.Span{u}, from, s.At.Time) && len(u.By.Published.Muted)+len(u.By.Published.Away) == 0 {
				bad = append(bad, fmt.Sprintf("no %s of %s", kind, facts.Short(id)))
			}
		}
	}
	return bad
}

// tracks returns the tracks of a stream, of one kind or of any.
func tracks(session *facts.Session, stream, kind string) []facts.Span {
	var out []facts.Span
	for _, u := range session.Streams {
		if u.By.IDs[evidence.Stream] == stream && (kind == "" || u.By.Published.Kind == kind) {
			out = append(out, u)
		}
	}
	return out
}

// chosen reports whether a stream, or its part of a kind, was added to the archive before the callback came.
func chosen(c *check.Case, h *facts.History, s facts.Sighting, stream, kind string) bool {
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		part := kind == "" || kind == "audio" && k.Audio || kind == "video" && k.Video
		return k.H == h && k.Stream == stream && k.Added && part && k.Done() && k.R.Sent().Before(s.At.Time)
	})
}
