package outbound

import (
	"net/http"
	"strings"
	"testing"
)

func TestRedacted(t *testing.T) {
	for raw, want := range map[string]string{
		"https://user:secret@hooks.example.com:81/a/b%2Fc?token=secret#secret": "https://hooks.example.com:81/a/b%2Fc",
		"http://hooks.example.com":               "http://hooks.example.com",
		"http://secret:secret@hooks.example/%zz": "(not a URL)",
	} {
		if got := Redacted(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestCause(t *testing.T) {
	for _, raw := range []string{"http://127.0.0.1:1/?token=secret", "http://user:secret@127.0.0.1:1/", "http://127.0.0.1:1/%zz?secret"} {
		_, err := http.Get(raw)
		if err == nil {
			t.Fatal("an answer from port 1")
		}
		if said := Cause(err).Error(); strings.Contains(said, "secret") {
			t.Errorf("%q: %s", raw, said)
		}
	}
}
