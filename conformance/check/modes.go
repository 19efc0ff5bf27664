package check

import (
	"cmp"
	"slices"
	"strings"

	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
)

// Modes are the properties that the start of an archive chose, with the values that every answer and callback must have.
type Modes jsonvalue.Object

// Modes returns what the start of h chose, or left to the defaults of the page. It leaves out values that the target might have refused:
// a target that accepts them may do with them what it likes.
func (c *Case) Modes(h *facts.History) Modes {
	m := Modes{"hasAudio": h.Request.Asks("audio"), "hasVideo": h.Request.Asks("video")}
	for _, key := range []string{"outputMode", "streamMode"} {
		known, _ := c.Ledger.List(key)
		if v := cmp.Or(h.Request.Text(key), known.Default); slices.Contains(known.Values, v) {
			m[key] = v
		}
	}
	for key, want := range m {
		if v, given := h.Request[key]; given && v != nil && jsonvalue.Type(v) != jsonvalue.Type(want) {
			delete(m, key)
		}
	}
	return m
}

// Differ returns the properties of an archive object that have other values, and as text the values that they must have.
func (m Modes) Differ(o jsonvalue.Object) (wrong []string, want string) {
	var all []string
	for key, v := range facts.InOrder(m) {
		if all = append(all, jsonvalue.Object(m).Show(key)); o[key] != v {
			wrong = append(wrong, o.Show(key))
		}
	}
	return wrong, strings.Join(all, ", ")
}
