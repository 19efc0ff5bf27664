package text

import (
	"strings"
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

// TestApart checks that two long texts are cut where they differ, and that nobody takes the cut for the end.
func TestApart(t *testing.T) {
	long := strings.Repeat("ä", 1000)
	for _, c := range []struct{ a, b, wantA, wantB string }{
		{"short", "other", "short", "other"},
		{long + "a", long + "b", "…" + strings.Repeat("ä", 7) + "a (1001 characters)", "…" + strings.Repeat("ä", 7) + "b (1001 characters)"},
		{long, "", "ääääääää… (1000 characters)", " (0 characters)"},
		{long, long[:100], "…" + strings.Repeat("ä", 8) + "… (1000 characters)", "…ää (50 characters)"},
		{"a" + long, "b" + long, "aäääääää… (1001 characters)", "bäääääää… (1001 characters)"},
	} {
		if a, b := Apart(c.a, c.b, 8); a != c.wantA || b != c.wantB {
			t.Errorf("%.10q and %.10q: %q and %q", c.a, c.b, a, b)
		}
	}
}
