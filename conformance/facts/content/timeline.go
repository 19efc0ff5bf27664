package content

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/layout"
	"reelcheck/spec"
)

// Source is a published track with the spans in which an archive may hold it.
type Source struct {
	By    evidence.Record
	Spans []facts.Span // in order
}

// TimelineOf returns what an archive must show and sound like, from sources. Its times count in the file that holds the
// pieces. It leaves out tracks of a kind that the archive was not asked to hold.
func TimelineOf(f *facts.Facts, h *facts.History, sources []Source, pieces Pieces) expect.Timeline {
	p := expect.Timeline{Ledger: f.Ledger, Size: sizeOf(f, h), Layout: spec.Layout{Type: "bestFit"},
		Settle: f.Limit("tolerance.stream-edge").Seconds(), Obey: f.Limit("tolerance.layout-change").Seconds(),
		Slack: f.Limit("tolerance.waiting").Seconds(), Short: f.Limit("tolerance.short.phase").Seconds()}
	if given, ok := h.Request["layout"].(map[string]any); ok {
		p.Layout = layoutOf(given)
	}
	for _, source := range sources {
		t := expect.Track{Stream: source.By.IDs[evidence.Stream], Client: source.By.IDs[evidence.Connection], Video: source.By.Published.Kind == "video",
			Screen: screen(*source.By.Published), Classes: strings.Fields(source.By.Published.Classes)}
		for _, s := range source.Spans {
			t.There = append(t.There, expect.Without(stretch(pieces, s.From, s.To), mutes(source.By, pieces))...)
		}
		p.Tracks = append(p.Tracks, t)
	}
	p.Changes = changes(f, h, pieces)
	return p
}

func sizeOf(f *facts.Facts, h *facts.History) (s layout.Size) {
	text := h.Request.Text("resolution")
	if text == "" {
		l, _ := f.Ledger.List("resolution")
		text = l.Default
	}
	_, _ = fmt.Sscanf(text, "%dx%d", &s.Width, &s.Height) // an unknown size has no pictures
	return s
}

func layoutOf(o jsonvalue.Object) spec.Layout {
	return spec.Layout{Type: o.Text("type"), Stylesheet: o.Text("stylesheet"), ScreenshareType: o.Text("screenshareType")}
}

func stretch(pieces Pieces, from, to time.Time) expect.Stretch {
	return expect.Stretch{From: pieces.Time(from), To: pieces.Time(to)}
}

func screen(p evidence.Published) bool { return p.Kind == "video" && p.VideoType == "screen" }

// forever is longer than any recording. It is no limit.
const forever = 24 * time.Hour

// mutes returns the stretches in which nothing of a track was sent. What left late is missed late. Where it is a screen's picture, silence says only
// that nothing moves on it.
func mutes(r evidence.Record, pieces Pieces) []expect.Stretch {
	var out []expect.Stretch
	silent := r.Published.Muted
	if screen(*r.Published) {
		silent = r.Published.Away
	}
	for _, m := range silent {
		if m.To.IsZero() {
			m.To = r.Published.Last.Add(forever)
		}
		if from := m.From.Add(r.Published.Late); from.Before(m.To) {
			out = append(out, stretch(pieces, from, m.To))
		}
	}
	return out
}

// changes returns the calls that changed the layout of an archive or the classes of its session's streams.
func changes(f *facts.Facts, h *facts.History, pieces Pieces) []expect.Change {
	var out []expect.Change
	session := h.Start.IDs[evidence.Session]
	calls := slices.Concat(f.Calls(evidence.SetArchiveLayout), f.Calls(evidence.SetStreamClasses))
	slices.SortStableFunc(calls, func(a, b evidence.Record) int { return a.Over().Compare(b.Over()) })
	for _, r := range calls {
		body, ok := f.Decode(r.Exchange.Request.Body.Text)
		if !ok || !f.Sound(r) || r.Exchange.Status() < 200 || r.Exchange.Status() > 299 {
			continue
		}
		at := stretch(pieces, r.Sent(), r.Over())
		if r.Exchange.Operation == evidence.SetArchiveLayout {
			if r.IDs[evidence.Archive] == h.ID {
				l := layoutOf(body)
				out = append(out, expect.Change{Stretch: at, Layout: &l})
			}
			continue
		}
		if r.IDs[evidence.Session] != session {
			continue
		}
		for id, classes := range facts.InOrder(Classes(body)) {
			out = append(out, expect.Change{Stretch: at, Stream: id, Classes: classes})
		}
	}
	return out
}

// Classes returns the classes in a list of streams, by stream id.
func Classes(body jsonvalue.Object) map[string][]string {
	out := map[string][]string{}
	items, _ := body["items"].([]any)
	for _, item := range items {
		o, _ := item.(map[string]any)
		id := jsonvalue.Object(o).Text("id")
		list, _ := o["layoutClassList"].([]any)
		out[id] = []string{}
		for _, class := range list {
			out[id] = append(out[id], fmt.Sprint(class))
		}
	}
	return out
}

// Added returns sources sorted by when their streams were published.
func Added(sources []Source) []Source {
	first := map[string]time.Time{}
	for _, p := range sources {
		id, at := p.By.IDs[evidence.Stream], p.By.Published.First
		if old, known := first[id]; !known || at.Before(old) {
			first[id] = at
		}
	}
	ordered := slices.Clone(sources)
	slices.SortStableFunc(ordered, func(a, b Source) int {
		return first[a.By.IDs[evidence.Stream]].Compare(first[b.By.IDs[evidence.Stream]])
	})
	return ordered
}
