package text

import (
	"testing"
	"time"
)

func TestClip(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äöü…"}, {"a\xffb", 2, "a\xff…"}, {"日本語", 0, "…"},
	} {
		if got := Clip(c.s, c.n); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.s, c.n, got, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 67 * time.Second: "1m7s", 2 * time.Minute: "2m", 4 * time.Hour: "4h", 4*time.Hour + 35*time.Minute: "4h35m",
		10*time.Hour + 5*time.Second: "10h0m5s", 20 * time.Second: "20s", 1400 * time.Millisecond: "1s",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0 clauses are kept", 1: "1 clause is kept", 21: "21 clauses are kept"} {
		if got := Number(n, "clause is kept", "clauses are kept"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
