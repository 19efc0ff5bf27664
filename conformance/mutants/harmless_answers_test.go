package mutants

import (
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
)

// harmlessAnswers are answers and callbacks that a correct target may give.
var harmlessAnswers = []harmless{
	{"errors in XML for a client that does not ask for JSON", []string{"ARC-AUTH-14"},
		tape.All(tape.Accepting(scenarios.Refusals, "get.unknown", ""), tape.Answer(scenarios.Refusals, "get.unknown", 404, xmlError))},
	{"reads without streams", []string{"ARC-SEL-03", "ARC-SEL-04"}, without(scenarios.Selection, "streams")},
	{"a refusal of a stream beyond the limit", []string{"ARC-SEL-06", "ARC-SEL-08", "ARC-SEL-10"}, tape.Status(scenarios.Many, "chosen.add.client-03", 409)},
	{"another refusal of a bad selection", []string{"ARC-SEL-11"}, tape.All(tape.Status(scenarios.Selection, "bad.both", 422),
		tape.Status(scenarios.Selection, "bad.not-in-it", 204))},
}

// without removes a property from the archives in all answers of a scenario.
func without(scenario, key string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		found := false
		for i := range t.Records {
			r := &t.Records[i]
			var o map[string]any
			if r.Scenario != scenario || !tape.IsExchange(r) || r.Exchange.Response.Body.Decode(&o) != nil || o[key] == nil {
				continue
			}
			*r = tape.Copied(*r)
			t.Edit(&r.Exchange.Response.Body, key, func(any) any { return nil })
			found = true
		}
		if !found {
			t.Missed = append(t.Missed, scenario+" "+key)
		}
	}
}
