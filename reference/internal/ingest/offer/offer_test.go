package offer

import (
	_ "embed"
	"errors"
	"strings"
	"testing"

	"reelcheck/reference/internal/archive"
)

// browser is a shortened offer as Chrome makes it.
//
//go:embed testdata/browser.sdp
var browser string

// TestOffersOfManyLines checks that lines that take long to negotiate are limited. Browsers have fewer.
func TestOffersOfManyLines(t *testing.T) {
	t.Parallel()
	for line, few := range map[string]int{"a=ssrc-group:FID 1 2\n": 50, "a=ssrc:7 cname:x\n": 50, "a=rtcp-fb:96 nack\n": 150} {
		var refused *archive.Error
		if _, err := Parse([]byte(browser + strings.Repeat(line, 1000))); !errors.As(err, &refused) || refused.Kind != archive.Invalid {
			t.Errorf("1000 lines %q: %v", line, err)
		}
		if _, err := Parse([]byte(browser + strings.Repeat(line, few))); err != nil {
			t.Errorf("%d lines %q: %v", few, line, err)
		}
	}
}

// TestDirections checks that a direction counts for all sections without one if it is in the session (RFC 8866 section 6.7).
func TestDirections(t *testing.T) {
	t.Parallel()
	silent := strings.ReplaceAll(browser, "a=sendonly\n", "")
	if silent == browser {
		t.Fatal("no a=sendonly in the offer")
	}
	session := func(offer, line string) string { return strings.Replace(offer, "a=group", line+"\na=group", 1) }
	for name, tt := range map[string]struct {
		offer string
		want  archive.Kind
	}{
		"session recvonly":          {session(silent, "a=recvonly"), archive.Unprocessable},
		"session inactive":          {session(silent, "a=inactive"), archive.Unprocessable},
		"session sendonly":          {session(silent, "a=sendonly"), ""},
		"no direction":              {silent, ""},
		"sections overrule session": {session(browser, "a=inactive"), ""},
	} {
		o, err := Parse([]byte(tt.offer))
		var refused *archive.Error
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (!errors.As(err, &refused) || refused.Kind != tt.want):
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		case tt.want == "" && name != "no direction":
			if text, err := o.Text(); err != nil || strings.Count(text, "a=sendonly") != 2 || strings.Contains(text, "a=inactive") {
				t.Errorf("%s: pion gets %s (%v)", name, text, err)
			}
		}
	}
}

// TestSectionsOverruleTheSession checks that a=setup of the first section counts, not that of the session (RFC 8866 section 6).
func TestSectionsOverruleTheSession(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]bool{"passive": true, "active": false} {
		offer := strings.Replace(strings.ReplaceAll(browser, "a=setup:actpass", "a=setup:"+role), "a=group", "a=setup:actpass\na=group", 1)
		if o, err := Parse([]byte(offer)); err != nil || o.Passive() != want {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// TestSameMID checks that two sections of one name are refused (RFC 5888 section 4).
func TestSameMID(t *testing.T) {
	t.Parallel()
	var refused *archive.Error
	offer := strings.Replace(strings.Replace(browser, "a=mid:1", "a=mid:0", 1), "BUNDLE 0 1", "BUNDLE 0", 1)
	if _, err := Parse([]byte(offer)); !errors.As(err, &refused) || refused.Kind != archive.Invalid {
		t.Errorf("%v", err)
	}
}

// FuzzOffer checks that every accepted offer can be written for pion, with other credentials too.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(browser))
	f.Add([]byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"))
	f.Add([]byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE \r\nm=video 9 X 0\r\na=mid:\r\nm=\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := Parse(text)
		if err != nil {
			return
		}
		if n := len(o.mids); n < 1 || n > 2 {
			t.Fatalf("%d media sections", n)
		}
		o.Restart("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
		written, err := o.Text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse([]byte(written))
		if err != nil {
			t.Skip() // a value with a line end inside cannot come from a line
		}
		if ufrag, password := again.Credentials(); ufrag != "EsAw" || password != "P2uYro0UCOQ4zxjKXaWCBui1" {
			t.Fatalf("credentials %q, %q", ufrag, password)
		}
	})
}
