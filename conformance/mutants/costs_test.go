package mutants

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"testing"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/config"
)

// TestCosts compares the table of costs with the recorded run. Bytes and seconds differ a little between runs, archives do not.
func TestCosts(t *testing.T) {
	var c cost.Counter
	c.Add(recorded(t)...)
	want := c.Sums()
	for name, sum := range want {
		whole(sum.Seconds)
		for _, more := range sum.Only {
			whole(more.Seconds)
		}
		sum.Took = math.Ceil(sum.Took)
		want[name] = sum
	}
	if *update {
		text, err := json.MarshalIndent(want, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("../cost/recorded.json", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := cost.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	everything := config.File{Capabilities: config.Capabilities}
	for _, s := range all.Scenarios {
		g, w := got[s.Name].For(everything), want[s.Name].For(everything)
		if g.Archives != w.Archives || !maps.EqualFunc(got[s.Name].Only, want[s.Name].Only, sameNumber) || !near(g.Minutes()*60, w.Minutes()*60, 5) || !near(float64(g.Sent), float64(w.Sent), 1e5) ||
			!near(float64(g.Received), float64(w.Received), 1e5) || !near(g.Took, w.Took, 10) || g.Took == 0 {
			t.Errorf("%s costs %+v by the table, %+v in the recorded run: go test ./conformance/mutants -run '^TestCosts$' -update", s.Name, g, w)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("the table has %s, which the recorded run does not have", name)
		}
	}
}

func sameNumber(a, b cost.Cost) bool { return a.Archives == b.Archives }

func whole(seconds map[string]float64) {
	for kind, s := range seconds {
		seconds[kind] = math.Ceil(s)
	}
}

// near reports whether both numbers differ by at most a fourth, or by little.
func near(a, b, little float64) bool { return math.Abs(a-b) <= max(little, max(a, b)/4) }
