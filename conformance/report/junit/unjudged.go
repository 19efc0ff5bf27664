package junit

import (
	"io"
	"time"

	"reelcheck/conformance/text"
)

// Unjudged writes the one error that a run ends with which could judge nothing, so that CI shows why there is no other test case.
func Unjudged(w io.Writer, why string, at time.Time) error {
	message := clean(text.Clip(why, maxMessage))
	s := suite{Name: "conform", Package: "conform", Hostname: "localhost", Timestamp: at.UTC().Format("2006-01-02T15:04:05")}
	s.add(testcase{Name: "the target can be judged", Class: "conform", Time: seconds(0),
		Error: &detail{Message: message, Type: "unreachable", Text: clean(text.Clip(why, maxText))}}, 0)
	return write(w, suites{Name: "conform", Tests: s.Tests, Errors: s.Errors, Time: s.Time, Suites: []suite{s}})
}
