package recorder

import (
	"log/slog"
	"slices"
	"testing"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/control"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
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
	_, err = r.Stream(control.Publication{SessionID: "S", StreamID: "s", ConnectionID: "c", At: 10, HasVideo: true,
		LayoutClasses: []string{"x"}, KeyFrame: func() { asked++ }})
	check(err)
	check(r.Classify("S", "s", []string{"focus"}, 20))
	check(r.Classify("S", "gone", []string{"focus"}, 20))
	check(r.Arrange("S", "a", layout.Spec{Type: layout.PIP}, 20)) // not composed: nothing to do
	a := archive.Archive{ID: "a", SessionID: "S", Resolution: "640x480", HasVideo: true, FirstLayout: layout.Spec{Type: layout.BestFit}}
	check(r.Compose(t.Context(), a, func(control.File, error) {}))
	if asked != 0 {
		t.Errorf("a key frame was asked for before anything was recorded")
	}
	check(r.Arrange("S", "a", layout.Spec{Type: layout.PIP}, 30))
	check(r.Arrange("S", "a", layout.Spec{Type: layout.PIP}, 30)) // again, after a crash
	check(r.Classify("S", "s", nil, 40))
	if asked != 3 {
		t.Errorf("key frames were asked for %d times", asked)
	}
	events, _, err := r.session("S").journal.Events(t.Context(), 0, 0)
	check(err)
	var kinds []journal.Kind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []journal.Kind{journal.StreamAdded, journal.Arranged, journal.Classified}) {
		t.Fatalf("events %v", kinds)
	}
	if added := events[0]; !slices.Equal(added.Classes, []string{"focus"}) || added.Connection != "c" {
		t.Errorf("added %+v", added)
	}
	if e := events[1]; e.Layout.Type != layout.PIP || e.At != 30 || events[2].Classes != nil {
		t.Errorf("%+v, %+v", events[1], events[2])
	}
}

// TestCompositionBeginsWithTheFirstLayout: the current one is on the timeline, and would be too early.
func TestCompositionBeginsWithTheFirstLayout(t *testing.T) {
	r := &Recorder{}
	streams := []layout.Stream{{ID: "a"}, {ID: "b"}}
	for first, want := range map[layout.Type]int{layout.PIP: 1, layout.BestFit: 2, "": 2} {
		a := archive.Archive{FirstLayout: layout.Spec{Type: first}, Layout: layout.Spec{Type: layout.VerticalPresentation}}
		if tiles := r.options(a, nil).Layout.Arrange(streams, 640, 480); len(tiles) != want {
			t.Errorf("%q: %v", first, tiles)
		}
	}
}
