package main

import (
	"io"
	"strings"
	"testing"
)

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
