// Package progress shows people how a run goes, and describes failures in text.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// Display shows a run. It prints plain lines; on a terminal it also keeps a few lines that it redraws
// as things change. It is safe for concurrent use.
type Display struct {
	w    io.Writer
	live bool
	now  func() time.Time

	mu     sync.Mutex // guards the fields below
	began  time.Time
	total  int
	counts verdict.Counts
	order  []string
	state  map[string]string
	drawn  int               // number of live lines on the screen
	hinder map[string]string // the clause that told what kept it from being shown, by that

	stop    chan struct{} // ends the redrawing of live lines
	ticking sync.WaitGroup
}

// New writes to w. live redraws earlier lines, which needs a terminal, until Finish is called.
func New(w io.Writer, live bool) *Display {
	d := &Display{w: w, live: live, now: time.Now, began: time.Now(), state: map[string]string{}, hinder: map[string]string{}, stop: make(chan struct{})}
	if live {
		d.ticking.Go(d.tick)
	}
	return d
}

// tick redraws the live lines every second, so that the clock in them moves.
func (d *Display) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			d.mu.Lock()
			d.erase()
			d.draw()
			d.mu.Unlock()
		case <-d.stop:
			return
		}
	}
}

// Expect says how many clauses will be judged.
func (d *Display) Expect(clauses int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total = clauses
}

// Line prints a line that is not redrawn.
func (d *Display) Line(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	fmt.Fprintf(d.w, format+"\n", args...)
	d.draw()
}

// Scenario shows a step of a scenario.
func (d *Display) Scenario(pr scenario.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.state[pr.Scenario]; !known {
		d.order = append(d.order, pr.Scenario)
	}
	state := string(pr.Outcome)
	if pr.Outcome == evidence.Began {
		state = "running"
	}
	d.state[pr.Scenario] = state
	d.erase()
	if !d.live || pr.Outcome == evidence.Blocked || pr.Outcome == evidence.Broken {
		why := ""
		if pr.Text != "" {
			why = ": " + text.Line(pr.Text)
		}
		fmt.Fprintf(d.w, "%6.1fs  scenario %-20s %s%s\n", d.now().Sub(d.began).Seconds(), pr.Scenario, state, why)
	}
	d.draw()
}

// Verdict counts a verdict and prints a failure with its findings. open counts the clauses that may turn out to
// explain it, and are judged later.
func (d *Display) Verdict(v verdict.Verdict, level string, open int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := verdict.Count([]verdict.Verdict{v})
	d.counts = d.counts.Plus(one)
	d.erase()
	if v.Outcome == verdict.Pass && !d.live {
		fmt.Fprintf(d.w, "%6.1fs  %-13s %s\n", d.now().Sub(d.began).Seconds(), "pass", v.Clause)
	}
	if v.Outcome == verdict.Fail || v.Outcome == verdict.Inconclusive {
		fmt.Fprint(d.w, d.describe(v, level))
	}
	if v.Outcome == verdict.Fail && open > 0 {
		fmt.Fprintf(d.w, "    so far    %s\n", text.Number(open, "clause that may explain it is not judged yet", "clauses that may explain it are not judged yet"))
	}
	d.draw()
}

// describe is Describe, but for a clause that could not be shown for a reason that another one has told. The caller must hold d.mu.
func (d *Display) describe(v verdict.Verdict, level string) string {
	why := hindrance(v)
	if first := d.hinder[why]; why != "" && first != "" {
		return fmt.Sprintf("%s  %s (%s): could not be shown, for the same reason as %s\n", strings.ToUpper(string(v.Outcome)), v.Clause, level, first)
	}
	d.hinder[why] = v.Clause
	return Describe(v, level)
}

// hindrance returns the one thing that kept a clause from being shown, or "".
func hindrance(v verdict.Verdict) string {
	why := v.Reason
	if v.Outcome == verdict.Fail || len(v.Findings) > 0 {
		why = ""
	}
	for i, f := range v.Findings {
		if len(v.BlockedBy) > 0 || f.Blocked == "" || i > 0 && f.Blocked != why {
			return ""
		}
		why = f.Blocked
	}
	return why
}

// Describe returns the text of a failure: clause, expected, actual, evidence. Of a clause that others block it tells only
// which ones.
func Describe(v verdict.Verdict, level string) string {
	if len(v.BlockedBy) > 0 {
		return fmt.Sprintf("BLOCKED  %s (%s) by %s\n", v.Clause, level, strings.Join(v.BlockedBy, ", "))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s (%s)", strings.ToUpper(string(v.Outcome)), v.Clause, level)
	if v.Reason != "" {
		fmt.Fprintf(&b, ": %s", text.Line(v.Reason))
	}
	b.WriteByte('\n')
	for _, f := range v.Findings {
		times := ""
		if f.Times > 0 {
			times = fmt.Sprintf(" (%d times)", f.Times)
		}
		fmt.Fprintf(&b, "    expected  %s\n    actual    %s%s\n", text.Line(f.Expected), text.Line(f.Actual), times)
		if f.Blocked != "" {
			fmt.Fprintf(&b, "    blocked   by %s\n", text.Line(f.Blocked))
		}
		if len(f.Where) > 0 {
			where := f.Where
			if len(where) > 6 {
				where = append(where[:6:6], fmt.Sprintf("and %d more", len(f.Where)-6))
			}
			fmt.Fprintf(&b, "    evidence  %s\n", strings.Join(where, " "))
		}
	}
	return b.String()
}

func (d *Display) draw() {
	if !d.live {
		return
	}
	running := []string{}
	ended := 0
	for _, name := range d.order {
		if d.state[name] == "running" {
			running = append(running, name)
		} else {
			ended++
		}
	}
	line := text.Clip(fmt.Sprintf("%5.0fs  scenarios %d of %d  %s", d.now().Sub(d.began).Seconds(), ended, len(d.order), strings.Join(running, " ")), 99)
	fmt.Fprintf(d.w, "%s\n       clauses   %d of %d  \x1b[32m%d passed\x1b[0m  \x1b[31m%d failed\x1b[0m  %d inconclusive  %d other\n", line,
		d.counts.Total(), d.total, d.counts.Passed, d.counts.Failed, d.counts.Inconclusive, d.counts.NotApplicable+d.counts.Pledged+d.counts.Pending)
	d.drawn = 2
}

func (d *Display) erase() {
	if d.drawn > 0 {
		fmt.Fprintf(d.w, "\x1b[%dA\x1b[J", d.drawn)
		d.drawn = 0
	}
}

// Finish removes the live lines. It must be called only once.
func (d *Display) Finish() {
	close(d.stop)
	d.ticking.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	d.live = false
}
