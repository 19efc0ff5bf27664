package archive

import (
	"fmt"
	"slices"
	"testing"
)

func individual(id string, change func(*StartRequest)) Event {
	r := StartRequest{SessionID: "S", OutputMode: Individual}
	if change != nil {
		change(&r)
	}
	return Start{ArchiveID: id, Request: valid(r), PreferredVideoCodec: "H264"}
}

func TestIndividual(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), publish("s", "c"), individual("a", nil))
	a := p.archive("a")
	if a.OutputMode != Individual || a.Resolution != "" || a.Layout.Spec().Type != "" || a.PreferredVideoCodec != "H264" {
		t.Errorf("%+v", a)
	}
	if w, h := a.Canvas(); w != 0 || h != 0 {
		t.Errorf("canvas %dx%d", w, h)
	}
	p.do(Stop{"a"}, Finish{"a", 100, ""})
	if a := p.archive("a"); !a.FileReady || !a.NeedsJournal() {
		t.Errorf("%+v", a)
	}
}

// TestFifty publishes more streams than an individual archive can take. The first ones are recorded; when one of them leaves, the stream that
// has waited longest takes its place (ARC-IND-03).
func TestFifty(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), individual("a", nil))
	for i := range MaxVideoStreams {
		p.do(publish(fmt.Sprint("s", i), "c"))
	}
	if !slices.ContainsFunc(p.effects, func(e Effect) bool { return e.Kind == DoSelect && len(e.Archive.Streams) == MaxVideoStreams }) {
		t.Error("the recorder does not hear that all places are taken") // the next stream would be too late
	}
	p.do(publish("s50", "c"), publish("s51", "c"))
	want := func(beyond ...string) {
		t.Helper()
		a := p.archive("a")
		var out []string
		for _, st := range p.s.Streams {
			if !slices.ContainsFunc(a.Streams, Inclusion{StreamID: st.ID}.same) {
				out = append(out, st.ID)
			}
		}
		if !slices.Equal(out, beyond) || len(a.Streams) > MaxVideoStreams {
			t.Errorf("%d streams in the archive; left out %v, want %v", len(a.Streams), out, beyond)
		}
	}
	want("s50", "s51")
	p.effects = nil
	p.do(unpublish("s10"))
	want("s51")
	told := slices.ContainsFunc(p.effects, func(e Effect) bool {
		return e.Kind == DoSelect && slices.ContainsFunc(e.Archive.Streams, Inclusion{StreamID: "s50"}.same)
	})
	if !told {
		t.Error("the recorder does not hear of the stream that was let in")
	}
	p.do(unpublish("s11"), unpublish("s12"))
	want()
	if a := p.archive("a"); a.Status != Started {
		t.Errorf("status %s", a.Status)
	}
}

// TestFiftyOfAKind counts audio and video apart: a stream over the limit of one kind is recorded with the other kind only.
func TestFiftyOfAKind(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), individual("a", nil))
	for i := range MaxVideoStreams {
		p.do(Publish{Stream{ID: fmt.Sprint("v", i), ConnectionID: "c", HasVideo: true}})
	}
	p.do(publish("both", "c"), Publish{Stream{ID: "video", ConnectionID: "c", HasVideo: true}})
	a := p.archive("a")
	if last := a.Streams[len(a.Streams)-1]; last != (Inclusion{StreamID: "both", HasAudio: true}) || len(a.Streams) != MaxVideoStreams+1 {
		t.Errorf("%d streams, the last %+v", len(a.Streams), last)
	}
}

// TestFiftySelected checks that a call for a stream without a free place is refused and changes nothing.
func TestFiftySelected(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), individual("a", func(r *StartRequest) { r.StreamMode = Manual }))
	for i := range MaxVideoStreams + 1 {
		p.do(publish(fmt.Sprint("s", i), "c"))
	}
	for i := range MaxVideoStreams {
		p.do(AddStream{"a", Inclusion{fmt.Sprint("s", i), true, true}})
	}
	if err := p.try(AddStream{"a", Inclusion{"s50", true, true}}); err == nil || err.(*Error).Kind != Conflict {
		t.Errorf("the 51st: %v", err)
	}
	p.do(AddStream{"a", Inclusion{"s3", true, false}}, AddStream{"a", Inclusion{"s50", false, true}}) // s3 frees its video place
	if a := p.archive("a"); len(a.Streams) != MaxVideoStreams+1 {
		t.Errorf("%d streams", len(a.Streams))
	}
}
