package report

import (
	"fmt"
	"testing"

	"reelcheck/conformance/verdict"
)

func TestRepeats(t *testing.T) {
	f := func(expected, actual, where string) verdict.Finding {
		return verdict.Finding{Expected: expected, Actual: actual, Where: []string{where}}
	}
	c := Clause{Findings: []verdict.Finding{
		f("200 with archive e52db143-f4e4-43cf-b631-39bec68d7038", "404", "pair/get#3"),
		f("200 with archive 9b37a2f1-0000-4111-8222-333344445555", "404", "pause/get#4"),
		f("200 with archive e52db143-f4e4-43cf-b631-39bec68d7038", "500", "pair/get#9"),
		f("200 with archive e52db143-f4e4-43cf-b631-39bec68d7038", "404", "pair/get#12"),
	}}
	got := c.Repeats()
	if len(got) != 2 || len(got[0].Also) != 2 || got[0].In() != "in 2 scenarios: pair, pause" || got[1].In() != "" {
		t.Errorf("%+v", got)
	}
	if s := Summary(c); s != "expected 200 with archive e52db143-f4e4-43cf-b631-39bec68d7038, actual 404, in 2 scenarios: pair, pause (and 1 more)" {
		t.Error(s)
	}
	c.Findings = nil
	for i := range 7 {
		c.Findings = append(c.Findings, f("a", "b", fmt.Sprintf("s%d/get#1", i)))
	}
	if in := c.Repeats()[0].In(); in != "in 7 scenarios: s0, s1, s2, s3, …" {
		t.Error(in)
	}
}
