package mutants

import "reelcheck/conformance/scenario/name"

const freshArchive = `{"id":"11111111-2222-4333-8444-555555555555","status":"started"}`

// callMutations are about requests, credentials, lists and reads.
var callMutations = []Mutation{
	{"ARC-START-01", "starts in a relayed session", status(name.Refusals, "start.relayed", 200)},
	{"ARC-START-02", "starts with nobody connected", status(name.Refusals, "start.nobody", 200)},
	{"ARC-START-03", "answers a start with paused", set(name.Pair, "start", "status", "paused")},
	{"ARC-START-05", "refuses a second archive of a session", status(name.Cloud, "start.2", 409)},
	{"ARC-START-06", "individual by default", set(name.Pair, "get.started", "outputMode", "individual")},
	{"ARC-START-07", "forgets the outputMode asked for", all(request(name.Pair, "start", "outputMode", "composed"),
		set(name.Pair, "get.started", "outputMode", "individual"))},
	{"ARC-START-08", "accepts an unknown outputMode", status(name.Refusals, "start.output-mode", 200)},
	{"ARC-START-09", "forgets that no video was asked for", set(name.AudioOnly, "get.delivered", "hasVideo", true)},
	{"ARC-START-10", "no audio by default", set(name.Pair, "get.started", "hasAudio", false)},
	{"ARC-START-11", "accepts an archive of nothing", status(name.Refusals, "start.no-media", 200)},
	{"ARC-START-12", "accepts a start without a session", status(name.Refusals, "start.no-session", 500)},
	{"ARC-START-13", "fails on an unknown session", status(name.Refusals, "start.unknown-session", 500)},
	{"ARC-START-14", "records a session twice", status(name.Refusals, "start.second", 200)},
	{"ARC-START-15", "fails on a truncated body", status(name.Refusals, "start.truncated", 500)},
	{"ARC-START-16", "accepts an unknown streamMode", status(name.Refusals, "start.stream-mode", 200)},
	{"ARC-START-17", "a refused start leaves an archive", add(name.Auth, "list.unharmed", "count", 1)},
	{"ARC-START-18", "answers a start with a size", set(name.Pair, "start", "size", 5)},
	{"ARC-START-19", "loses the name", set(name.Pair, "get.recording", "name", "archive")},
	{"ARC-START-20", "records a foreign session", status(name.Isolation, "start.foreign", 200)},
	{"ARC-START-22", "no list under the API key", status(name.Legacy, "list", 500)},
	{"ARC-RES-07", "accepts 800x600", status(name.Refusals, "start.resolution", 200)},
	{"ARC-RES-09", "accepts a resolution for an individual archive", status(name.Refusals, "start.individual-resolution", 200)},
	{"ARC-RATE-04", "accepts a quantizer of 14", status(name.Refusals, "start.qp-low", 200)},
	{"ARC-RATE-07", "accepts 99 999 bit/s", status(name.Refusals, "start.bitrate-low", 200)},
	{"ARC-RATE-10", "accepts both rates", status(name.Refusals, "start.both-rates", 200)},
	{"ARC-RATE-11", "accepts maxBitrate for an individual archive", status(name.Refusals, "start.individual-bitrate", 200)},
	{"ARC-RATE-12", "accepts a quantizer for an individual archive", status(name.Refusals, "start.individual-qp", 200)},
	{"ARC-RATE-13", "invents a maxBitrate", set(name.Rates, "qp-20.get.delivered", "maxBitrate", 1000000)},
	{"ARC-RATE-14", "refuses a quantizer", status(name.Rates, "qp-20.start", 400)},
	{"ARC-LAY-06", "accepts a layout nobody knows", status(name.Refusals, "start.layout-type", 200)},
	{"ARC-SEL-02", "manual by default", set(name.Pair, "get.started", "streamMode", "manual")},
	{"ARC-SIM-07", "invents a tag", set(name.Pair, "get.started", "multiArchiveTag", "x")},

	{"ARC-STOP-01", "answers a stop with started", set(name.Pair, "stop", "status", "started")},
	{"ARC-STOP-02", "no reason after a stop", set(name.Pair, "get.stopped", "reason", "")},
	{"ARC-STOP-05", "stops what does not exist", status(name.Refusals, "stop.unknown", 200)},
	{"ARC-STOP-06", "fails on a second stop", status(name.Pair, "stop.second", 500)},
	{"ARC-STOP-07", "does not stop a paused archive", status(name.Pause, "stop", 409)},
	{"ARC-STOP-08", "wants no JSON with a stop", status(name.Refusals, "stop.object", 415)},
	{"ARC-STOP-09", "fails on a malformed id", status(name.Refusals, "stop.malformed", 500)},
	{"ARC-STOP-10", "lets another application stop", status(name.Isolation, "stop.foreign", 200)},

	{"ARC-AUTH-01", "refuses proper credentials", status(name.Auth, "list.unified", 401)},
	{"ARC-AUTH-02", "lists for anybody", status(name.Auth, "list.none", 200)},
	{"ARC-AUTH-03", "does not look at the signature", status(name.Auth, "list.unified.wrong-signature", 200)},
	{"ARC-AUTH-04", "does not look at exp", status(name.Auth, "list.unified.expired", 200)},
	{"ARC-AUTH-05", "does not compare token and path", status(name.Isolation, "list.foreign-path", 200)},
	{"ARC-AUTH-06", "takes a token of two days", status(name.Auth, "list.unified.too-long-lived", 200)},
	{"ARC-AUTH-07", "takes alg none", status(name.Auth, "list.unified.unsigned", 200)},
	{"ARC-AUTH-08", "answers 401 to garbage", status(name.Auth, "list.unified.garbage", 401)},
	{"ARC-AUTH-09", "refuses legacy credentials", status(name.Auth, "list.legacy", 403)},
	{"ARC-AUTH-10", "does not look at the legacy signature", status(name.Auth, "list.legacy.wrong-signature", 200)},
	{"ARC-AUTH-11", "does not look at the legacy exp", status(name.Auth, "list.legacy.expired", 200)},
	{"ARC-AUTH-12", "takes a legacy token of an hour", status(name.Auth, "list.legacy.too-long-lived", 200)},
	{"ARC-AUTH-13", "does not compare key and path", status(name.Isolation, "list.foreign-legacy-path", 200)},
	{"ARC-AUTH-14", "answers errors in plain text", answer(name.Refusals, "get.unknown", 404, "not found")},
	{"ARC-AUTH-15", "starts for a bad signature", answer(name.Auth, "start.unified.wrong-signature", 200, freshArchive)},

	{"ARC-LIST-01", "fails to list", status(name.Listing, "list.all", 500)},
	{"ARC-LIST-02", "adds a key to the list", set(name.Listing, "list.all", "total", 5)},
	{"ARC-LIST-03", "ignores the session filter", set(name.Listing, "list.one", "items.0.sessionId", "1_other")},
	{"ARC-LIST-04", "lists in no order", swap(name.Listing, "list.all", 0, 2)},
	{"ARC-LIST-05", "pages overlap", swap(name.Listing, "list.page-1", 0, 1)},
	{"ARC-LIST-06", "counts wrongly", add(name.Listing, "list.one", "count", 1)},
	{"ARC-LIST-07", "a page of 51", longPage},
	{"ARC-LIST-09", "fails on a negative offset", status(name.Listing, "list.bad-offset", 500)},
	{"ARC-LIST-10", "lists another name than it reads", set(name.Listing, "list.two", "items.0.sha256sum", "x")},
	{"ARC-LIST-11", "createdAt in no order", set(name.Listing, "list.one", "items.0.createdAt", 1000)},
	{"ARC-LIST-12", "lists foreign archives", foreignItem},
	{"ARC-LIST-13", "counts where nothing is", set(name.Listing, "list.none", "count", 3)},

	{"ARC-GET-01", "does not find what it records", status(name.Pair, "get.recording", 404)},
	{"ARC-GET-02", "finds what does not exist", status(name.Refusals, "get.unknown", 200)},
	{"ARC-GET-03", "fails on a malformed id", status(name.Refusals, "get.malformed", 500)},
	{"ARC-GET-04", "createdAt long before the media", add(name.Pair, "get.uploaded", "createdAt", -60000)},
	{"ARC-GET-05", "shows a foreign archive", status(name.Isolation, "get.foreign", 200)},
	{"ARC-GET-06", "numbers as text", set(name.Pair, "get.recording", "createdAt", "1700000000000")},
	{"ARC-GET-07", "a size while recording", set(name.Pair, "get.recording", "size", 77)},
	{"ARC-GET-08", "another size than the file's", add(name.Pair, "get.uploaded", "size", 1)},
	{"ARC-GET-09", "updatedAt in seconds", set(name.Pair, "get.uploaded", "updatedAt", 1700000000)},
	{"ARC-GET-11", "no number of the project", set(name.Legacy, "get.uploaded", "partnerId", "100001")},
	{"ARC-GET-10", "no outputMode", set(name.Pair, "get.recording", "outputMode", nil)},

	{"ARC-DEL-01", "answers a deletion with 200", status(name.Pair, "delete", 200)},
	{"ARC-DEL-02", "lists the deleted", relist},
	{"ARC-DEL-03", "reads the deleted", status(name.Pair, "get.deleted", 500)},
	{"ARC-DEL-04", "deletes what it records", status(name.Pair, "delete.started", 204)},
	{"ARC-DEL-05", "deletes what is not delivered", status(name.Undelivered, "delete.stopped", 204)},
	{"ARC-DEL-06", "deletes what does not exist", status(name.Refusals, "delete.unknown", 204)},
	{"ARC-DEL-07", "fails on a second deletion", status(name.Pair, "delete.second", 500)},
	{"ARC-DEL-08", "empties the owner's bucket", watched(name.Pair, "object.deleted", false)},
	{"ARC-DEL-09", "serves what was deleted", status(name.Cloud, "download.deleted", 206)},
	{"ARC-DEL-10", "deletes the expired", status(name.Cloud, "delete.expired", 204)},
	{"ARC-DEL-11", "lets another application delete", status(name.Isolation, "delete.foreign", 204)},

	{"ARC-SES-01", "no session in the answer", answer(name.Pair, "session.other", 200, "[]")},
	{"ARC-SES-02", "relayed by default", all(asked(name.Pair, "session", ""), status(name.Pair, "start", 409))},
	{"ARC-SES-03", "refuses location null", all(asked(name.Pair, "session.other", "p2p.preference=disabled&location=null"),
		status(name.Pair, "session.other", 400))},
	{"ARC-SES-04", "ids that name no application", answer(name.Pair, "session.other", 200, `[{"session_id":"1_MX5-fn4"}]`)},
	{"ARC-SES-06", "automatic archives of relayed media", asked(name.Pair, "session.other", "p2p.preference=enabled&archiveMode=always")},
}

// swap exchanges two items of a list.
func swap(scenario, label string, i, j int) func(*Tape) {
	return change(scenario, label, "items", func(old any) any {
		items, _ := old.([]any)
		if len(items) <= max(i, j) {
			return old
		}
		out := append([]any{}, items...)
		out[i], out[j] = out[j], out[i]
		return out
	})
}

// foreignItem puts the owner's archive into the list of the other application.
func foreignItem(t *Tape) {
	own := t.where(name.Isolation, "get.unharmed", isExchange)
	if own == nil {
		return
	}
	answer(name.Isolation, "list.foreign", 200, `{"count":1,"items":[`+own.Exchange.Response.Body.Text+`]}`)(t)
}

// relist puts the deleted archive back into the list.
func relist(t *Tape) {
	before := t.where(name.Pair, "list.uploaded", isExchange)
	if before == nil {
		return
	}
	answer(name.Pair, "list.deleted", 200, before.Exchange.Response.Body.Text)(t)
}

// longPage puts one more archive into a page without count.
func longPage(t *Tape) {
	change(name.Listing, "list.crowd", "items", func(old any) any {
		items, _ := old.([]any)
		return append(append([]any{}, items...), items[0])
	})(t)
}
