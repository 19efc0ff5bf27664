package offer

import (
	"errors"
	"strings"
	"testing"

	"reelcheck/reference/internal/archive"
)

// TestTransport checks that an offer that can never connect is refused with the name of what is wrong.
func TestTransport(t *testing.T) {
	t.Parallel()
	const ufrag, password, sum = "a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "sha-256 49:66:12:17:0D:1C:91:AE:57:4C:C6:36:DD:D5:97:D2:7D:62:C9:9A:7F:B9:A3:F4:70:03:E7:43:91:73:23:5E"
	for name, tt := range map[string]struct {
		old, new string
		kind     archive.Kind
		named    string
	}{
		"no digits":               {sum, strings.Replace(sum, "49", "ZZ", 1), archive.Invalid, "a=fingerprint"},
		"a digit less":            {sum, strings.Replace(sum, "49", "9", 1), archive.Invalid, "a=fingerprint"},
		"a hash cut short":        {sum, strings.TrimSuffix(sum, ":5E"), archive.Invalid, "a=fingerprint"},
		"another hash's length":   {"sha-256", "sha-512", archive.Invalid, "a=fingerprint"},
		"an unknown hash":         {"sha-256", "crc-32", archive.Invalid, "a=fingerprint"},
		"a function in capitals":  {"sha-256", "SHA-256", "", ""},
		"hash in small letters":   {sum, strings.ToLower(sum), "", ""},
		"a user of three":         {ufrag, "a=ice-ufrag:EsA", archive.Invalid, "a=ice-ufrag"},
		"no user":                 {ufrag, "a=ice-ufrag:", archive.Invalid, "a=ice-ufrag"},
		"a user with spaces":      {ufrag, "a=ice-ufrag:Es Aw", archive.Invalid, "a=ice-ufrag"},
		"a password of 21":        {password, "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCB", archive.Invalid, "a=ice-pwd"},
		"a password of 257":       {password, "a=ice-pwd:" + strings.Repeat("p", 257), archive.Invalid, "a=ice-pwd"},
		"RTP without DTLS":        {"UDP/TLS/RTP/SAVPF", "RTP/AVP", archive.Unprocessable, "RTP/AVP"},
		"with feedback only":      {"UDP/TLS/RTP/SAVPF", "RTP/AVPF", archive.Unprocessable, "RTP/AVPF"},
		"without the lower layer": {"UDP/TLS/RTP/SAVPF", "RTP/SAVPF", "", ""},
		"without feedback":        {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "", ""},
	} {
		offer := strings.ReplaceAll(browser, tt.old, tt.new)
		if offer == browser {
			t.Fatalf("%s: no %q in the offer", name, tt.old)
		}
		_, err := Parse([]byte(offer))
		var refused *archive.Error
		switch {
		case tt.kind == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.kind != "" && (!errors.As(err, &refused) || refused.Kind != tt.kind || !strings.Contains(err.Error(), tt.named)):
			t.Errorf("%s: %v, want %v and %q", name, err, tt.kind, tt.named)
		}
	}
}
