package mutants

import (
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/mutants/zips"
)

// deliveryMutations are about what a target does for some archives only: for large files, for individual archives, for
// forged links that name a file.
var deliveryMutations = []Mutation{
	{"ARC-STO-04", "the checksum of the first part", tape.Set(scenarios.Large, "get.delivered", "sha256sum", "x")},
	{"ARC-STO-24", "no media type of a large file", tape.Stored(scenarios.Large, "object", func(o *evidence.Object) { o.ContentType = "binary/octet-stream" })},
	{"ARC-SEC-03", "uploads large files without encryption", tape.Unencrypted(scenarios.Large)},
	{"ARC-STO-23", "leaves the parts of an upload that it gave up", func(t *tape.Tape) {
		t.Remove("aborted uploads", func(r *evidence.Record) bool {
			return r.Scenario == scenarios.FallsBack && r.Upload != nil && r.Upload.Part == evidence.AbortParts
		})
	}},
	{"ARC-STO-23", "delivers, and leaves a part of another attempt", func(t *tape.Tape) {
		if r := t.Where(scenarios.Large, "upload", func(r *evidence.Record) bool { return r.Upload != nil && r.Upload.Part == evidence.PutPart }); r != nil {
			r.Upload.Multipart += "-earlier"
		}
	}},
	{"ARC-STO-15", "goes on trying for two hours too long", tape.Set(scenarios.GivenUp, "get.over", "status", "stopped")},
	{"ARC-STO-13", "says that it uploaded an individual archive that nobody took", tape.Set(scenarios.GivenUp, "individual.get.over", "status", "uploaded")},
	{"ARC-STO-19", "falls back for individual archives", tape.Set(scenarios.GivenUp, "individual.get.over", "status", "available")},
	{"ARC-STO-19", "keeps a ZIP where fallback is off", tape.Set(scenarios.GivenUp, "individual.get.long-after", "url", "http://example.com/archive.zip")},
	{"ARC-STO-21", "serves a file for 72 hours from the fallback", tape.Status(scenarios.FallsBack, "download.expired", 206)},
	{"ARC-STO-21", "serves a file for 72 hours from its stop", tape.Status(scenarios.Cloud, "download.expired", 206)},
	{"ARC-URL-08", "one link opens all archives", tape.Status(scenarios.Cloud, "download.forged-archive", 206)},
	{"ARC-URL-08", "compares the beginning of the signature", tape.Status(scenarios.Cloud, "download.forged-signature-end", 206)},
	{"ARC-URL-08", "opens without a signature", tape.Status(scenarios.Cloud, "download.forged-query", 206)},
	{"ARC-URL-10", "serves a ZIP that has expired", tape.Status(scenarios.Cloud, "individual.download.expired", 206)},
	{"ARC-DEL-09", "serves a ZIP that was deleted", tape.Status(scenarios.Cloud, "download.deleted.individual", 206)},
	{"ARC-CB-33", "repeats what was answered 202", tape.Again(scenarios.GivenUp, "stopped")},
	{"ARC-CB-34", "no callback of the expiry of a ZIP", func(t *tape.Tape) {
		t.Remove("callback of the individual archive", func(r *evidence.Record) bool {
			return r.Scenario == scenarios.Cloud && tape.Announced(r) == "expired" && strings.Contains(r.Webhook.Body.Text, `"individual"`)
		})
	}},
	{"ARC-DUR-07", "outlives its clients by more than a minute, individually", tape.Set(scenarios.IndividualAllLeft, "get.after", "status", "paused")},
	{"ARC-IND-04", "begins with a picture that needs another", zips.InFile(scenarios.Captures, "bob", zips.Frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame {
		return all[1:]
	}))},
	{"ARC-IND-10", "Matroska where VP9 is preferred", zips.InFile(scenarios.VP9, "alice", zips.Rename(zips.Ending(".webm", ".mkv")))},
	{"ARC-IND-26", "hears the fiftieth when another leaves", zips.InFile(scenarios.Crowd, "client-51", zips.Late(matroska.Audio, 3*time.Second))},
	{"ARC-IND-27", "does not show whom it may not hear", zips.InFile(scenarios.Crowd, "client-56", zips.Lose(matroska.Video))},
	{"ARC-MAN-05", "a name where none was given", zips.MemberOf(scenarios.VP9, "name", zips.To(`"x"`))},
}

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
	{"ARC-SEC-10", "delivers an individual archive in the clear", tape.SealedIndividual(zips.SpoilOf(scenarios.Encryption, "individual.sealed.individual", func(r *individual.Report) {
		r.Entries, r.Findings = []individual.Entry{{Name: "manifest.json"}}, nil
	}))},
	{"ARC-SEC-10", "an individual archive that nobody can decrypt", tape.OpenedIndividual(func(o *evidence.Opened) {
		*o = evidence.Opened{SHA256: o.SHA256, Error: "does not decrypt"}
	})},
	{"ARC-SEC-10", "encrypts the beginning of an individual archive alone", tape.OpenedIndividual(func(o *evidence.Opened) { o.Found = 40 })},
	{"ARC-SEC-10", "encrypts something else than a ZIP", tape.SealedIndividual(zips.SpoilOf(scenarios.Encryption, "individual.opened.individual", func(r *individual.Report) {
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
