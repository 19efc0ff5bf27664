package exhibit

import (
	"fmt"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
)

// crowd returns the recording of n streams in a grid of tiles of 160x120.
func crowd(n int) content.Recording {
	var x content.Recording
	x.Picture = &media.Picture{Width: 640, Height: 480}
	grid := layout.Picture{Grid: true}
	for i := range n {
		id := fmt.Sprintf("s%02d", i)
		for _, kind := range []string{"video", "audio"} {
			x.Due = append(x.Due, content.Due{Published: evidence.Published{Client: "client-" + id, Fixture: kind + id, Kind: kind}, To: 10,
				R: evidence.Record{IDs: map[string]string{evidence.Stream: id}}})
		}
		grid.Places = append(grid.Places, layout.Place{Stream: id, Rect: layout.Rect{Width: 160, Height: 120}})
	}
	x.Phases = []expect.Phase{{Stretch: expect.Stretch{To: 10}, Known: true, Picture: grid}}
	return x
}

// TestEveryTrackIsInTheFilm: the finding may be about the last one of many.
func TestEveryTrackIsInTheFilm(t *testing.T) {
	f := FilmOf(crowd(16), nil)
	if len(f.Rows) != 32 || f.Rows[31].Name != "client-s15 audios15" {
		t.Errorf("%d rows", len(f.Rows))
	}
}

// TestTilesOfAGridLieSideBySide: the ledger leaves their positions open, and one over the other they hide each other.
func TestTilesOfAGridLieSideBySide(t *testing.T) {
	boxes := FilmOf(crowd(6), []Still{{At: time.Second.Seconds()}}).Stills[0].Expected
	if len(boxes) != 6 || boxes[3] != (Box{"videos03", 480, 0, 160, 120}) || boxes[5] != (Box{"videos05", 160, 120, 160, 120}) {
		t.Errorf("boxes %+v", boxes)
	}
}
