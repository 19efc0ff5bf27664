package delivery

import (
	"net/url"
	"testing"
)

func TestTamper(t *testing.T) {
	link := "http://h/archives/app/a/archive.mp4?expires=1700000000&signature=aGVsbG8td29ybGQ"
	for what, changed := range map[string]string{signature: "signature", signatureEnd: "signature", expiry: "expires", path: ""} {
		forged, err := tamper(link, what)
		if err != nil {
			t.Fatal(err)
		}
		a, b := mustURL(t, link), mustURL(t, forged)
		for key := range a.Query() {
			if same := a.Query().Get(key) == b.Query().Get(key); same == (key == changed) {
				t.Errorf("%s: %s is %q, was %q", what, key, b.Query().Get(key), a.Query().Get(key))
			}
		}
		if (a.Path == b.Path) == (what == path) {
			t.Errorf("%s: path %q, was %q", what, b.Path, a.Path)
		}
	}
	for what, want := range map[string]string{
		signature:    "http://h/archives/app/a/archive.mp4?expires=1700000000&signature=bGVsbG8td29ybGQ",
		signatureEnd: "http://h/archives/app/a/archive.mp4?expires=1700000000&signature=aGVsbG8td29zbGQ",
		query:        "http://h/archives/app/a/archive.mp4",
	} {
		if forged, err := tamper(link, what); err != nil || forged != want {
			t.Errorf("%s: %q, %v, want %q", what, forged, err, want)
		}
	}
	if _, err := tamper("http://h/archive.mp4", signature); err == nil {
		t.Error("tampered with a signature that is not there")
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
