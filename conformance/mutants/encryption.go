package mutants

import (
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/mutants/tape"
)

// encryptionMutations are about archives that are encrypted for the holder of a certificate.
var encryptionMutations = []Mutation{
	{"ARC-SEC-02", "stores it in the clear", tape.Film(scenarios.Encryption, "sealed.media", func(r *media.Report) {
		r.Findings, r.Transport, r.Tracks = nil, true, []string{"vide", "soun"}
	})},
	{"ARC-SEC-02", "encrypts the beginning alone", tape.Opened(func(o *evidence.Opened) { o.Found = 40 })},
	{"ARC-SEC-02", "offers a copy in its cloud", tape.Set(scenarios.Encryption, "get.delivered", "url", "http://example.com/archive.mp4")},
	{"ARC-SEC-04", "tells the duration", tape.Set(scenarios.Encryption, "get.delivered", "duration", 3)},
	{"ARC-SEC-06", "a password of another certificate", tape.Opened(func(o *evidence.Opened) { *o = evidence.Opened{SHA256: o.SHA256, Error: "does not decrypt"} })},
	{"ARC-SEC-06", "encrypts an MP4 file", tape.Film(scenarios.Encryption, "opened.media", func(r *media.Report) { r.Transport = false })},
	{"ARC-SEC-06", "begins 2.2 s late", tape.Film(scenarios.Encryption, "opened.media", tape.CutEnds(2.2, 0))},
	{"ARC-SEC-06", "loses the sound", tape.Film(scenarios.Encryption, "opened.media", tape.Without("tone-15"))},
	{"ARC-SEC-07", "no password in the callback", tape.Hook(scenarios.Encryption, "uploaded", "password", "")},
	{"ARC-SEC-08", "takes a key of 3072 bits", tape.Status(scenarios.Encryption, "storage.large-key", 200)},
	{"ARC-SEC-10", "delivers an individual archive in the clear", tape.SealedIndividual(tape.ZipOf(scenarios.Encryption, "individual.sealed.individual", func(r *individual.Report) {
		r.Entries, r.Findings = []individual.Entry{{Name: "manifest.json"}}, nil
	}))},
	{"ARC-SEC-10", "an individual archive that nobody can decrypt", tape.OpenedIndividual(func(o *evidence.Opened) {
		*o = evidence.Opened{SHA256: o.SHA256, Error: "does not decrypt"}
	})},
	{"ARC-SEC-10", "encrypts the beginning of an individual archive alone", tape.OpenedIndividual(func(o *evidence.Opened) { o.Found = 40 })},
	{"ARC-SEC-10", "encrypts something else than a ZIP", tape.SealedIndividual(tape.ZipOf(scenarios.Encryption, "individual.opened.individual", func(r *individual.Report) {
		r.Entries = nil
	}))},
	{"ARC-SEC-10", "tells no password of an individual archive", tape.SealedIndividual(tape.Set(scenarios.Encryption, "individual.get.delivered", "password", ""))},
	{"ARC-SEC-10", "delivers an individual archive and a copy", tape.SealedIndividual(func(t *tape.Tape) {
		if r := t.Where(scenarios.Encryption, "individual.object.listed", func(r *evidence.Record) bool { return r.Object != nil }); r != nil {
			beside := tape.Copied(*r)
			beside.Object.Key += ".copy"
			t.Records = append(t.Records, beside)
		}
	})},
	{"ARC-SEC-09", "goes on encrypting", tape.Film(scenarios.Encryption, "plain.object.media", func(r *media.Report) {
		r.Boxes, r.Findings = nil, []media.Finding{{Kind: media.Broken, Detail: "box header"}}
	})},
}
