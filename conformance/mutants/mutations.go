// Package mutants tests the suite itself. Sentinels are servers that do nothing right: no must-clause may pass on them.
// A mutation spoils the evidence of a good run in one small place: the clause that it violates must fail, and no
// unrelated one:
//
//	{"ARC-START-19", "loses the name", tape.Set(scenarios.Pair, "get.recording", "name", "archive")},
//
// Each check needs a mutation of its own. A mutation names the fault of a target that would leave such evidence.
package mutants

import (
	"slices"

	"reelcheck/conformance/mutants/tape"
)

// Mutation spoils good evidence in one small place, so that it violates one clause.
type Mutation struct {
	Clause string
	Fault  string // what a target would do wrong to leave such evidence
	Spoil  func(*tape.Tape)
}

// Mutations lists all mutations.
var Mutations = slices.Concat(callMutations, courseMutations, filmMutations, pictureMutations, likenessMutations, severalMutations, automaticMutations, selectionMutations, encryptionMutations, lifecycleMutations, individualMutations, valueMutations, deliveryMutations)
