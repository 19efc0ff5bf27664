package facts

import (
	"cmp"
	"strings"

	"reelcheck/conformance/facts/jsonvalue"
)

// Modes are the properties that the start of an archive chose, with the values that every answer and callback must have.
type Modes jsonvalue.Object

// Modes returns what the start of h chose, or left to the defaults of the page.
func (h *History) Modes() Modes {
	return Modes{
		"outputMode": cmp.Or(h.Request.Text("outputMode"), "composed"), "streamMode": cmp.Or(h.Request.Text("streamMode"), "auto"),
		"hasAudio": h.Request.Asks("audio"), "hasVideo": h.Request.Asks("video"),
	}
}

// Differ returns the properties of an archive object that have other values, and as text the values that they must have.
func (m Modes) Differ(o jsonvalue.Object) (wrong []string, want string) {
	var all []string
	for key, v := range InOrder(m) {
		if all = append(all, jsonvalue.Object(m).Show(key)); o[key] != v {
			wrong = append(wrong, o.Show(key))
		}
	}
	return wrong, strings.Join(all, ", ")
}
