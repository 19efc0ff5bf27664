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
var Mutations = slices.Concat(callMutations, courseMutations, filmMutations, pictureMutations, likenessMutations, severalMutations, automaticMutations, selectionMutations, encryptionMutations, lifecycleMutations, individualMutations, valueMutations)
