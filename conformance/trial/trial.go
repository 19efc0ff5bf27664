// Package trial runs the conform program again and again, to learn about the suite itself: which faults it catches, and
// whether it raises false alarms.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
)

// Suite is the conform program and what it judges. Patience must be set.
type Suite struct {
	Conform  string        // the program
	Target   string        // the target file
	Folder   string        // the working directory, from which a target file may launch the server
	Patience time.Duration // for one run: a fault may make it wait for what never comes
}

// Run judges these clauses; all if there are none. The report folder is out. The server inherits env besides the
// environment of this process. A run that reached no verdict is an error.
func (s Suite) Run(ctx context.Context, out string, clauses []string, env ...string) (*report.Report, error) {
	argv := []string{"run", "--target", s.Target, "--out", out}
	for _, id := range clauses {
		argv = append(argv, "--clause", id)
	}
	within, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	c := exec.CommandContext(within, s.Conform, argv...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	c.Dir = s.Folder
	c.Env = append(os.Environ(), env...)
	told, err := c.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	switch code := c.ProcessState.ExitCode(); code {
	case verdict.ExitConformant, verdict.ExitNonConformant, verdict.ExitInconclusive:
	default:
		return nil, fmt.Errorf("conform ended with %d: %s", code, last(told))
	}
	return folder.Read(out)
}

// Failed returns the clauses that failed by themselves, each with its first finding. One that could not be shown, because
// the target did something else wrong before, tells nothing.
func Failed(r *report.Report) map[string]string {
	out := map[string]string{}
	for _, cl := range r.Clauses {
		for _, f := range cl.Findings {
			if cl.Outcome == verdict.Fail && f.Blocked == "" && out[cl.ID] == "" {
				found := fmt.Sprintf("expected %s, actual %s", f.Expected, f.Actual)
				out[cl.ID] = strings.Join(strings.Fields(found), " ") // on one line
			}
		}
	}
	return out
}

func last(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
