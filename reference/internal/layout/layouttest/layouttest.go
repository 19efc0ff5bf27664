// Package layouttest makes layouts for tests.
package layouttest

import "reelcheck/reference/internal/layout"

// New returns the layout for a spec. It panics if the spec is invalid.
func New(s layout.Spec) layout.Layout {
	l, err := layout.New(s)
	if err != nil {
		panic("layouttest: " + err.Error())
	}
	return l
}
