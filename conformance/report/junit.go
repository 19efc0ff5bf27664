package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"reelcheck/conformance/verdict"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Time    string       `xml:"time,attr"`
	Failure *junitDetail `xml:"failure"`
	Error   *junitDetail `xml:"error"`
	Skipped *junitSkip   `xml:"skipped"`
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkip struct {
	Message string `xml:"message,attr"`
}

// JUnit writes one test case per clause, grouped by chapter. Its name is the clause's id, so that runs can be compared.
// A failure is a <failure> element, an inconclusive clause an <error>. Clauses that do not apply or are pending are
// skipped, and so are failures that the baseline expects, and clauses that a failed one blocks.
func (r *Report) JUnit(w io.Writer) error {
	out := junitSuites{Name: "conform", Time: seconds(r.Run.FinishedAt.Sub(r.Run.StartedAt).Seconds())}
	index := map[string]int{}
	for _, c := range r.Clauses {
		i, ok := index[c.Chapter]
		if !ok {
			i = len(out.Suites)
			index[c.Chapter] = i
			out.Suites = append(out.Suites, junitSuite{Name: clean(c.Chapter), Time: seconds(0),
				Timestamp: r.Run.StartedAt.UTC().Format("2006-01-02T15:04:05")})
		}
		out.Suites[i].add(c, r.Told(c))
	}
	for _, s := range out.Suites {
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Errors += s.Errors
		out.Skipped += s.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c Clause, told bool) {
	tc := junitCase{Name: c.ID, Class: "conform." + clean(c.Chapter), Time: seconds(0)}
	switch c.Outcome {
	case verdict.Fail:
		if c.Known {
			tc.Skipped = &junitSkip{Message: clean("known failure: " + summary(c))}
			s.Skipped++
			break
		}
		tc.Failure = &junitDetail{Message: clean(summary(c)), Type: c.Level, Text: clean(detail(c))}
		s.Failures++
	case verdict.Inconclusive:
		if told {
			tc.Skipped = &junitSkip{Message: clean("blocked by " + strings.Join(c.BlockedBy, ", "))}
			s.Skipped++
			break
		}
		tc.Error = &junitDetail{Message: clean(summary(c)), Type: "inconclusive", Text: clean(detail(c))}
		s.Errors++
	case verdict.NotApplicable, verdict.Pledged, verdict.Pending:
		tc.Skipped = &junitSkip{Message: clean(string(c.Outcome) + ": " + c.Reason)}
		s.Skipped++
	case verdict.Pass:
	}
	s.Tests++
	s.Cases = append(s.Cases, tc)
}

func summary(c Clause) string {
	if len(c.Findings) == 0 {
		return c.Reason
	}
	f := c.Findings[0]
	s := fmt.Sprintf("expected %s, actual %s", f.Expected, f.Actual)
	if n := len(c.Findings) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

func detail(c Clause) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", c.Text, c.Level)
	if c.Reason != "" {
		fmt.Fprintf(&b, "reason: %s\n", c.Reason)
	}
	if len(c.Blocks) > 0 {
		fmt.Fprintf(&b, "blocks: %s\n", strings.Join(c.Blocks, ", "))
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "\nexpected: %s\nactual:   %s\n", f.Expected, f.Actual)
		if f.Times > 0 {
			fmt.Fprintf(&b, "found:    %d times\n", f.Times)
		}
		if f.Blocked != "" {
			fmt.Fprintf(&b, "blocked by: %s\n", f.Blocked)
		}
		for _, w := range f.Where {
			fmt.Fprintf(&b, "evidence: %s\n", w)
		}
	}
	return b.String()
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// clean removes characters that XML 1.0 does not allow. Some of the text comes from the target.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF ||
			r >= 0xE000 && r < utf8.RuneError || r >= 0x10000 && r <= 0x10FFFF {
			return r
		}
		return '\uFFFD'
	}, s)
}
