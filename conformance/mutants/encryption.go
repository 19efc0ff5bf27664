package mutants

import (
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
	"reelcheck/conformance/scenario/name"
)

// encryptionMutations are about archives that are encrypted for the holder of a certificate.
var encryptionMutations = []Mutation{
	{"ARC-SEC-02", "stores it in the clear", film(name.Encryption, "sealed.media", func(r *media.Report) {
		r.Findings, r.Transport, r.Tracks = nil, true, []string{"vide", "soun"}
	})},
	{"ARC-SEC-02", "encrypts the beginning alone", opened(func(o *evidence.Opened) { o.Found = 40 })},
	{"ARC-SEC-02", "offers a copy in its cloud", set(name.Encryption, "get.delivered", "url", "http://example.com/archive.mp4")},
	{"ARC-SEC-04", "tells the duration", set(name.Encryption, "get.delivered", "duration", 3)},
	{"ARC-SEC-06", "a password of another certificate", opened(func(o *evidence.Opened) { *o = evidence.Opened{SHA256: o.SHA256, Error: "does not decrypt"} })},
	{"ARC-SEC-06", "encrypts an MP4 file", film(name.Encryption, "opened.media", func(r *media.Report) { r.Transport = false })},
	{"ARC-SEC-06", "loses the sound", film(name.Encryption, "opened.media", without("tone-15"))},
	{"ARC-SEC-07", "no password in the callback", hook(name.Encryption, "uploaded", "password", "")},
	{"ARC-SEC-08", "takes a key of 3072 bits", status(name.Encryption, "storage.large-key", 200)},
	{"ARC-SEC-09", "goes on encrypting", film(name.Encryption, "plain.object.media", func(r *media.Report) {
		r.Boxes, r.Findings = nil, []media.Finding{{Kind: media.Broken, Detail: "box header"}}
	})},
}

// opened changes what came of decrypting an object.
func opened(spoil func(*evidence.Opened)) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(name.Encryption, "opened", func(r *evidence.Record) bool { return r.Opened != nil }); r != nil {
			spoil(r.Opened)
		}
	}
}
