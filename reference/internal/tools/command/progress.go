package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/mattn/go-isatty"
)

// progress shows how far a tool has come: as a bar on a terminal, otherwise as a line for every quarter.
type progress struct {
	w        io.Writer
	terminal bool

	mu      sync.Mutex // guards the rest
	step    string
	percent int
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && isatty.IsTerminal(f.Fd()), percent: -1}
}

const (
	barWidth = 40
	quarter  = 25
)

// show shows a step and the part of it that is done, from 0 to 1.
func (p *progress) show(step string, done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	percent := int(100 * min(max(done, 0), 1))
	if step != p.step {
		p.finish()
		p.step, p.percent = step, -1
	}
	if percent <= p.percent || !p.terminal && p.percent >= 0 && percent/quarter == p.percent/quarter {
		return
	}
	p.percent = percent
	if p.terminal {
		full := percent * barWidth / 100
		fmt.Fprintf(p.w, "\r%-22s [%s%s] %3d%%", step, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), percent)
		return
	}
	fmt.Fprintf(p.w, "%s: %d%%\n", step, percent)
}

// end ends the line of the bar.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
	p.step = ""
}

// finish ends the line of the bar. It needs p.mu.
func (p *progress) finish() {
	if p.terminal && p.step != "" {
		fmt.Fprintln(p.w)
	}
}
