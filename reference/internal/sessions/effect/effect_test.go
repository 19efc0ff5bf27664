package effect

import (
	"reflect"
	"testing"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

// TestWhatACrashMayLose checks for each kind of effect whether it survives a crash, and whether the archive fails with it.
func TestWhatACrashMayLose(t *testing.T) {
	for kind, want := range map[archive.EffectKind]struct{ durable, recording bool }{
		archive.DoAnnounce:      {},                // a job
		archive.DoStreamAdded:   {},                // a job
		archive.DoStreamRemoved: {},                // a job
		archive.DoUpload:        {},                // a job
		archive.DoExpire:        {},                // a job
		archive.DoNotify:        {},                // its clients are gone after a crash
		archive.DoClose:         {},                // its client is gone after a crash
		archive.DoCompose:       {recording: true}, // begins anew with the state
		archive.DoSelect:        {durable: true, recording: true},
		archive.DoRecord:        {durable: true, recording: true},
		archive.DoPause:         {durable: true, recording: true},
		archive.DoStop:          {durable: true, recording: true},
		archive.DoArrange:       {durable: true}, // the file has another layout
		archive.DoClassify:      {},              // its stream is gone after a crash
		archive.DoErase:         {durable: true},
		archive.DoDiscard:       {durable: true},
	} {
		if got := Durable(kind); got != want.durable {
			t.Errorf("%s: durable %v, want %v", kind, got, want.durable)
		}
		if got := Recording(kind); got != want.recording {
			t.Errorf("%s: the archive needs it %v, want %v", kind, got, want.recording)
		}
	}
}

func TestEvents(t *testing.T) {
	pip, err := layout.New(layout.Spec{Type: layout.PIP})
	if err != nil {
		t.Fatal(err)
	}
	film := archive.Archive{ID: "film", Layout: pip,
		Streams: []archive.Inclusion{{StreamID: "a", HasAudio: true}, {StreamID: "b", HasVideo: true}}}
	stream := archive.Stream{ID: "a", LayoutClasses: []string{"full"}}
	for kind, want := range map[archive.EffectKind]timeline.Event{
		archive.DoRecord:   {Kind: timeline.Recording},
		archive.DoPause:    {Kind: timeline.Paused},
		archive.DoStop:     {Kind: timeline.Stopped},
		archive.DoSelect:   {Kind: timeline.Selected, Selection: []timeline.Selection{{Stream: "a", HasAudio: true}, {Stream: "b", HasVideo: true}}},
		archive.DoArrange:  {Kind: timeline.Arranged, Layout: &pip},
		archive.DoClassify: {Kind: timeline.Classified, Stream: "a", Classes: []string{"full"}},
	} {
		want.At, want.Archive = 7, "film"
		got, ok := Event(archive.Effect{Kind: kind, Archive: film, Stream: stream}, av.Instant(7))
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", kind, got, ok, want)
		}
	}
	for _, kind := range []archive.EffectKind{archive.DoAnnounce, archive.DoNotify, archive.DoCompose, archive.DoUpload, archive.DoDiscard} {
		if got, ok := Event(archive.Effect{Kind: kind, Archive: film}, 7); ok {
			t.Errorf("%s: got %+v, want no event", kind, got)
		}
	}
}
