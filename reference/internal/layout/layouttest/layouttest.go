// Package layouttest makes layouts for tests.
package layouttest

import "reelcheck/reference/internal/layout"

// New parses a spec that the test knows to be good.
func New(s layout.Spec) layout.Layout {
	l, err := layout.New(s)
	if err != nil {
		panic("layouttest: " + err.Error())
	}
	return l
}
