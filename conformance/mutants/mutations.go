package mutants

import (
	"slices"

	"reelcheck/conformance/mutants/tape"
)

// Mutation spoils good evidence in one small place, so that one clause is violated.
type Mutation struct {
	Clause string
	Fault  string // what a target would do wrong to leave such evidence
	Spoil  func(*tape.Tape)
}

// Mutations are all of them.
var Mutations = slices.Concat(callMutations, courseMutations, filmMutations, pictureMutations, likenessMutations, severalMutations, selectionMutations, encryptionMutations, lifecycleMutations, individualMutations)
