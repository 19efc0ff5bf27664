package journal

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
	"reelcheck/reference/internal/timeline"
)

// TestNotedOnce notes events of every kind twice. Some came too late for the timeline, and some were noted by an
// earlier process.
func TestNotedOnce(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	begin(t, j, "s")
	list := []timeline.Event{
		{Kind: timeline.StreamAdded, At: 10, Stream: "s", Classes: []string{"focus"}, HasAudio: true},
		{Kind: timeline.Recording, At: 20, Archive: "a"},
		{Kind: timeline.Arranged, At: 30, Archive: "a", Layout: new(layouttest.New(layout.Spec{Type: layout.PIP}))},
		{Kind: timeline.Selected, At: 5, Archive: "a", Selection: []timeline.Selection{{Stream: "s", HasAudio: true}}}, // too late
		{Kind: timeline.Selected, At: 5, Archive: "a", Selection: []timeline.Selection{{Stream: "s"}}},
		{Kind: timeline.Skipped, At: 40, Skip: time.Second},
	}
	for range 2 {
		note(t, j, list...)
		note(t, j, list...)
		if got, _, err := j.Events(t.Context(), 0, 0); err != nil || len(got) != len(list) || got[3].At != 30 || got[3].Happened() != 5 {
			t.Fatalf("%v, events %+v", err, got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = open(t, dir)
		list = append(list, timeline.Event{Kind: timeline.StreamRemoved, At: 40, Stream: "s", Reason: ReasonInterrupted})
	}
}

// BenchmarkNote looks for an event among those of a long session.
func BenchmarkNote(b *testing.B) {
	j := open(b, b.TempDir())
	e := timeline.Event{Kind: timeline.Arranged, Archive: "a", Layout: new(layouttest.New(layout.Spec{Type: layout.PIP}))}
	for i := range 10_000 {
		e.At = av.Instant(i)
		key, err := keyOf(e)
		if err != nil {
			b.Fatal(err)
		}
		j.history.apply(e, key)
	}
	for b.Loop() {
		note(b, j, e)
	}
}

// FuzzParseEvent checks that every event that can be parsed can also be written.
func FuzzParseEvent(f *testing.F) {
	for _, text := range []string{
		`{"kind":"streamAdded","at":1,"stream":"s","classes":["focus"],"hasVideo":true}`, `{"kind":"selected","at":1,"archive":"a","selection":[{"stream":"s"}]}`,
		`{"kind":"arranged","at":-1,"archive":"a","layout":{"type":"pip"},"asked":0}`, `{"kind":"skipped","at":1,"skip":3600000000000}`, `{"kind":"x"}`, `null`, `[]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseEvent(text)
		if err != nil {
			return
		}
		written, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseEvent(written); err != nil || again.Kind != got.Kind || again.At != got.At || !reflect.DeepEqual(again.Asked, got.Asked) {
			t.Fatalf("%s: read %+v, written and read again %+v, %v", text, got, again, err)
		}
	})
}
