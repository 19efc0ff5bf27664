package tape

import (
	"testing"

	"reelcheck/conformance/media"
)

// A mutation spoils as often as it is asked to.
func TestNthTwice(t *testing.T) {
	spoil := Nth("a", 1, func(a *media.Appearance) { a.From = 9 })
	for range 2 {
		r := &media.Report{Picture: &media.Picture{Appearances: []media.Appearance{{ID: "a"}, {ID: "b"}, {ID: "a"}}}}
		spoil(r)
		if all := r.Picture.Appearances; all[0].From != 0 || all[1].From != 0 || all[2].From != 9 {
			t.Errorf("%+v", all)
		}
	}
}
