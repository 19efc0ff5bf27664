package page

import (
	"encoding/json"
	"regexp"
	"strings"

	"reelcheck/conformance/text"
)

// piece is a stretch of a text. Odd means that the other text does not have it.
type piece struct {
	Text string
	Odd  bool
}

// maxWords limits what is compared: the time grows with its square.
const maxWords = 600

// compare returns two texts in pieces: what both have, and what only one of them has. JSON is compared line by line, other text word by word.
// Texts that have little in common are one piece each, because marks all over them would tell nothing.
func compare(expected, actual string) (a, b []piece) {
	expected, actual = text.Plain(indented(expected)), text.Plain(indented(actual))
	x, y := words(expected), words(actual)
	if len(x) > maxWords || len(y) > maxWords {
		return []piece{{Text: expected}}, []piece{{Text: actual}}
	}
	inX, inY, same := common(x, y)
	if same*2 < max(solid(x), solid(y)) {
		return []piece{{Text: expected}}, []piece{{Text: actual}}
	}
	return pieces(x, inX), pieces(y, inY)
}

// indented returns JSON lists and objects with a member on each line, and other text as it is.
func indented(s string) string {
	trimmed := strings.TrimSpace(s)
	if !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return s
	}
	var doc any
	if json.Unmarshal([]byte(trimmed), &doc) != nil {
		return s
	}
	var out strings.Builder
	e := json.NewEncoder(&out) // sorts members, so that their order makes no difference
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(doc) != nil {
		return s
	}
	return strings.TrimSuffix(out.String(), "\n")
}

var word = regexp.MustCompile(`\n *|[ \t]+|"(?:[^"\\]|\\.)*"|[\pL\pN_.:-]+|.`)

func words(s string) []string { return word.FindAllString(s, -1) }

// solid counts the words that are not space.
func solid(list []string) (n int) {
	for _, w := range list {
		if strings.TrimSpace(w) != "" {
			n++
		}
	}
	return n
}

// common marks the words of a longest common subsequence, and counts those that are not space.
func common(x, y []string) (inX, inY []bool, same int) {
	longest := make([][]int, len(x)+1)
	for i := range longest {
		longest[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	inX, inY = make([]bool, len(x)), make([]bool, len(y))
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] == y[j]:
			inX[i], inY[j] = true, true
			if strings.TrimSpace(x[i]) != "" {
				same++
			}
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return inX, inY, same
}

// pieces joins words that are alike.
func pieces(list []string, shared []bool) (out []piece) {
	for i, w := range list {
		if n := len(out); n > 0 && (out[n-1].Odd != shared[i]) {
			out[n-1].Text += w
			continue
		}
		out = append(out, piece{w, !shared[i]})
	}
	return out
}
