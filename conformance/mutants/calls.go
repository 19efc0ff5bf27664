package mutants

import (
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
)

const freshArchive = `{"id":"11111111-2222-4333-8444-555555555555","status":"started"}`

const xmlError = `<errorPayload><code>-1</code><message>Archive not found</message></errorPayload>`

// callMutations are about requests, credentials, lists and reads.
var callMutations = []Mutation{
	{"ARC-START-01", "starts in a relayed session", tape.Status(scenarios.Refusals, "start.relayed", 200)},
	{"ARC-START-02", "starts with nobody connected", tape.Status(scenarios.Refusals, "start.nobody", 200)},
	{"ARC-START-02", "starts when everybody has left", tape.Status(scenarios.Refusals, "start.deserted", 200)},
	{"ARC-START-02", "starts again when everybody has left a recorded session", tape.Status(scenarios.AllLeft, "start.left", 200)},
	{"ARC-START-03", "answers a start with paused", tape.Set(scenarios.Pair, "start", "status", "paused")},
	{"ARC-START-05", "refuses a second archive of a session", tape.Status(scenarios.Cloud, "start.2", 409)},
	{"ARC-START-06", "individual by default", tape.Set(scenarios.Pair, "get.started", "outputMode", "individual")},
	{"ARC-START-07", "forgets the outputMode asked for", tape.All(tape.Request(scenarios.Pair, "start", "outputMode", "composed"),
		tape.Set(scenarios.Pair, "get.started", "outputMode", "individual"))},
	{"ARC-START-08", "accepts an unknown outputMode", tape.Status(scenarios.Refusals, "start.output-mode", 200)},
	{"ARC-START-08", "takes an unknown outputMode for an unknown session", tape.Status(scenarios.Refusals, "start.output-mode", 404)},
	{"ARC-START-09", "forgets that no video was asked for", tape.Set(scenarios.AudioOnly, "get.delivered", "hasVideo", true)},
	{"ARC-START-10", "no audio by default", tape.Set(scenarios.Pair, "get.started", "hasAudio", false)},
	{"ARC-START-11", "accepts an archive of nothing", tape.Status(scenarios.Refusals, "start.no-media", 200)},
	{"ARC-START-12", "accepts a start without a session", tape.Status(scenarios.Refusals, "start.no-session", 500)},
	{"ARC-START-13", "fails on an unknown session", tape.Status(scenarios.Refusals, "start.unknown-session", 500)},
	{"ARC-START-14", "records a session twice", tape.Status(scenarios.Refusals, "start.second", 200)},
	{"ARC-START-14", "records a session twice whose archive is paused", tape.Status(scenarios.Pause, "start.paused", 200)},
	{"ARC-START-15", "fails on a truncated body", tape.Status(scenarios.Refusals, "start.truncated", 500)},
	{"ARC-START-16", "accepts an unknown streamMode", tape.Status(scenarios.Refusals, "start.stream-mode", 200)},
	{"ARC-START-17", "a refused start leaves an archive", tape.Add(scenarios.Auth, "list.unharmed", "count", 1)},
	{"ARC-START-17", "a refused start leaves an archive that is listed", leftBehind},
	{"ARC-START-18", "answers a start with a size", tape.Set(scenarios.Pair, "start", "size", 5)},
	{"ARC-START-19", "loses the name", tape.Set(scenarios.Pair, "get.recording", "name", "archive")},
	{"ARC-START-20", "records a foreign session", tape.Status(scenarios.Isolation, "start.foreign", 200)},
	{"ARC-START-22", "no list under the API key", tape.Status(scenarios.Legacy, "list", 500)},
	{"ARC-START-24", "takes a number for a session", tape.Status(scenarios.Refusals, "start.type-id", 200)},
	{"ARC-START-24", "takes a number for a tag", tape.Status(scenarios.Refusals, "start.type-tag", 200)},
	{"ARC-START-24", "fails on an array", tape.Status(scenarios.Refusals, "start.array", 500)},
	{"ARC-RES-07", "accepts 800x600", tape.Status(scenarios.Refusals, "start.resolution", 200)},
	{"ARC-RES-09", "accepts a resolution for an individual archive", tape.Status(scenarios.Refusals, "start.individual-resolution", 200)},
	{"ARC-RATE-04", "accepts a quantizer of 14", tape.Status(scenarios.Refusals, "start.qp-low", 200)},
	{"ARC-RATE-07", "takes no bit/s for no choice", tape.Status(scenarios.Refusals, "start.bitrate-zero", 200)},
	{"ARC-RATE-07", "accepts 99 999 bit/s", tape.Status(scenarios.Refusals, "start.bitrate-low", 200)},
	{"ARC-RATE-04", "refuses a quantizer of 15", tape.All(tape.Request(scenarios.Rates, "qp-20.start", "quantizationParameter", 15), tape.Status(scenarios.Rates, "qp-20.start", 400))},
	{"ARC-RATE-07", "refuses 6 000 000 bit/s", tape.All(tape.Request(scenarios.Rates, "bitrate.start", "maxBitrate", 6_000_000), tape.Status(scenarios.Rates, "bitrate.start", 400))},
	{"ARC-RATE-10", "accepts both rates", tape.Status(scenarios.Refusals, "start.both-rates", 200)},
	{"ARC-RATE-11", "accepts maxBitrate for an individual archive", tape.Status(scenarios.Refusals, "start.individual-bitrate", 200)},
	{"ARC-RATE-12", "accepts a quantizer for an individual archive", tape.Status(scenarios.Refusals, "start.individual-qp", 200)},
	{"ARC-RATE-13", "invents a maxBitrate", tape.Set(scenarios.Rates, "qp-20.get.delivered", "maxBitrate", 1000000)},
	{"ARC-RATE-13", "forgets the maxBitrate", tape.Set(scenarios.Rates, "bitrate.get.delivered", "maxBitrate", nil)},
	{"ARC-RATE-14", "refuses a quantizer", tape.Status(scenarios.Rates, "qp-20.start", 400)},
	{"ARC-LAY-06", "accepts a layout nobody knows", tape.Status(scenarios.Refusals, "start.layout-type", 200)},
	{"ARC-LAY-06", "answers 409 to a layout nobody knows", tape.Status(scenarios.Refusals, "start.layout-type", 409)},
	{"ARC-LAY-06", "takes a style sheet for bestFit", tape.Status(scenarios.Refusals, "start.layout-stylesheet", 200)},
	{"ARC-LAY-06", "takes a style sheet for a presentation", tape.Status(scenarios.Refusals, "start.layout-stylesheet-horizontal", 200)},
	{"ARC-LAY-06", "takes a layout for screens with a presentation", tape.Status(scenarios.Refusals, "start.layout-screenshare-vertical", 200)},
	{"ARC-SEL-02", "manual by default", tape.Set(scenarios.Pair, "get.started", "streamMode", "manual")},
	{"ARC-SIM-07", "invents a tag", tape.Set(scenarios.Pair, "get.started", "multiArchiveTag", "x")},

	{"ARC-STOP-01", "answers a stop with started", tape.Set(scenarios.Pair, "stop", "status", "started")},
	{"ARC-STOP-02", "no reason after a stop", tape.Set(scenarios.Pair, "get.stopped", "reason", "")},
	{"ARC-STOP-02", "another reason once the file is there", tape.Set(scenarios.Pair, "get.uploaded", "reason", "session ended")},
	{"ARC-STOP-05", "stops what does not exist", tape.Status(scenarios.Refusals, "stop.unknown", 200)},
	{"ARC-STOP-06", "takes over the reason of a stop that comes too late", tape.Set(scenarios.Undelivered, "left.get.after", "reason", "user initiated")},
	{"ARC-STOP-06", "fails on a second stop", tape.Status(scenarios.Pair, "stop.second", 500)},
	{"ARC-STOP-07", "does not stop a paused archive", tape.Status(scenarios.Pause, "stop", 409)},
	{"ARC-STOP-08", "wants no JSON with a stop", tape.Status(scenarios.Refusals, "stop.object", 415)},
	{"ARC-STOP-09", "fails on a malformed id", tape.Status(scenarios.Refusals, "stop.malformed", 500)},
	{"ARC-STOP-10", "lets another application stop", tape.Status(scenarios.Isolation, "stop.foreign", 200)},

	{"ARC-AUTH-01", "refuses proper credentials", tape.Status(scenarios.Auth, "list.unified", 401)},
	{"ARC-AUTH-02", "lists for anybody", tape.Status(scenarios.Auth, "list.none", 200)},
	{"ARC-AUTH-02", "tells anybody who is connected", tape.Status(scenarios.Auth, "connections.none", 200)},
	{"ARC-AUTH-02", "selects streams for anybody", tape.Status(scenarios.Auth, "select.none", 404)},
	{"ARC-AUTH-03", "does not look at the signature", tape.Status(scenarios.Auth, "list.unified.wrong-signature", 200)},
	{"ARC-AUTH-03", "takes the token of an application that does not exist", tape.Status(scenarios.Auth, "list.unified.unknown-issuer", 200)},
	{"ARC-AUTH-04", "does not look at exp", tape.Status(scenarios.Auth, "list.unified.expired", 200)},
	{"ARC-AUTH-05", "does not compare token and path", tape.Status(scenarios.Isolation, "list.foreign-path", 200)},
	{"ARC-AUTH-05", "changes a layout under the path of another application", tape.Status(scenarios.Isolation, "layout.foreign-path", 404)},
	{"ARC-AUTH-05", "knows a key by itself", tape.Status(scenarios.Isolation, "list.foreign-key", 200)},
	{"ARC-AUTH-06", "counts a token's life from now", tape.Status(scenarios.Auth, "list.unified.issued-early", 200)},
	{"ARC-AUTH-06", "takes a token of two days", tape.Status(scenarios.Auth, "list.unified.too-long-lived", 200)},
	{"ARC-AUTH-07", "takes alg none", tape.Status(scenarios.Auth, "list.unified.unsigned", 200)},
	{"ARC-AUTH-08", "answers 401 to garbage", tape.Status(scenarios.Auth, "list.unified.garbage", 401)},
	{"ARC-AUTH-09", "refuses legacy credentials", tape.Status(scenarios.Auth, "list.legacy", 403)},
	{"ARC-AUTH-10", "does not look at the legacy signature", tape.Status(scenarios.Auth, "list.legacy.wrong-signature", 200)},
	{"ARC-AUTH-10", "takes alg none under an API key", tape.Status(scenarios.Auth, "list.legacy.unsigned", 200)},
	{"ARC-AUTH-10", "takes the token of a project that does not exist", tape.Status(scenarios.Auth, "list.legacy.unknown-issuer", 200)},
	{"ARC-AUTH-11", "does not look at the legacy exp", tape.Status(scenarios.Auth, "list.legacy.expired", 200)},
	{"ARC-AUTH-12", "takes a legacy token of an hour", tape.Status(scenarios.Auth, "list.legacy.too-long-lived", 200)},
	{"ARC-AUTH-12", "counts a legacy token's life from now", tape.Status(scenarios.Auth, "list.legacy.issued-early", 200)},
	{"ARC-AUTH-13", "takes a legacy token under another application's id", tape.Status(scenarios.Isolation, "list.foreign-legacy-id", 200)},
	{"ARC-AUTH-13", "does not compare key and path", tape.Status(scenarios.Isolation, "list.foreign-legacy-path", 200)},
	{"ARC-AUTH-14", "answers errors in plain text", tape.Answer(scenarios.Refusals, "get.unknown", 404, "not found")},
	{"ARC-AUTH-14", "calls an error HTML", tape.Typed(scenarios.Refusals, "get.unknown", "text/html")},
	{"ARC-GET-06", "calls an archive HTML", tape.Typed(scenarios.Pair, "get.recording", "text/html; charset=utf-8")},
	{"ARC-SES-01", "calls a session HTML", tape.Typed(scenarios.Pair, "session.other", "text/html")},
	{"ARC-AUTH-14", "answers errors in XML to a client that wants JSON", tape.All(tape.Accepting(scenarios.Refusals, "get.unknown", "application/json"),
		tape.Answer(scenarios.Refusals, "get.unknown", 404, xmlError))},
	{"ARC-AUTH-15", "starts for a bad signature", tape.Answer(scenarios.Auth, "start.unified.wrong-signature", 200, freshArchive)},

	{"ARC-AUTH-16", "does not look at the signature of a T1 token", letIn("t1-wrong-signature")},
	{"ARC-AUTH-20", "lists for a client", tape.Status(scenarios.Auth, "list.client", 200)},

	{"ARC-LIST-01", "fails to list", tape.Status(scenarios.Listing, "list.all", 500)},
	{"ARC-LIST-02", "adds a key to the list", tape.Set(scenarios.Listing, "list.all", "total", 5)},
	{"ARC-LIST-03", "ignores the session filter", tape.Set(scenarios.Listing, "list.one", "items.0.sessionId", "1_other")},
	{"ARC-LIST-04", "lists in no order", tape.Swap(scenarios.Listing, "list.all", 0, 2)},
	{"ARC-LIST-05", "pages overlap", tape.Swap(scenarios.Listing, "list.page-1", 0, 1)},
	{"ARC-LIST-06", "counts wrongly", tape.Add(scenarios.Listing, "list.one", "count", 1)},
	{"ARC-LIST-07", "a page of 51", longPage},
	{"ARC-LIST-09", "fails on a negative offset", tape.Status(scenarios.Listing, "list.bad-offset", 500)},
	{"ARC-LIST-09", "fails on an offset beyond all numbers", tape.Status(scenarios.Listing, "list.huge-offset", 500)},
	{"ARC-LIST-10", "lists another name than it reads", tape.Set(scenarios.Listing, "list.two", "items.0.sha256sum", "x")},
	{"ARC-LIST-10", "lists no checksum of what nobody has read yet", tape.Set(scenarios.AutoDay, "list.day", "items.6.sha256sum", "")},
	{"ARC-LIST-10", "lists the second before", tape.Change(scenarios.Listing, "list.two", "items.0.updatedAt", func(old any) any {
		return tape.Millis(old).Round(time.Second).Add(-time.Second).UnixMilli()
	})},
	{"ARC-LIST-11", "createdAt in no order", tape.Set(scenarios.Listing, "list.one", "items.0.createdAt", 1000)},
	{"ARC-LIST-12", "lists foreign archives", foreignItem},
	{"ARC-LIST-13", "counts where nothing is", tape.Set(scenarios.Listing, "list.none", "count", 3)},

	{"ARC-GET-01", "does not find what it records", tape.Status(scenarios.Pair, "get.recording", 404)},
	{"ARC-GET-02", "finds what does not exist", tape.Status(scenarios.Refusals, "get.unknown", 200)},
	{"ARC-GET-03", "fails on a malformed id", tape.Status(scenarios.Refusals, "get.malformed", 500)},
	{"ARC-GET-04", "createdAt long before the media", tape.Add(scenarios.Pair, "get.uploaded", "createdAt", -60000)},
	{"ARC-GET-05", "shows a foreign archive", tape.Status(scenarios.Isolation, "get.foreign", 200)},
	{"ARC-GET-06", "numbers as text", tape.Set(scenarios.Pair, "get.recording", "createdAt", "1700000000000")},
	{"ARC-GET-07", "a size while recording", tape.Set(scenarios.Pair, "get.recording", "size", 77)},
	{"ARC-GET-07", "a duration while started", tape.Set(scenarios.Pair, "get.recording", "duration", 3)},
	{"ARC-GET-08", "another size than the file's", tape.Add(scenarios.Pair, "get.uploaded", "size", 1)},
	{"ARC-GET-09", "updatedAt in seconds", tape.Set(scenarios.Pair, "get.uploaded", "updatedAt", 1700000000)},
	{"ARC-GET-09", "the time of the change before", tape.Add(scenarios.Cloud, "wait.expired", "updatedAt", -60_000)},
	{"ARC-GET-11", "no number of the project", tape.Set(scenarios.Legacy, "get.uploaded", "partnerId", "100001")},
	{"ARC-GET-10", "no outputMode", tape.Set(scenarios.Pair, "get.recording", "outputMode", nil)},

	{"ARC-DEL-01", "answers a deletion with 200", tape.Status(scenarios.Pair, "delete", 200)},
	{"ARC-DEL-02", "lists the deleted", tape.Reanswer(scenarios.Pair, "list.uploaded", "list.deleted")},
	{"ARC-DEL-03", "reads the deleted", tape.Status(scenarios.Pair, "get.deleted", 500)},
	{"ARC-DEL-04", "deletes what it records", tape.Status(scenarios.Pair, "delete.started", 204)},
	{"ARC-DEL-05", "deletes what is not delivered", tape.All(tape.Status(scenarios.Undelivered, "delete.stopped", 204), tape.Status(scenarios.Undelivered, "delete.retried", 204))},
	{"ARC-DEL-05", "deletes what is tried again", tape.Status(scenarios.Undelivered, "delete.retried", 204)},
	{"ARC-DEL-05", "deletes what is not delivered, and knows it no more", tape.All(tape.Status(scenarios.Undelivered, "delete.stopped", 204),
		tape.Status(scenarios.Undelivered, "delete.retried", 204),
		tape.Answer(scenarios.Undelivered, "get.after", 404, `{"message":"not found"}`))},
	{"ARC-DEL-06", "deletes what does not exist", tape.Status(scenarios.Refusals, "delete.unknown", 204)},
	{"ARC-DEL-07", "fails on a second deletion", tape.Status(scenarios.Pair, "delete.second", 500)},
	{"ARC-DEL-08", "empties the owner's bucket", tape.Watched(scenarios.Pair, "object.deleted", false)},
	{"ARC-DEL-09", "serves what was deleted", tape.Status(scenarios.Cloud, "download.deleted", 206)},
	{"ARC-DEL-10", "deletes the expired", tape.Status(scenarios.Cloud, "delete.expired", 204)},
	{"ARC-DEL-10", "deletes the failed", tape.Status(scenarios.Broken, "delete.failed", 204)},
	{"ARC-DEL-10", "refuses to delete the failed, and does it", tape.Set(scenarios.Broken, "get.undeleted", "status", "deleted")},
	{"ARC-DEL-11", "lets another application delete", tape.Status(scenarios.Isolation, "delete.foreign", 204)},

	{"ARC-SES-01", "no session in the answer", tape.Answer(scenarios.Pair, "session.other", 200, "[]")},
	{"ARC-SES-02", "relayed by default", tape.All(tape.Asked(scenarios.Pair, "session", ""), tape.Status(scenarios.Pair, "start", 409))},
	{"ARC-SES-03", "refuses location null", tape.All(tape.Asked(scenarios.Pair, "session.other", "p2p.preference=disabled&location=null"),
		tape.Status(scenarios.Pair, "session.other", 400))},
	{"ARC-SES-04", "ids that name no application", tape.Answer(scenarios.Pair, "session.other", 200, `[{"session_id":"1_MX5-fn4"}]`)},
	{"ARC-SES-06", "automatic archives of relayed media", tape.Asked(scenarios.Pair, "session.other", "p2p.preference=enabled&archiveMode=always")},
}

