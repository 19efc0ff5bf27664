package bundle

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media/matroska"
)

var epoch = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return epoch.Add(time.Duration(seconds * float64(time.Second)))
}

func span(from, to float64) facts.Span { return facts.Span{From: at(from), To: at(to)} }

func publishedAs(p evidence.Published) *Due {
	return &Due{By: evidence.Record{Published: &p}}
}

func show(spans []facts.Span) (out []string) {
	for _, s := range spans {
		out = append(out, s.From.Sub(epoch).String()+" to "+s.To.Sub(epoch).String())
	}
	return out
}

func equal(t *testing.T, got []facts.Span, want ...facts.Span) {
	t.Helper()
	a, b := show(got), show(want)
	if len(a) != len(b) {
		t.Fatalf("got %v, want %v", a, b)
	}
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("got %v, want %v", a, b)
		}
	}
}

func TestWithoutANetworkNothingIsDue(t *testing.T) {
	whole := facts.Span{By: evidence.Record{Published: &evidence.Published{Away: []evidence.Span{{From: at(2), To: at(3)}, {From: at(9), To: at(11)}}}}}
	equal(t, present(whole, []facts.Span{span(0, 10)}), span(0, 2), span(3, 9))
	equal(t, present(whole, []facts.Span{span(4, 8)}), span(4, 8))
	equal(t, present(whole, []facts.Span{span(2, 10)}), span(2, 2), span(3, 9))
}

func TestAnotherCodecCutsASegment(t *testing.T) {
	s := &Stream{Due: map[string][]*Due{matroska.Video: {
		publishedAs(evidence.Published{Codec: "VP8", First: at(0)}),
		publishedAs(evidence.Published{Codec: "VP8", First: at(2)}),
		publishedAs(evidence.Published{Codec: "VP9", First: at(4)}),
	}}}
	equal(t, s.recoded([]facts.Span{span(0, 10)}), span(0, 4), span(4, 10))
	equal(t, s.recoded([]facts.Span{span(5, 10)}), span(5, 10))
}

func TestSegmentsOfMoments(t *testing.T) {
	s := &Stream{Segments: []facts.Span{span(0, 4), span(6, 8), span(8, 10)}}
	for _, tt := range []struct {
		at      float64
		segment int
		between bool
	}{{-1, 0, false}, {1, 0, false}, {4.5, 0, false}, {5.5, 1, false}, {7, 1, false}, {7.9, 1, true}, {8.1, 2, true}, {12, 2, false}} {
		if got := s.SegmentAt(at(tt.at)); got != tt.segment {
			t.Errorf("%v s: segment %d, want %d", tt.at, got, tt.segment)
		}
		if got := s.between(at(tt.at), 200*time.Millisecond); got != tt.between {
			t.Errorf("%v s: between segments %v, want %v", tt.at, got, tt.between)
		}
	}
}

func TestUnitsWithinAStretch(t *testing.T) {
	p := &evidence.Published{Epoch: epoch, Rate: 10, Units: 90, Unsent: []evidence.Units{{From: 20, To: 30}}}
	got := SentWithin(p, span(1.5, 3.5))
	if len(got) != 11 || got[0] != 15 || got[4] != 19 || got[5] != 30 || got[10] != 35 {
		t.Errorf("got %v", got)
	}
	p.Lag = 300 * time.Millisecond // the units of the last 0.3 s have not left
	if got = SentWithin(p, span(1.5, 3.5)); got[len(got)-1] != 32 {
		t.Errorf("lagging: got %v", got)
	}
}

func TestAGapStandsBetweenFrames(t *testing.T) {
	d := publishedAs(evidence.Published{Epoch: epoch, Rate: 10, Units: 90, Unsent: []evidence.Units{{From: 20, To: 30}}})
	tr := &Track{Track: matroska.Track{Frames: make([]matroska.Frame, 4)}, units: []int64{18, 19, 30, 31}, From: []*Due{d, d, d, d}}
	gaps := tr.Gaps(tr.Known())
	if len(gaps) != 1 || gaps[0].Before != 1 || gaps[0].After != 2 {
		t.Errorf("got %+v", gaps)
	}
	if gaps = tr.Gaps(tr.Known()[2:]); len(gaps) != 0 {
		t.Errorf("a gap before the first frame: %+v", gaps)
	}
}
