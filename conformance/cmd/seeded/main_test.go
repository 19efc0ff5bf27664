package main

import (
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
)

func TestFailed(t *testing.T) {
	finding := func(blocked string) []verdict.Finding {
		return []verdict.Finding{{Expected: "a", Actual: "b", Blocked: blocked}}
	}
	r := &report.Report{Clauses: []report.Clause{
		{ID: "1", Outcome: verdict.Fail, Findings: finding("")},
		{ID: "2", Outcome: verdict.Fail, Findings: finding("start")},
		{ID: "3", Outcome: verdict.Fail, Findings: append(finding("start"), finding("")...)},
		{ID: "4", Outcome: verdict.Inconclusive, Findings: finding("")},
		{ID: "5", Outcome: verdict.Pass},
	}}
	got := failed(r)
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, []string{"1", "3"}) || got["1"] != "expected a, actual b" {
		t.Errorf("failed %v, want 1 and 3", got)
	}
}

func TestChoose(t *testing.T) {
	o := options{target: "../../targets/archived.yaml"}
	var said strings.Builder
	all, chosen, err := choose(o, &said)
	if err != nil || len(chosen) == 0 || len(chosen) >= len(all) || !strings.Contains(said.String(), "needs azure") {
		t.Errorf("%d of %d, %v: %s", len(chosen), len(all), err, &said)
	}
	whole, parts := len(chosen), 0
	for _, part := range []string{"1/3", "2/3", "3/3"} {
		o.part = part
		if _, chosen, err = choose(o, io.Discard); err != nil {
			t.Error(err)
		}
		parts += len(chosen)
	}
	if parts != whole {
		t.Errorf("three parts have %d faults, want %d", parts, whole)
	}
	for _, part := range []string{"0/3", "4/3", "three"} {
		if _, _, err := choose(options{target: o.target, part: part}, io.Discard); err == nil {
			t.Errorf("part %s: no error", part)
		}
	}
	if _, _, err := choose(options{target: o.target, names: []string{"azure-*"}}, io.Discard); err == nil {
		t.Error("nothing is left: no error")
	}
}
