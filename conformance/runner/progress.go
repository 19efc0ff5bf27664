package runner

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

// Progress shows people how a run goes. It prints plain lines; on a terminal it also keeps a few lines that it redraws
// as things change. It is safe for concurrent use.
type Progress struct {
	w    io.Writer
	live bool
	now  func() time.Time

	mu     sync.Mutex // guards the fields below
	began  time.Time
	total  int
	counts verdict.Counts
	order  []string
	state  map[string]string
	drawn  int // number of live lines on the screen

	stop    chan struct{} // ends the redrawing of live lines
	ticking sync.WaitGroup
}

// NewProgress writes to w. live redraws earlier lines, which needs a terminal, until Finish is called.
func NewProgress(w io.Writer, live bool) *Progress {
	p := &Progress{w: w, live: live, now: time.Now, began: time.Now(), state: map[string]string{}, stop: make(chan struct{})}
	if live {
		p.ticking.Go(p.tick)
	}
	return p
}

// tick redraws the live lines every second, so that the clock in them moves.
func (p *Progress) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.mu.Lock()
			p.erase()
			p.draw()
			p.mu.Unlock()
		case <-p.stop:
			return
		}
	}
}

func (p *Progress) expect(clauses int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = clauses
}

// Line prints a line that is not redrawn.
func (p *Progress) Line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.draw()
}

func (p *Progress) scenario(pr scenario.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.state[pr.Scenario]; !known {
		p.order = append(p.order, pr.Scenario)
	}
	state := string(pr.Outcome)
	if pr.Outcome == evidence.Began {
		state = "running"
	}
	p.state[pr.Scenario] = state
	p.erase()
	if !p.live || pr.Outcome == evidence.Blocked || pr.Outcome == evidence.Broken {
		text := pr.Text
		if text != "" {
			text = ": " + oneLine(text)
		}
		fmt.Fprintf(p.w, "%6.1fs  scenario %-20s %s%s\n", p.now().Sub(p.began).Seconds(), pr.Scenario, state, text)
	}
	p.draw()
}

// verdict counts a verdict and prints a failure with its findings.
func (p *Progress) verdict(v verdict.Verdict, level string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := verdict.Count([]verdict.Verdict{v})
	p.counts = p.counts.Plus(one)
	p.erase()
	if v.Outcome == verdict.Pass && !p.live {
		fmt.Fprintf(p.w, "%6.1fs  %-13s %s\n", p.now().Sub(p.began).Seconds(), "pass", v.Clause)
	}
	if v.Outcome == verdict.Fail || v.Outcome == verdict.Inconclusive {
		fmt.Fprint(p.w, Describe(v, level))
	}
	p.draw()
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
		fmt.Fprintf(&b, ": %s", v.Reason)
	}
	b.WriteByte('\n')
	for _, f := range v.Findings {
		times := ""
		if f.Times > 0 {
			times = fmt.Sprintf(" (%d times)", f.Times)
		}
		fmt.Fprintf(&b, "    expected  %s\n    actual    %s%s\n", oneLine(f.Expected), oneLine(f.Actual), times)
		if f.Blocked != "" {
			fmt.Fprintf(&b, "    blocked   by %s\n", oneLine(f.Blocked))
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

// oneLine removes control characters, so that a text of the target cannot move the cursor or fake a line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func (p *Progress) draw() {
	if !p.live {
		return
	}
	running := []string{}
	ended := 0
	for _, name := range p.order {
		if p.state[name] == "running" {
			running = append(running, name)
		} else {
			ended++
		}
	}
	line := text.Clip(fmt.Sprintf("%5.0fs  scenarios %d of %d  %s", p.now().Sub(p.began).Seconds(), ended, len(p.order), strings.Join(running, " ")), 99)
	fmt.Fprintf(p.w, "%s\n       clauses   %d of %d  \x1b[32m%d passed\x1b[0m  \x1b[31m%d failed\x1b[0m  %d inconclusive  %d other\n", line,
		p.counts.Total(), p.total, p.counts.Passed, p.counts.Failed, p.counts.Inconclusive, p.counts.NotApplicable+p.counts.Pledged+p.counts.Pending)
	p.drawn = 2
}

func (p *Progress) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}

// Finish removes the live lines. It must be called only once.
func (p *Progress) Finish() {
	close(p.stop)
	p.ticking.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.live = false
}
