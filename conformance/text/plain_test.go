package text

import "testing"

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{"": "", "grün\n\t€": "grün\n\t€", "\x1b[2J": `\x1b[2J`, "a\rb": `a\x0db`, "\u009b1m": `\x9b1m`, "\u202eabc\u2066": `\u202eabc\u2066`, "a\x00": `a\x00`, "\x9b1m": "\ufffd1m"} {
		if got := Plain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"a\r\nb\nc\td\x1b": `a b c d\x1b`, "x ##[set-output name=a]b": "x ## [set-output name=a]b"} {
		if got := Line(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
