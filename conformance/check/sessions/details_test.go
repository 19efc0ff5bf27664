package sessions

import (
	"encoding/json"
	"testing"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/spec"
)

// TestCreationOfAConnection: a stream's connection has its own createdAt, give or take the rounding to a second, and not that of the stream.
func TestCreationOfAConnection(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	came := []told{{Object: jsonvalue.Object{"event": "connectionCreated", "connection": map[string]any{"id": "c", "createdAt": json.Number("2400")}}}}
	for name, c := range map[string]struct {
		connection jsonvalue.Object
		want       bool
	}{
		"the same":                 {jsonvalue.Object{"id": "c", "createdAt": json.Number("2400")}, true},
		"in whole seconds":         {jsonvalue.Object{"id": "c", "createdAt": json.Number("2000")}, true},
		"that of the stream":       {jsonvalue.Object{"id": "c", "createdAt": json.Number("3600")}, false},
		"none":                     {jsonvalue.Object{"id": "c"}, false},
		"of one that was not told": {jsonvalue.Object{"id": "d", "createdAt": json.Number("9000")}, true},
	} {
		f := facts.Sort(l, evidence.View{})
		if got := sameCreation(&check.Case{Facts: f}, c.connection, came); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
