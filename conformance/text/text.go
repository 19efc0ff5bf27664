// Package text writes values for messages and reports, and shortens text of others.
package text

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Clip returns s with an ellipsis in place of everything after the first n characters. It never cuts a character in two.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if head := Head(s, n); head != s {
		return head + "…"
	}
	return s
}

// Apart returns a and b, each cut to about n characters around the first one that differs, with their lengths if something was cut.
func Apart(a, b string, n int) (string, string) {
	x, y := []rune(a), []rune(b)
	if len(x) <= n && len(y) <= n {
		return a, b
	}
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	from := max(0, min(same-n/4, max(len(x), len(y))-n))
	part := func(r []rune) string {
		s := string(r[min(from, len(r)):min(from+n, len(r))])
		if from > 0 {
			s = "…" + s
		}
		if from+n < len(r) {
			s += "…"
		}
		return s + " (" + Number(len(r), "character", "characters") + ")"
	}
	return part(x), part(y)
}

// Head returns the first n characters of s.
func Head(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Span returns a duration in whole seconds as people write it: 4h35m rather than 4h35m0s.
func Span(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Number returns a number with the words that follow it: one after 1, and many after any other.
func Number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// FirstLine returns s up to its first line end.
func FirstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// Sentence returns s with a capital first letter.
func Sentence(s string) string {
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(first)) + s[size:]
}
