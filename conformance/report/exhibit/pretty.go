package exhibit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// maxLine is how many characters of a list, or of an object in a list, stand on one line.
const maxLine = 120

// pretty indents JSON and leaves other text as it is. It keeps the order of members, and values as they were sent. Numbers are side by side, and a
// small object in a list is on one line, so that a list of frames is not a column of many pages.
func pretty(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", "  ") != nil {
		return s
	}
	var out []string
	var open []int // lines of out that begin what is not yet closed
	for line := range strings.SplitSeq(b.String(), "\n") {
		out = append(out, line)
		if opens(line) {
			open = append(open, len(out)-1)
		}
		if t := strings.TrimSuffix(strings.TrimSpace(line), ","); (t == "]" || t == "}") && len(open) > 0 {
			from := open[len(open)-1]
			open = open[:len(open)-1]
			out = append(out[:from], joined(slices.Clone(out[from:]))...)
		}
	}
	return strings.Join(out, "\n")
}

// opens reports whether a line of [json.Indent] begins a list or an object. One that ends with a string ends with a quote.
func opens(line string) bool { return strings.HasSuffix(line, "[") || strings.HasSuffix(line, "{") }

// joined returns the lines of a list or an object on fewer lines if it is a list, or an object in a list, that holds what is on one line each.
func joined(lines []string) []string {
	first, last := lines[0], strings.TrimSpace(lines[len(lines)-1])
	items := lines[1 : len(lines)-1]
	if slices.ContainsFunc(items, opens) || strings.HasSuffix(first, "{") && strings.TrimLeft(first, " ") != "{" || first == "{" {
		return lines
	}
	indent, words := "", 0
	for i, item := range items {
		indent = item[:len(item)-len(strings.TrimLeft(item, " "))]
		items[i] = item[len(indent):]
		if strings.ContainsAny(items[i][:1], "\"{") {
			words++
		}
	}
	if one := first + strings.Join(items, " ") + last; len(one)-len(indent) <= maxLine {
		return []string{one}
	}
	out := []string{first}
	for i, item := range items {
		if n := len(out) - 1; i > 0 && words == 0 && len(out[n])+len(item) < maxLine {
			out[n] += " " + item
			continue
		}
		out = append(out, indent+item)
	}
	return append(out, lines[len(lines)-1])
}
