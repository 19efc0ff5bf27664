package content

import (
	"reflect"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/media"
)

// TestResumption checks from when on what is published after a pause has to be in the file.
func TestResumption(t *testing.T) {
	zero := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return zero.Add(seconds(s)) }
	shown := func(status string, s float64, via evidence.Operation) facts.Sighting {
		r := evidence.Record{Time: at(s)}
		if via != facts.ViaCallback {
			r.Exchange = &evidence.Exchange{Started: at(s)}
		}
		return facts.Sighting{Object: jsonvalue.Object{"status": status}, Via: via, At: r}
	}
	x := Recording{History: &facts.History{}, Expected: Expected{Pieces: Pieces{
		{Span: facts.Span{From: at(0), To: at(5)}}, {Span: facts.Span{From: at(10), To: at(20)}}}}}
	for name, c := range map[string]struct {
		seen, hooks []facts.Sighting
		want        time.Time
	}{
		"never shown":          {},
		"still paused":         {[]facts.Sighting{shown("paused", 11, evidence.GetArchive)}, nil, time.Time{}},
		"before the pause":     {[]facts.Sighting{shown("started", 4, evidence.GetArchive)}, []facts.Sighting{shown("started", 1, facts.ViaCallback)}, time.Time{}},
		"read in the pause":    {[]facts.Sighting{shown("started", 6, evidence.GetArchive)}, nil, time.Time{}},
		"read":                 {[]facts.Sighting{shown("started", 12, evidence.GetArchive)}, nil, at(12)},
		"told, and then read":  {[]facts.Sighting{shown("started", 12, evidence.GetArchive)}, []facts.Sighting{shown("started", 11, facts.ViaCallback)}, at(11)},
		"told before anything": {nil, []facts.Sighting{shown("started", 9.9, facts.ViaCallback)}, at(10)},
		"told too late":        {nil, []facts.Sighting{shown("started", 21, facts.ViaCallback)}, time.Time{}},
	} {
		x.Seen, x.Hooks = c.seen, c.hooks
		if got, _ := x.Resumption(1); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got, _ := x.Resumption(0); !got.IsZero() {
		t.Errorf("the first piece goes on at %v", got)
	}
}

// TestSilences checks that a track is silent between its stretches, and at the end if it is muted then.
func TestSilences(t *testing.T) {
	zero := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return zero.Add(seconds(s)) }
	for name, c := range map[string]struct {
		there []expect.Stretch
		muted []evidence.Span
		want  []expect.Stretch
	}{
		"never":              {there: []expect.Stretch{{From: 0, To: 10}}},
		"in the middle":      {[]expect.Stretch{{From: 0, To: 4}, {From: 6, To: 10}}, []evidence.Span{{From: at(4), To: at(6)}}, []expect.Stretch{{From: 4, To: 6}}},
		"for good":           {[]expect.Stretch{{From: 0, To: 7}}, []evidence.Span{{From: at(7)}}, []expect.Stretch{{From: 7, To: 10}}},
		"until the end":      {[]expect.Stretch{{From: 0, To: 7}}, []evidence.Span{{From: at(7), To: at(11)}}, []expect.Stretch{{From: 7, To: 10}}},
		"from the beginning": {[]expect.Stretch{{From: 3, To: 10}}, []evidence.Span{{From: at(-2), To: at(3)}}, []expect.Stretch{{From: 0, To: 3}}},
		"it ends before":     {there: []expect.Stretch{{From: 0, To: 7}}},
	} {
		source := Source{By: evidence.Record{Published: &evidence.Published{Muted: c.muted}}, Spans: []facts.Span{{From: at(0), To: at(10)}}}
		x := Recording{File: File{Report: media.Report{Duration: 10}}, Expected: Expected{Sources: []Source{source},
			Timeline: expect.Timeline{Tracks: []expect.Track{{There: c.there}}}}}
		if got := x.Silences(0); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestStillScreens checks that a screen that sends nothing is in the picture, unless its client has no network.
func TestStillScreens(t *testing.T) {
	zero := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return zero.Add(seconds(s)) }
	silent := evidence.Published{Kind: "video", Muted: []evidence.Span{{From: at(2), To: at(4)}, {From: at(6), To: at(7)}}, Away: []evidence.Span{{From: at(6), To: at(7)}}}
	pieces := PiecesOf([]facts.Span{recordedSpan(0, 10*time.Second)})
	pieces[0].From, pieces[0].To, pieces[0].Zero = zero, at(10), zero
	for kind, want := range map[string][]expect.Stretch{
		"":       {{From: 2, To: 4}, {From: 6, To: 7}},
		"custom": {{From: 2, To: 4}, {From: 6, To: 7}},
		"screen": {{From: 6, To: 7}},
	} {
		silent.VideoType = kind
		if got := mutes(evidence.Record{Published: &silent}, pieces); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", kind, got, want)
		}
		if still := (Due{Published: silent}).Still(); still != (kind == "screen") {
			t.Errorf("%q: still %v", kind, still)
		}
	}
}

// TestMutesOfLatePublishers checks that a mute begins when the last of what was sent had left.
func TestMutesOfLatePublishers(t *testing.T) {
	zero := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return zero.Add(seconds(s)) }
	p := evidence.Published{Kind: "video", Muted: []evidence.Span{{From: at(2), To: at(5)}, {From: at(7), To: at(7.1)}}, Late: 200 * time.Millisecond}
	got := mutes(evidence.Record{Published: &p}, PiecesOf([]facts.Span{{From: at(0), To: at(10)}}))
	if want := []expect.Stretch{{From: 2.2, To: 5}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
