package mutants

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
)

// courseMutations are about statuses, limits, callbacks, storage, links and events.
var courseMutations = []Mutation{
	{"ARC-DUR-01", "waits for a publisher for more than a minute", tape.Set(scenarios.NoPublisher, "get.after", "status", "started")},
	{"ARC-DUR-02", "another reason for the first minute", tape.Set(scenarios.NoPublisher, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-03", "records for more than four hours", tape.Set(scenarios.FourHours, "get.after", "status", "started")},
	{"ARC-DUR-04", "counts pauses as duration", tape.Add(scenarios.Pause, "wait.delivered", "duration", 30)},
	{"ARC-DUR-05", "goes on for more than twelve hours", tape.Set(scenarios.TwelveHours, "get.after", "status", "paused")},
	{"ARC-DUR-06", "idles for more than an hour", tape.Set(scenarios.Idle, "get.after", "status", "paused")},
	{"ARC-DUR-07", "outlives its clients by more than a minute", tape.Set(scenarios.AllLeft, "get.after", "status", "paused")},
	{"ARC-DUR-08", "another reason for four hours", tape.Set(scenarios.FourHours, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-09", "another reason for twelve hours", tape.Set(scenarios.TwelveHours, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-10", "another reason for the idle hour", tape.Set(scenarios.Idle, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-11", "another reason when all left", tape.Set(scenarios.AllLeft, "wait.delivered", "reason", "user initiated")},
	{"ARC-DUR-12", "an idle hour that goes on while somebody publishes", tape.Set(scenarios.Idle, "get.before.2", "status", "stopped")},
	{"ARC-DUR-13", "a minute that goes on after a client came back", tape.Set(scenarios.AllLeft, "get.silent", "status", "stopped")},
	{"ARC-DUR-14", "stops a minute after its start, as nothing is chosen", tape.Set(scenarios.AllLeft, "unchosen.get.back", "status", "stopped")},
	{"ARC-DUR-14", "stops early", tape.Set(scenarios.NoPublisher, "get.before", "status", "stopped")},
	{"ARC-DUR-17", "a duration of its own", tape.Add(scenarios.Pair, "get.uploaded", "duration", 60)},

	{"ARC-STAT-01", "a status nobody knows", tape.Set(scenarios.Pair, "get.recording", "status", "recording")},
	{"ARC-STAT-02", "paused while somebody publishes", tape.Set(scenarios.Pair, "get.recording", "status", "paused")},
	{"ARC-STAT-03", "started while nobody publishes", tape.Set(scenarios.Idle, "get.before", "status", "started")},
	{"ARC-STAT-04", "started while nobody is there", tape.Set(scenarios.AllLeft, "get.before", "status", "started")},
	{"ARC-STAT-05", "stays paused", staysPaused},
	{"ARC-STAT-07", "uploaded while recording", tape.Set(scenarios.Pair, "get.recording", "status", "uploaded")},
	{"ARC-STAT-08", "uploaded long before stopped", tape.Overtaken(scenarios.FourHours)},
	{"ARC-STAT-15", "expired and then uploaded", tape.Set(scenarios.Pair, "get.stopped", "status", "expired")},
	{"ARC-STAT-09", "paused after it was stopped", tape.HookTo(scenarios.Pause, "paused", "updatedAt", tape.Plus(3_600_000))},
	{"ARC-STAT-10", "reads behind its callbacks", tape.Set(scenarios.Pair, "get.uploaded", "status", "stopped")},
	{"ARC-STAT-11", "expires early", tape.Set(scenarios.Cloud, "get.link-again", "status", "expired")},
	{"ARC-STAT-15", "fails after the upload", tape.Set(scenarios.Pair, "get.uploaded", "status", "failed")},

	{"ARC-CB-01", "no callback of the stop", tape.DropHooks(scenarios.Pair, "stopped")},
	{"ARC-CB-02", "callbacks as text", tape.Headed(scenarios.Pair, "stopped", "text/plain")},
	{"ARC-CB-03", "no callback of the upload", tape.DropHooks(scenarios.Pair, "uploaded")},
	{"ARC-CB-04", "no callbacks of pauses", tape.DropHooks(scenarios.Pause, "paused")},
	{"ARC-CB-05", "another event", tape.Hook(scenarios.Pair, "started", "event", "status")},
	{"ARC-CB-06", "another session", tape.Hook(scenarios.Pair, "stopped", "sessionId", "1_other")},
	{"ARC-CB-07", "no partnerId", tape.Hook(scenarios.Pair, "stopped", "partnerId", nil)},
	{"ARC-CB-08", "createdAt of the callback", tape.HookTo(scenarios.Pair, "uploaded", "createdAt", tape.Plus(60000))},
	{"ARC-CB-09", "createdAt not rounded", tape.HookTo(scenarios.Pair, "stopped", "createdAt", tape.Plus(1))},
	{"ARC-CB-09", "createdAt rounded down", roundedDown},
	{"ARC-CB-10", "a duration while started", tape.Hook(scenarios.Pair, "started", "duration", 3)},
	{"ARC-CB-11", "a duration of its own", tape.HookTo(scenarios.Pair, "uploaded", "duration", tape.Plus(60))},
	{"ARC-CB-12", "a size while started", tape.Hook(scenarios.Pair, "started", "size", 3)},
	{"ARC-CB-13", "another size than the file's", tape.HookTo(scenarios.Pair, "uploaded", "size", tape.Plus(1))},
	{"ARC-CB-14", "another resolution", tape.Hook(scenarios.Pair, "stopped", "resolution", "1280x720")},
	{"ARC-CB-16", "a reason while started", tape.Hook(scenarios.Pair, "started", "reason", "user initiated")},
	{"ARC-CB-16", "a reason that is no text", tape.Hook(scenarios.Selection, "streamRemoved", "reason", 1)},
	{"ARC-CB-17", "another reason later", tape.Hook(scenarios.Pair, "uploaded", "reason", "session ended")},
	{"ARC-CB-17", "no reason of the stop", tape.Hook(scenarios.Pair, "stopped", "reason", "")},
	{"ARC-CB-18", "a status nobody knows", tape.Hook(scenarios.Pause, "paused", "status", "resting")},
	{"ARC-CB-19", "another streamMode", tape.Hook(scenarios.Pair, "stopped", "streamMode", "manual")},
	{"ARC-CB-20", "streams after the stop", tape.Hook(scenarios.Pair, "stopped", "streams", []any{map[string]any{"streamId": "s", "hasAudio": true, "hasVideo": true}})},
	{"ARC-CB-21", "streams without ids", tape.Hook(scenarios.Pair, "started", "streams", []any{map[string]any{"hasAudio": true}})},
	{"ARC-CB-21", "says that a client that only speaks has video", tape.ListedFirst(scenarios.Rotation, "hasVideo", true)},
	{"ARC-CB-21", "video in an archive without video", watched(scenarios.AudioOnly, "alice")},
	{"ARC-CB-21", "the newest stream is missing", tape.LastHook(scenarios.Presentations, "started", "streams", tape.WithoutLast)},
	{"ARC-CB-21", "a stream of nobody", tape.Hook(scenarios.Pair, "started", "streams",
		[]any{map[string]any{"streamId": "11111111-2222-4333-8444-555555555555", "hasAudio": true, "hasVideo": true}})},
	{"ARC-CB-22", "a URL for everybody", tape.Hook(scenarios.Pair, "uploaded", "url", "http://example.com/archive.mp4")},
	{"ARC-CB-22", "a signed link for everybody", tape.Hook(scenarios.Cloud, "available", "url", "https://example.com/archive.mp4?Expires=1384222000&Signature=x")},
	{"ARC-CB-28", "stream notices in auto mode", tape.Hook(scenarios.Pause, "paused", "status", "streamRemoved")},
	{"ARC-CB-31", "another checksum than it reads", tape.Hook(scenarios.Pair, "uploaded", "sha256sum", "x")},
	{"ARC-CB-32", "calls back another application", tape.Misdirected(scenarios.Isolation, "stopped")},
	{"ARC-CB-33", "announces twice", tape.Again(scenarios.Pair, "stopped")},
	{"ARC-CB-34", "no callback of the expiry", tape.DropHooks(scenarios.Cloud, "expired")},

	{"ARC-STO-01", "uploads nothing", tape.Lost(scenarios.Pair)},
	{"ARC-STO-02", "another key", tape.EachStored(scenarios.Pair, func(o *evidence.Object) { o.Key = "archives/" + o.Key })},
	{"ARC-STO-03", "an object of another length", tape.Stored(scenarios.Pair, "object", func(o *evidence.Object) { o.Size-- })},
	{"ARC-STO-04", "another checksum", tape.Set(scenarios.Pair, "get.uploaded", "sha256sum", "x")},
	{"ARC-STO-05", "available after the upload", tape.Set(scenarios.Pair, "wait.uploaded", "status", "available")},
	{"ARC-STO-06", "uploads while recording", tape.Watched(scenarios.Pair, "object.recording", true)},
	{"ARC-STO-07", "ignores the endpoint", tape.Lost(scenarios.Pause)},
	{"ARC-STO-10", "uploaded to nowhere", tape.Set(scenarios.Cloud, "wait.available", "status", "uploaded")},
	{"ARC-STO-20", "a URL before the file", tape.Set(scenarios.Pair, "get.stopped", "url", "http://example.com/archive.mp4")},
	{"ARC-STO-21", "deletes before the 72 hours", tape.Status(scenarios.Cloud, "download.before-expiry", 404)},
	{"ARC-STO-22", "an upload that expires with the cloud period", tape.Set(scenarios.FourHours, "get.kept", "status", "expired")},
	{"ARC-STO-22", "an upload that expires", tape.Set(scenarios.Pair, "get.uploaded", "status", "expired")},
	{"ARC-STO-23", "leaves parts behind", tape.Stored(scenarios.Pair, "object.listed", func(o *evidence.Object) { o.Key += ".part" })},
	{"ARC-STO-24", "no media type", tape.Stored(scenarios.Pair, "object", func(o *evidence.Object) { o.ContentType = "binary/octet-stream" })},

	{"ARC-URL-01", "no URL", tape.Set(scenarios.Cloud, "get.fresh", "url", nil)},
	{"ARC-URL-02", "a URL of an uploaded archive", tape.Set(scenarios.Pair, "get.uploaded", "url", "http://example.com/archive.mp4")},
	{"ARC-URL-03", "serves another file", tape.Stored(scenarios.Cloud, "download", func(o *evidence.Object) { o.Size++ })},
	{"ARC-URL-03", "sends more than the file", unended(0, 100_000_000)},
	{"ARC-URL-03", "sends a file at less than 500 kbit/s", unended(62*time.Second, 100_000)},
	{"ARC-URL-03", "falls silent in a file", unended(time.Minute, 1000)},
	{"ARC-URL-04", "links that do not die", tape.Status(scenarios.Cloud, "download.link-dead", 206)},
	{"ARC-URL-05", "links that die early", tape.Status(scenarios.Cloud, "download.link-alive", 403)},
	{"ARC-URL-06", "a new link that does not work", tape.Status(scenarios.Cloud, "download.link-again", 403)},
	{"ARC-URL-07", "no URLs in the list", tape.NoURLs(scenarios.Cloud, "list.available")},
	{"ARC-URL-08", "does not look at the signature", tape.Status(scenarios.Cloud, "download.forged-signature", 206)},
	{"ARC-URL-09", "URLs for everybody", tape.Answer(scenarios.Auth, "get.none", 200, `{"url":"http://example.com/archive.mp4"}`)},
	{"ARC-URL-10", "serves the expired", tape.Status(scenarios.Cloud, "download.expired", 206)},

	{"ARC-AUTH-16", "takes an expired client token", tape.Client(scenarios.Auth, "jwt-expired", "refused", func(r *evidence.Record) { r.Client.Event, r.Client.CloseCode = "open", 0 })},
	{"ARC-AUTH-17", "refuses T1 tokens", tape.Client(scenarios.Auth, "t1", "open", func(r *evidence.Record) { r.Client.Event, r.Client.CloseCode = "refused", 403 })},
	{"ARC-AUTH-17", "says nothing to a client with a T1 token", silent("t1")},
	{"ARC-EVT-01", "does not tell the publisher of the start", tape.Unheard(scenarios.Pair, "alice", "archiveStarted")},
	{"ARC-EVT-02", "does not tell the publisher of the stop", tape.Unheard(scenarios.Pair, "alice", "archiveStopped")},
	{"ARC-EVT-02", "does not tell of a recording that fails", tape.Unheard(scenarios.Broken, "alice", "archiveStopped")},
	{"ARC-EVT-03", "events without the archive's id", tape.Client(scenarios.Pair, "bob", "archiveStopped", func(r *evidence.Record) { delete(r.IDs, evidence.Archive) })},
	{"ARC-EVT-04", "does not tell the onlooker", tape.Unheard(scenarios.Pair, "carol", "archiveStopped")},
	{"ARC-EVT-05", "does not tell of limits", tape.Unheard(scenarios.Idle, "alice", "archiveStopped")},
	{"ARC-EVT-06", "does not tell the late client", tape.Unheard(scenarios.Pair, "dave", "archiveStarted")},
	{"ARC-EVT-06", "does not tell who comes in a pause", tape.Unheard(scenarios.Pause, "bob", "archiveStarted")},
}

// staysPaused moves the second publication of pause-resume back in time, so that it had long begun when the archive was
// still paused.
func staysPaused(t *tape.Tape) {
	found := false
	for i := range t.Records {
		r := &t.Records[i]
		if r.Scenario == "pause-resume" && r.Published != nil && strings.HasSuffix(r.Published.Fixture, "-04") {
			*r = tape.Copied(*r)
			r.Published.First = r.Published.First.Add(-2500 * time.Millisecond)
			found = true
		}
	}
	if !found {
		t.Missed = append(t.Missed, "second publication of pause-resume")
	}
	for i := range t.Records {
		r := &t.Records[i]
		if r.Scenario == "pause-resume" && r.Label == "wait.resumed" && tape.IsExchange(r) {
			*r = tape.Copied(*r)
			t.Edit(&r.Exchange.Response.Body, "status", func(any) any { return "paused" })
		}
	}
}

// unended breaks off the download of a file that goes on, after a time and a number of bytes.
func unended(after time.Duration, received int64) func(*tape.Tape) {
	return tape.Exchanged(scenarios.Cloud, "download", func(e *evidence.Exchange) {
		e.Started, e.Duration = e.Started.Add(-after), e.Duration+after
		e.Error, e.Received = "the suite ended the download", received
	})
}

// watched has the callback of a start name picture and sound of a client's stream.
func watched(scenario, client string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		tape.Hook(scenario, "started", "streams", []any{map[string]any{"streamId": t.StreamOf(scenario, client), "hasAudio": true, "hasVideo": true}})(t)
	}
}

// roundedDown gives all callbacks of an archive the whole second before its start, if that is not the nearest.
func roundedDown(t *tape.Tape) {
	down := map[any]int64{} // by archive
	t.Archives(func(r *evidence.Record, o map[string]any) bool {
		if r.Exchange != nil && r.Exchange.Operation == evidence.StartArchive {
			at, _ := strconv.ParseInt(fmt.Sprint(o["createdAt"]), 10, 64)
			down[o["id"]] = at - at%1000
		}
		return false
	})
	t.Archives(func(r *evidence.Record, o map[string]any) bool {
		at, started := down[o["id"]]
		if r.Webhook != nil && started {
			o["createdAt"] = at
		}
		return r.Webhook != nil && started
	})
}
