package junit

import (
	"io"
	"time"

	"reelcheck/conformance/text"
)

// Unjudged writes the one error that a run ends with which could judge nothing, so that CI shows why there is no other test case.
func Unjudged(w io.Writer, why string, at time.Time) error {
	s := failed("the target can be judged", "unreachable", why, at)
	return write(w, suites{Name: "conform", Tests: s.Tests, Errors: s.Errors, Time: s.Time, Suites: []suite{s}})
}

// failed returns a suite of one case about the run itself, which no clause tells of.
func failed(name, kind, why string, at time.Time) suite {
	s := suite{Name: "conform", Package: "conform", Hostname: "localhost", Timestamp: at.UTC().Format("2006-01-02T15:04:05")}
	s.add(testcase{Name: name, Class: "conform", Time: seconds(0),
		Error: &detail{Message: clean(text.Clip(why, maxMessage)), Type: kind, Text: clean(text.Clip(why, maxText))}}, 0)
	return s
}
