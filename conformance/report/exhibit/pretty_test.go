package exhibit

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestListsOfNumbersAreNoColumn: the frames of an individual archive filled ten pages with one number a line.
func TestListsOfNumbersAreNoColumn(t *testing.T) {
	frames := strings.TrimSuffix(strings.Repeat("[1000,2000,1],", 500), ",")
	for in, most := range map[string]int{
		`{"frames":[` + frames + `]}`: 90, `{"times":[` + strings.TrimSuffix(strings.Repeat("123456,", 500), ",") + `]}`: 50,
		`[` + strings.TrimSuffix(strings.Repeat(`{"at":1,"size":2},`, 40), ",") + `]`: 42, `[["a]","{"],{"x[":"}"},[],{}]`: 1,
	} {
		got := pretty(in)
		var a, b any
		if n := strings.Count(got, "\n") + 1; n > most || json.Unmarshal([]byte(in), &a) != nil || json.Unmarshal([]byte(got), &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%d lines of at most %d:\n%.600s", n, most, got)
		}
		for line := range strings.Lines(got) {
			if len(line) > maxLine+2 {
				t.Errorf("a line of %d characters", len(line))
			}
		}
	}
	for _, as := range []string{"{\n  \"id\": \"a\",\n  \"layout\": {\n    \"type\": \"pip\"\n  }\n}", "no JSON {\n"} {
		if got := pretty(as); got != as {
			t.Errorf("%q became %q", as, got)
		}
	}
}
