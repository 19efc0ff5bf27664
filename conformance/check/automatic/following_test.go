package automatic

import (
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
)

func TestSharedFrames(t *testing.T) {
	take := content.Due{Published: evidence.Published{Fixture: "vp8-01", Kind: "video", Rate: 30, LoopUnits: 300}}
	picture := func(from, to float64, first, last int) *media.Picture {
		return &media.Picture{Appearances: []media.Appearance{{ID: "vp8-01", From: from, To: to, FirstMark: first, LastMark: last}}}
	}
	for name, tc := range map[string]struct {
		before, next *media.Picture
		want         float64
		ok           bool
	}{
		"two seconds":             {picture(0, 4, 0, 120), picture(0, 4, 60, 180), 2, true},
		"across the loop's start": {picture(0, 4, 200, 20), picture(0, 4, 290, 110), 1, true},
		"nothing missing":         {picture(0, 4, 0, 120), picture(0, 4, 120, 240), 0, true},
		"a gap of a second":       {picture(0, 4, 0, 120), picture(0, 4, 150, 270), -1, true},
		"longer than the loop":    {picture(0, 12, 0, 60), picture(0, 4, 30, 150), 0, false},
		"not in the second file":  {picture(0, 4, 0, 120), &media.Picture{}, 0, true},
	} {
		if got, ok := shared(tc.before, tc.next, take); got != tc.want || ok != tc.ok {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, ok, tc.want, tc.ok)
		}
	}
}
