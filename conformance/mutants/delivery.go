package mutants

import (
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/mutants/tape"
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
	{"ARC-IND-04", "begins with a picture that needs another", tape.InFile(scenarios.Captures, "bob", tape.Frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame {
		return all[1:]
	}))},
	{"ARC-IND-10", "Matroska where VP9 is preferred", tape.InFile(scenarios.VP9, "alice", tape.Rename(tape.Ending(".webm", ".mkv")))},
	{"ARC-IND-26", "hears the fiftieth when another leaves", tape.InFile(scenarios.Crowd, "client-51", tape.Late(matroska.Audio, 3*time.Second))},
	{"ARC-IND-27", "does not show whom it may not hear", tape.InFile(scenarios.Crowd, "client-56", tape.Lose(matroska.Video))},
	{"ARC-MAN-05", "a name where none was given", tape.MemberOf(scenarios.VP9, "name", tape.To(`"x"`))},
}
