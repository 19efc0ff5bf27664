package text

import (
	"fmt"
	"strings"
	"unicode"
)

// Plain returns s with everything that does not print, except spaces and line ends, as an escape: \x1b, \u202e. Text of others can then neither
// control a terminal nor show its letters in another order.
func Plain(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd") // a terminal of eight bits obeys some of the rest
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !steers(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Line is Plain on one line. The mark that GitHub's runner takes for a command anywhere in a line is broken.
func Line(s string) string {
	s = Plain(strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(s))
	return strings.ReplaceAll(s, "##[", "## [")
}

// steers reports whether a terminal or a browser does something else with r than show it. Category Cf has the marks of bidirectional text.
func steers(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}
