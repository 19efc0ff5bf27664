package scenario

import "reelcheck/spec"

// Sheets returns the style sheets of the specification's examples, by name.
func Sheets() (map[string]string, error) {
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
