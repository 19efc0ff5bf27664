package bundle

import (
	"testing"

	"reelcheck/conformance/facts"
	"reelcheck/conformance/media/matroska"
)

func held(spans ...facts.Span) *Stream {
	return &Stream{Due: map[string][]*Due{matroska.Audio: {{Spans: spans}}}}
}

// TestMostAtOnce checks that the stretch in which most streams are recorded ends when the first of them does.
func TestMostAtOnce(t *testing.T) {
	b := &Bundle{Streams: []*Stream{held(span(0, 5)), held(span(0, 9)), held(span(3, 9)), held(span(6, 9)), held()}}
	most, during := b.AtOnce(matroska.Audio)
	if most != 3 {
		t.Errorf("%d at once, want 3", most)
	}
	equal(t, []facts.Span{during}, span(3, 5))
	if most, _ := b.AtOnce(matroska.Video); most != 0 {
		t.Errorf("%d with video", most)
	}
}
