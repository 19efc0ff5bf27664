// Package sheets has the style sheets with which scenarios lay out archives.
package sheets

import "reelcheck/spec"

// ByName returns the style sheets of the specification's examples, by name.
func ByName() (map[string]string, error) {
	l, err := spec.Load()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range l.Examples {
		out[e.Name] = e.Layout.Stylesheet
	}
	return out, nil
}
