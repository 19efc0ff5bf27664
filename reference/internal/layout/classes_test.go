package layout

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckClasses(t *testing.T) {
	for _, good := range [][]string{{}, {"focus"}, slices.Repeat([]string{"a"}, 50), {strings.Repeat("ä", 128), "a.b=c", "\u00a0"}} {
		if err := CheckClasses(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range [][]string{nil, slices.Repeat([]string{"a"}, 51), {"a", ""}, {strings.Repeat("ä", 129)}, {"a b"}, {"a\tb"}, {"a\n"}} {
		if err := CheckClasses(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
