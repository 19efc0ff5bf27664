package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/spec"
)

// selector adds the flags that select clauses.
func selector(cmd *cobra.Command, s *runner.Selection) {
	f := cmd.Flags()
	f.StringSliceVar(&s.Clauses, "clause", nil, "judge only this clause, or those that match a pattern such as 'ARC-CB-*' (repeatable)")
	f.StringSliceVar(&s.Chapters, "chapter", nil, "judge only this chapter, such as CB (repeatable)")
	f.StringVar(&s.Profile, "profile", "", "judge only the clauses of a profile: smoke, core, extended or full")
	f.StringSliceVar(&s.Levels, "level", nil, "judge only clauses of this level: must, should or may (repeatable)")
	f.StringSliceVar(&s.Skip, "skip", nil, "leave out this clause, or those that match a pattern such as 'ARC-CB-*' (repeatable)")
}

// request is what the flags of run and plan ask for.
type request struct {
	target      string
	selection   runner.Selection
	longestWait time.Duration
	caps        cost.Caps
}

func (r *request) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.target, "target", "", "target file (YAML): what to judge and what it declares")
	f.DurationVar(&r.longestWait, "longest-wait", 0, fmt.Sprintf("without a clock to advance, wait at most this long in one scenario (default %v, or longestWait of the target file)", config.LongestWait))
	f.Func("max-archives", "do not begin, and do not go on, with more archives than this `number`; 0 is no limit", func(s string) error {
		n, err := whole(s, "archives")
		r.caps.Archives = int(n)
		return err
	})
	f.Func("max-minutes", "the same for archived `minutes`, all archives together; 0 is no limit", func(s string) (err error) {
		r.caps.Minutes, err = strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(r.caps.Minutes) || math.IsInf(r.caps.Minutes, 0) || r.caps.Minutes < 0 {
			return errors.New("want a number of minutes such as 90 or 7.5, 0 or more; 0 is no limit")
		}
		return nil
	})
	f.Func("max-bytes", "the same for `bytes` of media sent and received; 0 is no limit", func(s string) (err error) {
		r.caps.Bytes, err = whole(s, "bytes")
		return err
	})
	selector(cmd, &r.selection)
}

// whole reads a cap that counts something.
func whole(s, what string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("want a number of %s without a unit, such as 2000, 0 or more; 0 is no limit", what)
	}
	return int64(n), nil
}

// plan reads the ledger and the target file and returns the plan, without touching the target.
func (r *request) plan() (runner.Plan, error) {
	if r.target == "" {
		return runner.Plan{}, errors.New("--target is missing: name a target file, see conformance/targets")
	}
	if r.longestWait < 0 {
		return runner.Plan{}, fmt.Errorf("--longest-wait %v must not be negative", r.longestWait)
	}
	ledger, err := spec.Load()
	if err != nil {
		return runner.Plan{}, err
	}
	f, err := launch.ReadFile(r.target)
	if err != nil {
		return runner.Plan{}, err
	}
	if r.longestWait > 0 {
		f.LongestWait = config.Duration(r.longestWait)
	}
	p, err := runner.NewPlan(ledger, r.selection, f)
	if err != nil {
		return p, err
	}
	estimate, err := p.Estimate()
	if err == nil {
		err = r.caps.Exceeded(estimate.Cost)
	}
	return p, err
}
