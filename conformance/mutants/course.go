package mutants

import (
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

// courseMutations are about statuses, limits, callbacks, storage, links and events.
var courseMutations = []Mutation{
	{"ARC-DUR-01", "waits for a publisher for more than a minute", set(scenarios.NoPublisher, "get.after", "status", "started")},
	{"ARC-DUR-02", "another reason for the first minute", set(scenarios.NoPublisher, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-03", "records for more than four hours", set(scenarios.FourHours, "get.after", "status", "started")},
	{"ARC-DUR-04", "counts pauses as duration", add(scenarios.Pause, "wait.delivered", "duration", 30)},
	{"ARC-DUR-05", "goes on for more than twelve hours", set(scenarios.TwelveHours, "get.after", "status", "paused")},
	{"ARC-DUR-06", "idles for more than an hour", set(scenarios.Idle, "get.after", "status", "paused")},
	{"ARC-DUR-07", "outlives its clients by more than a minute", set(scenarios.AllLeft, "get.after", "status", "paused")},
	{"ARC-DUR-08", "another reason for four hours", set(scenarios.FourHours, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-09", "another reason for twelve hours", set(scenarios.TwelveHours, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-10", "another reason for the idle hour", set(scenarios.Idle, "get.delivered", "reason", "session ended")},
	{"ARC-DUR-11", "another reason when all left", set(scenarios.AllLeft, "wait.delivered", "reason", "user initiated")},
	{"ARC-DUR-12", "an idle hour that goes on while somebody publishes", set(scenarios.Idle, "get.before.2", "status", "stopped")},
	{"ARC-DUR-13", "a minute that goes on after a client came back", set(scenarios.AllLeft, "get.back", "status", "stopped")},
	{"ARC-DUR-14", "stops early", set(scenarios.NoPublisher, "get.before", "status", "stopped")},
	{"ARC-DUR-17", "a duration of its own", add(scenarios.Pair, "get.uploaded", "duration", 60)},

	{"ARC-STAT-01", "a status nobody knows", set(scenarios.Pair, "get.recording", "status", "recording")},
	{"ARC-STAT-02", "paused while somebody publishes", set(scenarios.Pair, "get.recording", "status", "paused")},
	{"ARC-STAT-03", "started while nobody publishes", set(scenarios.Idle, "get.before", "status", "started")},
	{"ARC-STAT-04", "started while nobody is there", set(scenarios.AllLeft, "get.before", "status", "started")},
	{"ARC-STAT-05", "stays paused", staysPaused},
	{"ARC-STAT-07", "uploaded while recording", set(scenarios.Pair, "get.recording", "status", "uploaded")},
	{"ARC-STAT-08", "uploaded long before stopped", overtaken(scenarios.FourHours)},
	{"ARC-STAT-09", "expired and then uploaded", set(scenarios.Pair, "get.stopped", "status", "expired")},
	{"ARC-STAT-10", "reads behind its callbacks", set(scenarios.Pair, "get.uploaded", "status", "stopped")},
	{"ARC-STAT-11", "expires early", set(scenarios.Cloud, "get.link-again", "status", "expired")},
	{"ARC-STAT-15", "fails after the upload", set(scenarios.Pair, "get.uploaded", "status", "failed")},

	{"ARC-CB-01", "no callback of the stop", dropHooks(scenarios.Pair, "stopped")},
	{"ARC-CB-02", "callbacks as text", headed(scenarios.Pair, "stopped", "text/plain")},
	{"ARC-CB-03", "no callback of the upload", dropHooks(scenarios.Pair, "uploaded")},
	{"ARC-CB-04", "no callbacks of pauses", dropHooks(scenarios.Pause, "paused")},
	{"ARC-CB-05", "another event", hook(scenarios.Pair, "started", "event", "status")},
	{"ARC-CB-06", "another session", hook(scenarios.Pair, "stopped", "sessionId", "1_other")},
	{"ARC-CB-07", "no partnerId", hook(scenarios.Pair, "stopped", "partnerId", nil)},
	{"ARC-CB-08", "createdAt of the callback", hookTo(scenarios.Pair, "uploaded", "createdAt", plus(60000))},
	{"ARC-CB-09", "createdAt not rounded", hookTo(scenarios.Pair, "stopped", "createdAt", plus(1))},
	{"ARC-CB-10", "a duration while started", hook(scenarios.Pair, "started", "duration", 3)},
	{"ARC-CB-11", "a duration of its own", hookTo(scenarios.Pair, "uploaded", "duration", plus(60))},
	{"ARC-CB-12", "a size while started", hook(scenarios.Pair, "started", "size", 3)},
	{"ARC-CB-13", "another size than the file's", hookTo(scenarios.Pair, "uploaded", "size", plus(1))},
	{"ARC-CB-14", "another resolution", hook(scenarios.Pair, "stopped", "resolution", "1280x720")},
	{"ARC-CB-16", "a reason while started", hook(scenarios.Pair, "started", "reason", "user initiated")},
	{"ARC-CB-17", "another reason later", hook(scenarios.Pair, "uploaded", "reason", "session ended")},
	{"ARC-CB-18", "a status nobody knows", hook(scenarios.Pause, "paused", "status", "resting")},
	{"ARC-CB-19", "another streamMode", hook(scenarios.Pair, "stopped", "streamMode", "manual")},
	{"ARC-CB-20", "streams after the stop", hook(scenarios.Pair, "stopped", "streams", []any{map[string]any{"streamId": "s", "hasAudio": true, "hasVideo": true}})},
	{"ARC-CB-21", "streams without ids", hook(scenarios.Pair, "started", "streams", []any{map[string]any{"hasAudio": true}})},
	{"ARC-CB-22", "a URL for everybody", hook(scenarios.Pair, "uploaded", "url", "http://example.com/archive.mp4")},
	{"ARC-CB-28", "stream notices in auto mode", hook(scenarios.Pause, "paused", "status", "streamRemoved")},
	{"ARC-CB-31", "another checksum than it reads", hook(scenarios.Pair, "uploaded", "sha256sum", "x")},
	{"ARC-CB-32", "calls back another application", misdirected(scenarios.Isolation, "stopped")},
	{"ARC-CB-33", "announces twice", again(scenarios.Pair, "stopped")},
	{"ARC-CB-34", "no callback of the expiry", dropHooks(scenarios.Cloud, "expired")},

	{"ARC-STO-01", "uploads nothing", lost(scenarios.Pair)},
	{"ARC-STO-02", "another key", stored(scenarios.Pair, "object", func(o *evidence.Object) { o.Key = "archives/" + o.Key })},
	{"ARC-STO-03", "an object of another length", stored(scenarios.Pair, "object", func(o *evidence.Object) { o.Size-- })},
	{"ARC-STO-04", "another checksum", set(scenarios.Pair, "get.uploaded", "sha256sum", "x")},
	{"ARC-STO-05", "available after the upload", set(scenarios.Pair, "wait.uploaded", "status", "available")},
	{"ARC-STO-06", "uploads while recording", watched(scenarios.Pair, "object.recording", true)},
	{"ARC-STO-07", "ignores the endpoint", lost(scenarios.Pause)},
	{"ARC-STO-10", "uploaded to nowhere", set(scenarios.Cloud, "wait.available", "status", "uploaded")},
	{"ARC-STO-20", "a URL before the file", set(scenarios.Pair, "get.stopped", "url", "http://example.com/archive.mp4")},
	{"ARC-STO-21", "deletes before the 72 hours", status(scenarios.Cloud, "download.before-expiry", 404)},
	{"ARC-STO-22", "an upload that expires", set(scenarios.Pair, "get.uploaded", "status", "expired")},
	{"ARC-STO-23", "leaves parts behind", stored(scenarios.Pair, "object.listed", func(o *evidence.Object) { o.Key += ".part" })},
	{"ARC-STO-24", "no media type", stored(scenarios.Pair, "object", func(o *evidence.Object) { o.ContentType = "binary/octet-stream" })},

	{"ARC-URL-01", "no URL", set(scenarios.Cloud, "get.fresh", "url", nil)},
	{"ARC-URL-02", "a URL of an uploaded archive", set(scenarios.Pair, "get.uploaded", "url", "http://example.com/archive.mp4")},
	{"ARC-URL-03", "serves another file", stored(scenarios.Cloud, "download", func(o *evidence.Object) { o.Size++ })},
	{"ARC-URL-04", "links that do not die", status(scenarios.Cloud, "download.link-dead", 206)},
	{"ARC-URL-05", "links that die early", status(scenarios.Cloud, "download.link-alive", 403)},
	{"ARC-URL-06", "a new link that does not work", status(scenarios.Cloud, "download.link-again", 403)},
	{"ARC-URL-07", "no URLs in the list", noURLs(scenarios.Cloud, "list.available")},
	{"ARC-URL-08", "does not look at the signature", status(scenarios.Cloud, "download.forged-signature", 206)},
	{"ARC-URL-09", "URLs for everybody", answer(scenarios.Auth, "get.none", 200, `{"url":"http://example.com/archive.mp4"}`)},
	{"ARC-URL-10", "serves the expired", status(scenarios.Cloud, "download.expired", 206)},

	{"ARC-AUTH-16", "takes an expired client token", client(scenarios.Auth, "jwt-expired", "refused", func(r *evidence.Record) { r.Client.Event, r.Client.CloseCode = "open", 0 })},
	{"ARC-AUTH-17", "refuses T1 tokens", client(scenarios.Auth, "t1", "open", func(r *evidence.Record) { r.Client.Event, r.Client.CloseCode = "refused", 403 })},
	{"ARC-EVT-01", "does not tell the publisher of the start", unheard(scenarios.Pair, "alice", "archiveStarted")},
	{"ARC-EVT-02", "does not tell the publisher of the stop", unheard(scenarios.Pair, "alice", "archiveStopped")},
	{"ARC-EVT-03", "events without the archive's id", client(scenarios.Pair, "bob", "archiveStopped", func(r *evidence.Record) { delete(r.IDs, evidence.Archive) })},
	{"ARC-EVT-04", "does not tell the onlooker", unheard(scenarios.Pair, "carol", "archiveStopped")},
	{"ARC-EVT-05", "does not tell of limits", unheard(scenarios.Idle, "alice", "archiveStopped")},
	{"ARC-EVT-06", "does not tell the late client", unheard(scenarios.Pair, "dave", "archiveStarted")},
}

// staysPaused moves the second publication of pause-resume back in time, so that it was long under way when the archive still was paused.
func staysPaused(t *Tape) {
	found := false
	for i := range t.Records {
		r := &t.Records[i]
		if r.Scenario == "pause-resume" && r.Published != nil && (r.Published.Fixture == "vp8-04" || r.Published.Fixture == "tone-04") {
			*r = copied(*r)
			r.Published.First = r.Published.First.Add(-2500 * time.Millisecond)
			found = true
		}
	}
	if !found {
		t.Missed = append(t.Missed, "second publication of pause-resume")
	}
	for i := range t.Records {
		r := &t.Records[i]
		if r.Scenario == "pause-resume" && r.Label == "wait.resumed" && isExchange(r) {
			*r = copied(*r)
			t.edit(&r.Exchange.Response.Body, "status", func(any) any { return "paused" })
		}
	}
}

// overtaken exchanges the callbacks of stopped and uploaded.
func overtaken(scenario string) func(*Tape) {
	return func(t *Tape) {
		stopped, uploaded := t.callback(scenario, "stopped"), t.callback(scenario, "uploaded")
		if stopped != nil && uploaded != nil {
			stopped.Webhook, uploaded.Webhook = uploaded.Webhook, stopped.Webhook
		}
	}
}

func headed(scenario, announces, contentType string) func(*Tape) {
	return func(t *Tape) {
		if r := t.callback(scenario, announces); r != nil {
			r.Webhook.Header.Set("Content-Type", contentType)
		}
	}
}

func misdirected(scenario, announces string) func(*Tape) {
	return func(t *Tape) {
		if r := t.callback(scenario, announces); r != nil {
			r.Webhook.Path += "-other"
		}
	}
}

// again delivers an accepted callback once more, later.
func again(scenario, announces string) func(*Tape) {
	return func(t *Tape) {
		if r := t.callback(scenario, announces); r != nil {
			twice := copied(*r)
			twice.Time = twice.Time.Add(10 * time.Millisecond)
			twice.Seq = t.Records[len(t.Records)-1].Seq + 1
			for i := range t.Records {
				if t.Records[i].Seq == r.Seq {
					t.Records = append(append(append([]evidence.Record{}, t.Records[:i+1]...), twice), t.Records[i+1:]...)
					return
				}
			}
		}
	}
}

// lost removes the objects of a scenario.
func lost(scenario string) func(*Tape) {
	return func(t *Tape) {
		t.remove("objects of "+scenario, func(r *evidence.Record) bool { return r.Scenario == scenario && r.Object != nil })
	}
}

func noURLs(scenario, label string) func(*Tape) {
	return change(scenario, label, "items", func(old any) any {
		items, _ := old.([]any)
		for _, item := range items {
			if a, ok := item.(map[string]any); ok {
				a["url"] = nil
			}
		}
		return items
	})
}
