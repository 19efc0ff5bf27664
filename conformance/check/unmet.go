package check

import (
	"reelcheck/spec"
)

// undeclared says that the target does not declare a capability, and what that means.
func undeclared(l spec.Ledger, need string) string {
	reason := "the target does not declare " + need
	if meaning := l.Capabilities[spec.Capability(need)]; meaning != "" {
		reason += " (" + meaning + ")"
	}
	if need != "control" && need != "faults" {
		reason += "; add it to the capabilities in the target file if the target has it"
	}
	return reason
}
