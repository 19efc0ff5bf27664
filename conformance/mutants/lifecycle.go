package mutants

import (
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
)

// lifecycleMutations are about what takes hours: uploads and callbacks that fail, and rotation. Some are about
// session monitoring callbacks.
var lifecycleMutations = []Mutation{
	{"ARC-START-21", "breaks on a field it does not know", tape.Status(scenarios.Refusals, "start.unknown-field", 500)},
	{"ARC-STAT-12", "delivers what it could not record", tape.Set(scenarios.Broken, "get.failed", "status", "uploaded")},
	{"ARC-STAT-13", "another reason of a failure", tape.Set(scenarios.Broken, "get.failed", "reason", "failure")},
	{"ARC-STAT-14", "a status of its own before the first stream", tape.Set(scenarios.Auth, "get.unified", "status", "expired")},
	{"ARC-DUR-15", "records on after a rotation", tape.Set(scenarios.Rotation, "planned.wait.stopped", "status", "started")},
	{"ARC-DUR-15", "records an individual archive on after a rotation", tape.Set(scenarios.Rotation, "planned.beside.wait.stopped", "status", "started")},
	{"ARC-DUR-01", "two minutes for the first publisher of an archive with a tag", tape.Set(scenarios.NoPublisher, "beside.get.after", "status", "started")},
	{"ARC-DUR-14", "idles seconds too short with a tag", tape.Set(scenarios.Idle, "beside.get.before.2", "status", "stopped")},
	{"ARC-STAT-03", "does not pause an archive with a tag", tape.Set(scenarios.Idle, "beside.get.before", "status", "started")},
	{"ARC-DUR-16", "no archive after a rotation", tape.Status(scenarios.Rotation, "asked.start", 409)},
	{"ARC-AUTO-07", "the second file begins where the first has ended", tape.Film(scenarios.AutoOverlap, "middle.object.media", tape.LaterMarks("vp8-16", 150))},
	{"ARC-AUTO-12", "goes on with an archive that has timed out", tape.Set(scenarios.AutoOverlap, "again.get.published", "status", "started")},
	{"ARC-AUTO-14", "no automatic archive after a rotation", tape.Add(scenarios.AutoOverlap, "again.list", "items.1.createdAt", int64(time.Hour/time.Millisecond))},
	{"ARC-EVT-08", "moves without a word to a client", tape.Unheard(scenarios.Rotation, "bob", "sessionNotification")},
	{"ARC-EVT-07", "moves without a word to the session callback", tape.DropEvents(scenarios.Rotation, "sessionNotification")},

	{"ARC-CB-29", "takes a receiver that does not answer for one that answers 200", unansweredOnce},
	{"ARC-CB-29", "gives a callback up after an hour", tape.RefusedUntil(scenarios.Retry, time.Hour)},
	{"ARC-CB-29", "does not wait before the third attempt", tape.SoonerAttempt(scenarios.Retry, 2)},
	{"ARC-CB-30", "signs nothing", tape.Signature(scenarios.Retry, "")},
	{"ARC-CB-30", "signs with another secret", tape.Signature(scenarios.Retry, "Bearer eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo")},

	{"ARC-STO-08", "another name in Azure", tape.EachStored(scenarios.Azure, func(o *evidence.Object) { o.Key = "archive.mp4" })},
	{"ARC-STO-11", "fails in spite of fallback", tape.Becomes(scenarios.FallsBack, "available", "failed")},
	{"ARC-STO-12", "no fallback unless it is asked for", tape.Becomes(scenarios.FallsBack, "available", "failed")},
	{"ARC-STO-13", "says that it uploaded what nobody took", tape.Becomes(scenarios.GivenUp, "failed", "uploaded")},
	{"ARC-STO-14", "tries an upload once", tape.FirstUploadOnly(scenarios.Recovers)},
	{"ARC-STO-15", "gives up an upload early", tape.Set(scenarios.GivenUp, "get.stopped", "status", "failed")},
	{"ARC-STO-15", "tries on after the period", tape.LateUpload(scenarios.GivenUp)},
	{"ARC-STO-15", "tries no more in the second half of the three days", tape.NoUploadAfter(scenarios.GivenUp, "clock.48h")},
	{"ARC-STO-16", "tries no more after the first minutes", tape.NoUploadAfter(scenarios.FallsBack, "clock.before")},
	{"ARC-STO-16", "falls back early", tape.Set(scenarios.FallsBack, "get.before", "status", "available")},
	{"ARC-STO-18", "tells nobody of a failed upload", tape.NoMail(scenarios.FallsBack)},
	{"ARC-STO-18", "tells nobody of a failed upload of an individual archive", tape.NoMail(scenarios.ZIPFallsBack)},
	{"ARC-STO-19", "falls back where that is off", tape.Becomes(scenarios.GivenUp, "failed", "available")},
	{"ARC-STO-19", "keeps a copy where fallback is off", tape.Set(scenarios.GivenUp, "get.long-after", "url", "http://example.com/archive.mp4")},
	{"ARC-SEC-01", "lists a copy where fallback is off", tape.Set(scenarios.GivenUp, "list.after", "items.0.url", "http://example.com/archive.mp4")},
	{"ARC-SEC-03", "uploads without encryption", tape.Unencrypted(scenarios.Recovers)},

	{"ARC-AUTH-18", "takes any length of connection data", letIn("jwt-data-1025")},
	{"ARC-AUTH-18", "refuses a thousand characters", shutOut("t1-data-1000")},
	{"ARC-AUTH-19", "takes tokens of any age", letIn("t1-days-31")},
	{"ARC-LIST-08", "a page of 1001", tape.Answer(scenarios.Listing, "list.larger", 200, `{"count":1001,"items":[{}`+strings.Repeat(",{}", 1000)+`]}`)},
	{"ARC-LIST-08", "an empty page for who wants too much", tape.Answer(scenarios.Listing, "list.larger", 200, `{"count":52,"items":[]}`)},
	{"ARC-LIST-08", "refuses a page of 1000", tape.Status(scenarios.Listing, "list.most", 400)},
	{"ARC-SES-05", "answers JSON to a client that wants XML", tape.Answer(scenarios.Legacy, "session.xml", 200, `[{"session_id":"1_MX4"}]`)},
	{"ARC-SES-07", "answers a disconnection with 200", tape.Status(scenarios.Presence, "disconnect.bob", 200)},
	{"ARC-SES-07", "lists a client that is gone", tape.Reanswer(scenarios.Presence, "connections", "connections.after")},
	{"ARC-SES-08", "a stream without its name", tape.Set(scenarios.Presence, "stream.alice", "name", "")},
	{"ARC-SES-09", "does not tell of streams", tape.DropEvents(scenarios.Presence, "streamCreated")},
	{"ARC-SES-08", "a stream with pictures of no kind", tape.Set(scenarios.Presence, "stream.alice", "videoType", nil)},
	{"ARC-SES-08", "a stream of another kind", tape.Set(scenarios.Presence, "stream.alice", "videoType", "custom")},
	{"ARC-SES-10", "does not tell of the first client", tape.DropEvents(scenarios.Presence, "sessionCreated")},
	{"ARC-SES-10", "creates a session once", tape.DropLastEvent(scenarios.Presence, "sessionCreated")},
	{"ARC-SES-10", "ends a session without a reason", tape.Event(scenarios.Presence, "sessionDestroyed", "reason", func(any) any { return "" })},
	{"ARC-SES-10", "ends a session for another reason than its last client", tape.Event(scenarios.Presence, "sessionDestroyed", "reason", tape.Put("networkDisconnected"))},
	{"ARC-SES-11", "says of a client that was thrown out that it left", tape.All(tape.Event(scenarios.Presence, "streamDestroyed", "reason", tape.Put("clientDisconnected")),
		tape.Event(scenarios.Presence, "connectionDestroyed", "reason", tape.Put("clientDisconnected")))},
	{"ARC-SES-12", "does not tell of the end of a session", tape.DropEvents(scenarios.Presence, "sessionDestroyed")},
	{"ARC-SES-12", "ends a session for another reason than its last client", tape.LastEvent(scenarios.Presence, "sessionDestroyed", "reason", func(any) any { return "forceDisconnected" })},
	{"ARC-SES-11", "a client's streams end at another time", tape.Event(scenarios.Presence, "streamDestroyed", "timestamp", tape.Plus(1000))},
}

func letIn(who string) func(*tape.Tape) {
	return tape.Client(scenarios.Auth, who, "refused", func(r *evidence.Record) { r.Client.Event, r.Client.CloseCode = "open", 0 })
}

// silent lets a client in and tells it nothing.
func silent(who string) func(*tape.Tape) {
	return tape.All(tape.Unheard(scenarios.Auth, who, "connected"), tape.Unheard(scenarios.Auth, who, "archiveStarted"))
}

func shutOut(who string) func(*tape.Tape) {
	return tape.Client(scenarios.Auth, who, "open", func(r *evidence.Record) { r.Client.Event, r.Client.CloseCode = "refused", 403 })
}

// unansweredOnce leaves out the further attempts of a callback that got no answer.
func unansweredOnce(t *tape.Tape) {
	first := t.Callback(scenarios.GivenUp, "failed")
	t.Remove("attempts after no answer", func(r *evidence.Record) bool {
		return r.Scenario == scenarios.GivenUp && tape.Announced(r) == "failed" && r.Seq != first.Seq && r.IDs[evidence.Archive] == first.IDs[evidence.Archive]
	})
}
