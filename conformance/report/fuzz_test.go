package report

import (
	"testing"
)

func FuzzParseBaseline(f *testing.F) {
	f.Add([]byte("- {clause: ARC-START-01, reason: r, owner: o, expires: 2026-12-31, flaky: true}"))
	f.Add([]byte("- &a [*a]"))
	f.Add([]byte("a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseBaseline(text)
		if err != nil {
			return
		}
		for _, e := range list {
			if e.Clause == "" || e.Expires.Day.IsZero() {
				t.Errorf("accepted %+v", e)
			}
		}
	})
}
