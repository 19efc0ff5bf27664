// Package built says which suite this is: from what its program was built.
package built

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// Version returns the revision, its time, and dirty if the source had changes; the version of the module if it was built as a dependency, without a
// repository; and dev if nothing is known.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return version(*info)
}

// enough digits of a revision tell it from all others of the repository.
const enough = 12

func version(info debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	revision := set["vcs.revision"]
	if revision == "" {
		if v := info.Main.Version; v != "(devel)" {
			return cmp.Or(v, "dev")
		}
		return "dev"
	}
	out := fmt.Sprintf("%s of %s", revision[:min(len(revision), enough)], set["vcs.time"])
	if set["vcs.modified"] == "true" {
		out += ", dirty"
	}
	return out
}