// foreignItem puts the owner's archive into the list of the other application.
func foreignItem(t *tape.Tape) {
	own := t.Where(scenarios.Isolation, "get.unharmed", tape.IsExchange)
	if own == nil {
		return
	}
	tape.Answer(scenarios.Isolation, "list.foreign", 200, `{"count":1,"items":[`+own.Exchange.Response.Body.Text+`]}`)(t)
}

// leftBehind lists an archive that nobody started, of a session of the suite, in an application that others use too.
func leftBehind(t *tape.Tape) {
	tape.Unmade(scenarios.Auth)(t)
	own := t.Where(scenarios.Auth, "get.unified", tape.IsExchange)
	if own == nil {
		return
	}
	var a map[string]any
	_ = own.Exchange.Response.Body.Decode(&a)
	tape.Change(scenarios.Auth, "list.unharmed", "items", func(old any) any {
		items, _ := old.([]any)
		return append(items, map[string]any{"id": "11111111-2222-4333-8444-555555555555", "status": "started", "sessionId": a["sessionId"]})
	})(t)
}

// longPage adds one more archive to a page without count.
func longPage(t *tape.Tape) {
	tape.Change(scenarios.Listing, "list.crowd", "items", func(old any) any {
		items, _ := old.([]any)
		return append(append([]any{}, items...), items[0])
	})(t)
}
