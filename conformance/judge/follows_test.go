package judge

import (
	"slices"
	"testing"
)

// TestLadders checks that every clause of a ladder is judged, and that no two clauses explain each other, not even by
// others between them: of those that are broken, one has to fail.
func TestLadders(t *testing.T) {
	for id := range earlier {
		if climbs(id, id, map[string]bool{}) {
			t.Errorf("%s explains itself", id)
		}
		if _, judged := Checks[id]; !judged {
			t.Errorf("%s is not judged", id)
		}
	}
}

// climbs reports whether to stands above from in some ladder, or above one that does.
func climbs(from, to string, seen map[string]bool) bool {
	for _, up := range earlier[from] {
		if up == to {
			return true
		}
		if !seen[up] {
			seen[up] = true
			if climbs(up, to, seen) {
				return true
			}
		}
	}
	return false
}

func TestReadLadders(t *testing.T) {
	for _, text := range []string{"film: [COMP-15, COMP-15]", "film: COMP-15"} {
		if _, err := ladders([]byte(text)); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	above, err := ladders([]byte("file: [COMP-01, COMP-12]\nfilm: [COMP-15, COMP-12 COMP-13, LAY-01]"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := above["ARC-COMP-12"], []string{"ARC-COMP-01", "ARC-COMP-15"}; !slices.Equal(got, want) {
		t.Errorf("above COMP-12: %v, want %v", got, want)
	}
}
