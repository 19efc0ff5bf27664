package command

import (
	"bytes"
	"strings"
	"testing"
)

func TestBarOnATerminal(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	p.terminal = true
	for i := range 1000 {
		p.show("copying", float64(i)/999)
	}
	p.show("next", 0.5)
	p.end()
	lines := strings.Split(b.String(), "\r")
	if len(lines) != 1+101+1 || !strings.HasSuffix(lines[101], "] 100%\n") || !strings.Contains(lines[51], "[####################....................]  50%") {
		t.Errorf("%d redraws, %q, %q", len(lines)-1, lines[51], lines[101])
	}
}
