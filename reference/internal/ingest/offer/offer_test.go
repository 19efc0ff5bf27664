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
