package mutants

import (
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
)

// harmlessAnswers are answers and callbacks that a correct target may give.
var harmlessAnswers = []harmless{
	{"errors in XML for a client that does not ask for JSON", []string{"ARC-AUTH-14"},
		tape.All(tape.Accepting(scenarios.Refusals, "get.unknown", ""), tape.Answer(scenarios.Refusals, "get.unknown", 404, xmlError))},
}
