// Package text shortens what others wrote, for messages and reports.
package text

// Clip is s with an ellipsis in place of what follows its first n characters. It never cuts a character in two.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if head := Head(s, n); head != s {
		return head + "…"
	}
	return s
}

// Head is the first n characters of s.
func Head(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
