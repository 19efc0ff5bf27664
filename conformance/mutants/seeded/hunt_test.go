package seeded

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// bench is a suite with a server. A fault makes the clauses fail that breaks has for its name, unless a fault that hides it is there too.
type bench struct {
	breaks map[string][]string
	hidden map[string]string
	whole  []string // clauses that fail only where all are judged
	always []string // clauses that fail without a fault
	fails  func(faults []Fault) bool
	runs   int
}

func (b *bench) judge(_ context.Context, faults []Fault, clauses []string) (Failed, error) {
	b.runs++
	if b.fails != nil && b.fails(faults) {
		return nil, errors.New("no verdict")
	}
	out := Failed{}
	fail := func(ids []string) {
		for _, id := range ids {
			if len(clauses) == 0 || slices.Contains(clauses, id) && !slices.Contains(b.whole, id) {
				out[id] = "seen"
			}
		}
	}
	fail(b.always)
	for _, f := range faults {
		if by := b.hidden[f.Name]; by == "" || !slices.ContainsFunc(faults, func(f Fault) bool { return f.Name == by }) {
			fail(b.breaks[f.Name])
		}
	}
	return out, nil
}

func TestHunt(t *testing.T) {
	faults := []Fault{{Name: "a", Clause: "1"}, {Name: "b", Clause: "2"}, {Name: "c", Clause: "3", Also: []string{"4"}}}
	for name, test := range map[string]struct {
		bench  bench
		narrow bool
		want   Tally
		says   string
	}{
		"all caught":         {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3", "4"}}}, want: Tally{Faults: 3, Caught: 3}},
		"one survives":       {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}}}, want: Tally{Faults: 3, Caught: 2, Survived: 1}, says: "survived: c"},
		"by an also":         {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"4"}}}, want: Tally{Faults: 3, Caught: 2, ByOtherClause: 1}, says: "by other clause: c"},
		"by another":         {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"7"}}}, want: Tally{Faults: 3, Caught: 2, ByOtherClause: 1}, says: "7: seen"},
		"caught, and more":   {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2", "8"}, "c": {"3"}}}, want: Tally{Faults: 3, Caught: 3}, says: "b also breaks"},
		"hidden in a group":  {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3"}}, hidden: map[string]string{"c": "a"}}, want: Tally{Faults: 3, Caught: 3}},
		"a false alarm":      {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3"}}, always: []string{"9"}}, want: Tally{Faults: 3, Caught: 3, FalseAlarms: 1}},
		"narrow sees less":   {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"7"}}, always: []string{"9"}}, narrow: true, want: Tally{Faults: 3, Caught: 2, Survived: 1}},
		"shown by all alone": {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3"}}, whole: []string{"3"}}, narrow: true, want: Tally{Faults: 3, Caught: 3}},
		"a group breaks off": {bench: bench{breaks: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3"}}, fails: onceWithAll()}, want: Tally{Faults: 3, Caught: 3}, says: "not judged"},
	} {
		var said strings.Builder
		h := Hunt{Judge: test.bench.judge, Functions: map[string]string{"a": "A", "b": "B", "c": "C"}, Most: 10, Narrow: test.narrow, Log: &said}
		got, err := h.Run(t.Context(), faults)
		if err != nil || got != test.want || !strings.Contains(said.String(), test.says) {
			t.Errorf("%s: %v, %v; want %v and %q\n%s", name, got, err, test.want, test.says, &said)
		}
	}
}

// onceWithAll fails the first run with three faults.
func onceWithAll() func([]Fault) bool {
	first := true
	return func(faults []Fault) bool {
		fails := first && len(faults) == 3
		first = first && !fails
		return fails
	}
}

func TestHuntWithoutVerdict(t *testing.T) {
	b := bench{fails: func(faults []Fault) bool { return len(faults) > 0 }}
	h := Hunt{Judge: b.judge, Functions: map[string]string{"a": "A"}, Most: 10, Log: io.Discard}
	if tally, err := h.Run(t.Context(), []Fault{{Name: "a", Clause: "1"}}); err == nil {
		t.Errorf("no error, %v", tally)
	}
}

func TestTally(t *testing.T) {
	tally := Tally{Faults: 4, Caught: 1, ByOtherClause: 1, Survived: 2, FalseAlarms: 3}
	if got, want := tally.String(), "seeded: faults=4 caught=1 by_other_clause=1 survived=2 false_alarms=3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if tally.Good() || !(Tally{Faults: 1, Caught: 1}).Good() || (Tally{Faults: 1, Caught: 1, FalseAlarms: 1}).Good() {
		t.Error("good is a tally in which everything is caught, and nothing else")
	}
}
