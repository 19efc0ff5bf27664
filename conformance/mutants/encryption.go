package mutants

import (
	"bytes"
	"encoding/json"
	"strings"

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
	{"ARC-SEC-02", "encrypts the beginning alone", opened(func(o *evidence.Opened) { o.Found = 40 })},
	{"ARC-SEC-02", "offers a copy in its cloud", tape.Set(scenarios.Encryption, "get.delivered", "url", "http://example.com/archive.mp4")},
	{"ARC-SEC-04", "tells the duration", tape.Set(scenarios.Encryption, "get.delivered", "duration", 3)},
	{"ARC-SEC-06", "a password of another certificate", opened(func(o *evidence.Opened) { *o = evidence.Opened{SHA256: o.SHA256, Error: "does not decrypt"} })},
	{"ARC-SEC-06", "encrypts an MP4 file", tape.Film(scenarios.Encryption, "opened.media", func(r *media.Report) { r.Transport = false })},
	{"ARC-SEC-06", "begins 2.2 s late", tape.Film(scenarios.Encryption, "opened.media", tape.CutEnds(2.2, 0))},
	{"ARC-SEC-06", "loses the sound", tape.Film(scenarios.Encryption, "opened.media", tape.Without("tone-15"))},
	{"ARC-SEC-07", "no password in the callback", tape.Hook(scenarios.Encryption, "uploaded", "password", "")},
	{"ARC-SEC-08", "takes a key of 3072 bits", tape.Status(scenarios.Encryption, "storage.large-key", 200)},
	{"ARC-SEC-10", "delivers an individual archive in the clear", sealedIndividual(tape.ZipOf(scenarios.Encryption, "individual.sealed.individual", func(r *individual.Report) {
		r.Entries, r.Findings = []individual.Entry{{Name: "manifest.json"}}, nil
	}))},
	{"ARC-SEC-10", "an individual archive that nobody can decrypt", openedIndividual(func(o *evidence.Opened) {
		*o = evidence.Opened{SHA256: o.SHA256, Error: "does not decrypt"}
	})},
	{"ARC-SEC-10", "encrypts the beginning of an individual archive alone", openedIndividual(func(o *evidence.Opened) { o.Found = 40 })},
	{"ARC-SEC-10", "encrypts something else than a ZIP", sealedIndividual(tape.ZipOf(scenarios.Encryption, "individual.opened.individual", func(r *individual.Report) {
		r.Entries = nil
	}))},
	{"ARC-SEC-10", "tells no password of an individual archive", sealedIndividual(tape.Set(scenarios.Encryption, "individual.get.delivered", "password", ""))},
	{"ARC-SEC-10", "delivers an individual archive and a copy", sealedIndividual(func(t *tape.Tape) {
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

// opened changes the result of decrypting an object.
func opened(spoil func(*evidence.Opened)) func(*tape.Tape) {
	return func(t *tape.Tape) {
		if r := t.Where(scenarios.Encryption, "opened", func(r *evidence.Record) bool { return r.Opened != nil }); r != nil {
			spoil(r.Opened)
		}
	}
}

// sealedIndividual adds evidence of an encrypted individual archive of an application with a certificate. It is made of
// the evidence of the composed archive and of the ZIP of another one; spoil may be nil.
func sealedIndividual(spoil func(*tape.Tape)) func(*tape.Tape) {
	const id = "11111111-2222-4333-8444-000000000010"
	return func(t *tape.Tape) {
		start, refused := t.Where(scenarios.Encryption, "start", tape.IsExchange), t.Where(scenarios.Encryption, "individual.start", tape.IsExchange)
		fetched := t.Where(scenarios.Encryption, "object", func(r *evidence.Record) bool { return r.Object != nil && r.Object.SHA256 != "" })
		open := t.Where(scenarios.Encryption, "opened", func(r *evidence.Record) bool { return r.Opened != nil })
		plain := t.Where(scenarios.Captures, "object.individual", func(r *evidence.Record) bool { return r.Individual != nil })
		if len(t.Missed) > 0 {
			return
		}
		old := fetched.IDs[evidence.Archive]
		refused.Exchange.Response.Status = 200
		refused.Exchange.Response.Body.Text = strings.NewReplacer(old, id, "composed", "individual").Replace(start.Exchange.Response.Body.Text)
		var added []evidence.Record
		for _, r := range t.Records {
			mine := r.Scenario == scenarios.Encryption && r.IDs[evidence.Archive] == old
			if mine && (r.Opened != nil || r.Object != nil || r.Label == "get.delivered" || tape.Announced(&r) == "uploaded") {
				r = renamed(r, old, id)
				r.Label = "individual." + r.Label
				if r.Object != nil {
					r.Object.Key = strings.Replace(r.Object.Key, "archive.mp4", "archive.zip", 1)
				}
				added = append(added, r)
			}
		}
		broken := individual.Report{Size: fetched.Object.Size, Entries: []individual.Entry{}, Findings: []individual.Finding{{Kind: individual.Broken, Detail: "not a ZIP"}}}
		for _, found := range []struct {
			label, sha, id string
			report         json.RawMessage
		}{{"individual.sealed.individual", fetched.Object.SHA256, "", jsonOf(broken)}, {"individual.opened.individual", open.Opened.Plain, id, plain.Individual.Report}} {
			r := tape.Copied(*open)
			r.Label, r.Opened, r.IDs[evidence.Archive] = found.label, nil, found.id
			r.Individual = &evidence.Individual{SHA256: found.sha, Report: found.report}
			added = append(added, r)
		}
		t.Records = append(t.Records, added...)
		if spoil != nil {
			spoil(t)
		}
	}
}

// renamed returns a copy of a record with another id in all places of the first.
func renamed(r evidence.Record, from, to string) (c evidence.Record) {
	if err := json.Unmarshal(bytes.ReplaceAll(jsonOf(r), []byte(from), []byte(to)), &c); err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	return c
}

func jsonOf(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	return text
}

// openedIndividual changes the result of decrypting a sealed individual archive.
func openedIndividual(spoil func(*evidence.Opened)) func(*tape.Tape) {
	return sealedIndividual(func(t *tape.Tape) {
		if r := t.Where(scenarios.Encryption, "individual.opened", func(r *evidence.Record) bool { return r.Opened != nil }); r != nil {
			spoil(r.Opened)
		}
	})
}
