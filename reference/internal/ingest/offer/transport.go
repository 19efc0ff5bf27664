package offer

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"reelcheck/reference/internal/archive"
)

// protocols are those that mean RTP over DTLS-SRTP. Some clients leave out the layers below RTP (RFC 8829 section 5.1.2).
var protocols = []string{"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"}

// sumSizes are the lengths of the hash functions of fingerprints, in bytes (RFC 8122 section 5). MD5 and MD2 must not be used.
var sumSizes = map[string]int{"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}

// checkTransport refuses an offer whose transport could never connect.
func checkTransport(d *sdp.SessionDescription) error {
	lines := slices.Clone(d.Attributes)
	for i, media := range d.MediaDescriptions {
		if protocol := strings.Join(media.MediaName.Protos, "/"); !slices.Contains(protocols, protocol) {
			return errorf(archive.Unprocessable, "media section %d uses %s: only UDP/TLS/RTP/SAVPF (DTLS-SRTP) can be published", i, protocol)
		}
		lines = append(lines, media.Attributes...)
	}
	for _, a := range lines {
		switch {
		case a.Key == "fingerprint" && !validFingerprint(a.Value):
			return errorf(archive.Invalid, "a=fingerprint is not a hash function and its hash in hexadecimal, such as sha-256 and 32 pairs of digits with colons between")
		case a.Key == "ice-ufrag" && (a.Value == "" || !iceToken(a.Value, 4)):
			return errorf(archive.Invalid, "a=ice-ufrag is not 4 to 256 letters, digits, + or /")
		case a.Key == "ice-pwd" && (a.Value == "" || !iceToken(a.Value, 22)):
			return errorf(archive.Invalid, "a=ice-pwd is not 22 to 256 letters, digits, + or /")
		}
	}
	return nil
}

func validFingerprint(value string) bool {
	function, sum, _ := strings.Cut(value, " ")
	pairs := strings.Split(sum, ":")
	size, known := sumSizes[strings.ToLower(function)]
	return known && len(pairs) == size && !slices.ContainsFunc(pairs, func(pair string) bool {
		b, err := hex.DecodeString(pair)
		return err != nil || len(b) != 1
	})
}
