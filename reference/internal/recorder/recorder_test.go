package recorder

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// TestLayoutOnTheTimeline changes classes before and during a composition, and the layout of an archive.
func TestLayoutOnTheTimeline(t *testing.T) {
	r, err := New(Config{Dir: t.TempDir(), Media: func() av.Instant { return 100 }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	defer func() { check(r.Close()) }()
	asked := 0
	_, err = r.Stream(sessions.Publication{SessionID: "S", Stream: archive.Stream{ID: "s", ConnectionID: "c", HasVideo: true, LayoutClasses: []string{"x"}}, At: 10, KeyFrame: func() { asked++ }})
	check(err)
	check(r.Note("S", timeline.Event{Kind: timeline.Classified, Stream: "s", Classes: []string{"focus"}, At: 20}))
	check(r.Note("S", timeline.Event{Kind: timeline.Classified, Stream: "gone", Classes: []string{"focus"}, At: 20}))
	check(r.Note("S", timeline.Event{Kind: timeline.Arranged, Archive: "a", Layout: new(layouttest.New(layout.Spec{Type: layout.PIP})), At: 20})) // no archive is composed, so this does nothing
	a := archive.Archive{ID: "a", SessionID: "S", Resolution: "640x480", HasVideo: true, FirstLayout: layouttest.New(layout.Spec{Type: layout.BestFit})}
	check(r.Compose(t.Context(), a, func(sessions.File, error) {}))
	if asked != 0 {
		t.Errorf("a key frame was asked for before anything was recorded")
	}
	check(r.Note("S", timeline.Event{Kind: timeline.Arranged, Archive: "a", Layout: new(layouttest.New(layout.Spec{Type: layout.PIP})), At: 30}))
	check(r.Note("S", timeline.Event{Kind: timeline.Arranged, Archive: "a", Layout: new(layouttest.New(layout.Spec{Type: layout.PIP})), At: 30})) // repeated, as after a crash
	check(r.Note("S", timeline.Event{Kind: timeline.Classified, Stream: "s", Classes: nil, At: 40}))
	if asked != 3 {
		t.Errorf("key frames were asked for %d times", asked)
	}
	events, _, err := r.session("S").journal.Events(t.Context(), 0, 0)
	check(err)
	var kinds []timeline.Kind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []timeline.Kind{timeline.StreamAdded, timeline.Arranged, timeline.Classified}) {
		t.Fatalf("events %v", kinds)
	}
	if added := events[0]; !slices.Equal(added.Classes, []string{"focus"}) || added.Connection != "c" {
		t.Errorf("added %+v", added)
	}
	if e := events[1]; e.Layout.Spec().Type != layout.PIP || e.At != 30 || events[2].Classes != nil {
		t.Errorf("%+v, %+v", events[1], events[2])
	}
}

// TestFreedPlaceAsksForKeyFrame checks that a key frame is requested at once from a stream that takes a free place. Its file must begin with
// one.
func TestFreedPlaceAsksForKeyFrame(t *testing.T) {
	r, err := New(Config{Dir: t.TempDir(), Media: func() av.Instant { return 100 }, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	asked := map[string]int{}
	for _, id := range []string{"first", "second", "third"} {
		_, err := r.Stream(sessions.Publication{SessionID: "S", Stream: archive.Stream{ID: id, HasAudio: true, HasVideo: true}, KeyFrame: func() { asked[id]++ }})
		must(t, err)
	}
	a := archive.Archive{ID: "a", SessionID: "S", OutputMode: archive.Individual, HasAudio: true, HasVideo: true}
	must(t, r.Compose(t.Context(), a, func(sessions.File, error) {}))
	both := func(id string) timeline.Selection {
		return timeline.Selection{Stream: id, HasAudio: true, HasVideo: true}
	}
	must(t, r.Note("S", timeline.Event{Kind: timeline.Selected, Archive: "a", At: 10, Selection: []timeline.Selection{both("first"), both("second")}}))
	must(t, r.Note("S", timeline.Event{Kind: timeline.Recording, Archive: "a", At: 10}))
	must(t, r.StreamEnded("S", "first", 20, "clientDisconnected"))
	before := asked["third"]
	must(t, r.Note("S", timeline.Event{Kind: timeline.Selected, Archive: "a", At: 20, Selection: []timeline.Selection{both("second"), both("third")}}))
	if asked["third"] != before+1 {
		t.Errorf("%d key frames were asked for when the place was given", asked["third"]-before)
	}
	must(t, r.Note("S", timeline.Event{Kind: timeline.Selected, Archive: "a", At: 30, Selection: []timeline.Selection{both("second"), {Stream: "third", HasAudio: true}}}))
	if asked["third"] != before+1 {
		t.Error("a key frame was asked of a stream whose sound alone is taken")
	}
}

// TestStreamsEnterInTheirOrder checks that older streams have priority, even in an archive that starts when all are published.
func TestStreamsEnterInTheirOrder(t *testing.T) {
	r, err := New(Config{Dir: t.TempDir(), Media: func() av.Instant { return 100 }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var want []string
	for i := range 17 {
		id := fmt.Sprintf("s%02d", i)
		want = append(want, id)
		if _, err := r.Stream(sessions.Publication{SessionID: "S", Stream: archive.Stream{ID: id, HasVideo: true}, At: av.Instant(10 + i/2), KeyFrame: func() {}}); err != nil {
			t.Fatal(err)
		}
	}
	a := archive.Archive{ID: "a", SessionID: "S", Resolution: "640x480", HasVideo: true, FirstLayout: layouttest.New(layout.Spec{Type: layout.BestFit})}
	if err := r.Compose(t.Context(), a, func(sessions.File, error) {}); err != nil {
		t.Fatal(err)
	}
	events, _, err := r.session("S").journal.Events(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.Stream)
	}
	if !slices.Equal(got, want) {
		t.Errorf("entered %v, want %v", got, want)
	}
}

// TestCompositionBeginsWithTheFirstLayout checks that a composition starts with the archive's first layout. The current one comes later on the
// timeline.
func TestCompositionBeginsWithTheFirstLayout(t *testing.T) {
	r := &Recorder{}
	streams := []layout.Stream{{ID: "a"}, {ID: "b"}}
	for _, c := range []struct {
		first layout.Layout
		want  int
	}{{layouttest.New(layout.Spec{Type: layout.PIP}), 1}, {layout.Default, 2}, {layout.Layout{}, 2}} {
		a := archive.Archive{FirstLayout: c.first, Layout: layouttest.New(layout.Spec{Type: layout.VerticalPresentation})}
		if tiles := r.options(a, nil).Layout.Arrange(streams, 640, 480); len(tiles) != c.want {
			t.Errorf("%q: %v", c.first.Spec().Type, tiles)
		}
	}
}

// TestVideoStops checks that a stream that sends no video for a while is marked as stopped, until a frame comes that can be decoded.
func TestVideoStops(t *testing.T) {
	var now av.Instant
	ms := func(n int) av.Instant { return av.Instant(n) * av.Instant(time.Millisecond) }
	r, err := New(Config{Dir: t.TempDir(), Media: func() av.Instant { return now }, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	asked := 0
	sink, err := r.Stream(sessions.Publication{SessionID: "S", Stream: archive.Stream{ID: "s", HasVideo: true, HasAudio: true}, KeyFrame: func() { asked++ }})
	must(t, err)
	must(t, r.Compose(t.Context(), archive.Archive{ID: "a", SessionID: "S", Resolution: "640x480", HasVideo: true}, func(sessions.File, error) {}))
	send := func(codec av.Codec, at int, key bool) {
		t.Helper()
		now = ms(at)
		must(t, sink.Append(av.Sample{Codec: codec, Time: ms(at - 5), Key: key, Data: []byte{1}}))
	}
	rest := func(until int) {
		t.Helper()
		for at := int(now/ms(1)) + 50; at <= until; at += 50 {
			send(av.Opus, at, false)
			must(t, sink.Advance(true, ms(at-1000)))
		}
	}
	send(av.VP8, 100, true)
	rest(1550)
	send(av.VP8, 1560, false) // less than a second and a half has passed
	rest(4000)
	now = ms(4010)
	must(t, sink.Append(av.Sample{Codec: av.VP8, Time: ms(4005), Gap: true, Data: []byte{1}}))
	send(av.VP8, 4050, false)
	send(av.VP8, 4100, true)
	send(av.VP8, 4130, false)
	rest(6000)
	must(t, r.Compose(t.Context(), archive.Archive{ID: "b", SessionID: "S", Resolution: "640x480", HasVideo: true}, func(sessions.File, error) {}))
	events, _, err := r.session("S").journal.Events(t.Context(), 0, 0)
	must(t, err)
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprint(e.Kind, " ", int64(e.At/ms(1))))
	}
	want := []string{"streamAdded 0", "videoStopped 3060", "videoResumed 4095", "videoStopped 5630"}
	if !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if asked != 2 {
		t.Errorf("key frames were asked for %d times", asked)
	}
	// A journal that is opened later has the stop too.
	s := r.session("T")
	s.streams = append(s.streams, &stream{Publication: sessions.Publication{Stream: archive.Stream{ID: "u", HasVideo: true}, At: 7, KeyFrame: func() {}}, now: r.Media, tally: &tally{}, silence: silence{dark: true, stopped: 9}})
	must(t, r.Compose(t.Context(), archive.Archive{ID: "c", SessionID: "T", Resolution: "640x480", HasVideo: true}, func(sessions.File, error) {}))
	events, _, err = r.session("T").journal.Events(t.Context(), 0, 0)
	must(t, err)
	if len(events) != 2 || events[1].Kind != timeline.VideoStopped || events[1].At != 9 {
		t.Errorf("events of a journal that begins while the video is stopped: %+v", events)
	}
}
