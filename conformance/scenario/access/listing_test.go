package access

import (
	"testing"
	"time"

	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// TestListingIsRunWhateverTheLongestWait: a plan says that it is, because no clause of it needs time.
func TestListingIsRunWhateverTheLongestWait(t *testing.T) {
	l := &lister{Flow: &scenario.Flow{Clock: &clock.Clock{Mode: config.Real, Longest: time.Second}}}
	began := time.Now()
	if err := l.apart(t.Context()); err != nil || time.Since(began) < betweenStarts {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
