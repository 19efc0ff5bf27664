package course

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// Change is a selection call with what the target must answer.
type Change struct {
	R            evidence.Record
	H            *facts.History // nil for an unknown archive
	Stream       string
	Added        bool
	Fresh        bool // the stream was not in the archive before
	Audio, Video bool
	Full         bool // an addition to a composed archive that holds as many streams as it can (ARC-SEL-08)
	Vain         bool // the removal of a stream that is not in the archive (ARC-SEL-10)
	Codes        []int
}

func (k Change) Done() bool { return slices.Equal(k.Codes, []int{204}) && k.R.Exchange.Status() == 204 }

// Changes returns the selection calls of the harness, in order.
func Changes(f *facts.Facts) []Change {
	type all struct{}
	return facts.Once(f, all{}, func() []Change { return readChanges(f) })
}

func readChanges(f *facts.Facts) []Change {
	var out []Change
	for _, r := range f.Calls(evidence.ChangeArchiveStreams) {
		body, ok := f.Decode(r.Exchange.Request.Body.Text)
		if !ok || !f.Sound(r) {
			continue
		}
		k := Change{R: r, H: f.ByID[r.ArchiveInPath()], Audio: body.Asks("audio"), Video: body.Asks("video")}
		add, remove := body.Text("addStream"), body.Text("removeStream")
		k.Stream, k.Added = add+remove, add != ""
		inside := k.H != nil && holds(out, k)
		k.Fresh = k.Added && !inside
		switch {
		case k.H == nil:
			k.Codes = []int{404}
		case !k.H.IsManual():
			k.Codes = []int{400, 405}
		case (add == "") == (remove == "") || !k.Audio && !k.Video:
			k.Codes = []int{400}
		case !publishedIn(f, k.H, k.Stream):
			k.Codes = []int{404}
		case !k.Added && !inside:
			k.Vain = true
		default:
			k.Codes, k.Full = []int{204}, full(f, out, k)
		}
		out = append(out, k)
	}
	return out
}

// holds reports whether the stream is in the archive after the earlier changes.
func holds(earlier []Change, k Change) bool {
	inside := false
	for _, e := range earlier {
		if e.Done() && e.H == k.H && e.Stream == k.Stream {
			inside = e.Added
		}
	}
	return inside
}

// full reports whether k adds to a composed archive that holds as many pictures or sounds as it can after the earlier
// changes.
func full(f *facts.Facts, earlier []Change, k Change) bool {
	held := map[string]Change{}
	for _, e := range earlier {
		if e.Done() && e.H == k.H {
			held[e.Stream] = e
		}
	}
	var videos, sounds int64
	for _, e := range held {
		if e.Added && e.Video {
			videos++
		}
		if e.Added && e.Audio {
			sounds++
		}
	}
	return k.Fresh && !k.H.IsIndividual() &&
		(k.Video && videos >= f.Number("composed.video-streams.max") || k.Audio && sounds >= f.Number("audio-streams.max"))
}

// publishedIn reports whether the harness published the stream in the session of the archive.
func publishedIn(f *facts.Facts, h *facts.History, stream string) bool {
	s := f.Sessions[h.Start.IDs[evidence.Session]]
	return s != nil && slices.ContainsFunc(s.Streams, func(u facts.Span) bool { return u.By.IDs[evidence.Stream] == stream })
}

// ChosenSpans returns the stretches of real time in which a published track was in the archive, each from the answer to
// one call to the next call.
func ChosenSpans(calls []Change, h *facts.History, u facts.Span) []facts.Span {
	var out []facts.Span
	open := facts.Span{}
	shut := func(at time.Time) {
		if cut, ok := u.Cut(open.From, at); ok && !open.From.IsZero() {
			out = append(out, cut)
		}
		open = facts.Span{}
	}
	for _, k := range calls {
		if !k.Done() || k.H != h || k.Stream != u.By.IDs[evidence.Stream] {
			continue
		}
		wanted := k.Added && (k.Audio && u.By.Published.Kind == "audio" || k.Video && u.By.Published.Kind == "video")
		if wanted && open.From.IsZero() {
			open.From = k.R.Over()
		} else if !wanted {
			shut(k.R.Sent())
		}
	}
	if stop, ok := h.FirstStop(); ok {
		shut(stop.Sent())
	}
	return out
}
