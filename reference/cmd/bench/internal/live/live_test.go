package live

import (
	"errors"
	"testing"
)

// TestHarness: what would fail a test is an error, and what was begun is ended.
func TestHarness(t *testing.T) {
	h, ended := &harness{ctx: t.Context()}, 0
	err := h.do(func() {
		h.Cleanup(func() { ended++ })
		h.Fatalf("frame %d", 7)
	})
	if err == nil || err.Error() != "frame 7" || ended != 1 {
		t.Errorf("%v, %d ended", err, ended)
	}
	if err := h.do(func() {}); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

// TestSearch compares with the number that goes, and counts the tries: a try takes half a minute.
func TestSearch(t *testing.T) {
	const limit = 20
	for goes := 0; goes <= limit+5; goes++ {
		tries := 0
		got, err := search(limit, func(n int) (bool, error) { tries++; return n <= goes, nil })
		if err != nil || got != min(goes, limit) || tries > 9 {
			t.Errorf("of %d: %d after %d tries, %v", goes, got, tries, err)
		}
	}
	if _, err := search(limit, func(n int) (bool, error) { return true, errors.New("try") }); err == nil {
		t.Error("no error")
	}
}
