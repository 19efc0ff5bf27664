package mutants

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
)

// harmlessAnswers are answers and callbacks that a correct target may give.
var harmlessAnswers = []harmless{
	{"errors in XML for a client that does not ask for JSON", []string{"ARC-AUTH-14"},
		tape.All(tape.Accepting(scenarios.Refusals, "get.unknown", ""), tape.Answer(scenarios.Refusals, "get.unknown", 404, xmlError))},
	{"reads without streams", []string{"ARC-SEL-03", "ARC-SEL-04"}, without(scenarios.Selection, "streams")},
	{"a refusal of a stream beyond the limit", []string{"ARC-SEL-06", "ARC-SEL-08", "ARC-SEL-10"}, tape.Status(scenarios.Many, "chosen.add.client-03", 409)},
	{"another refusal of a bad selection", []string{"ARC-SEL-11"}, tape.All(tape.Status(scenarios.Selection, "bad.both", 422),
		tape.Status(scenarios.Selection, "bad.not-in-it", 204))},
	{"no reason once the file is there", []string{"ARC-CB-16", "ARC-CB-17", "ARC-STOP-02", "ARC-STOP-06", "ARC-DUR-02", "ARC-DUR-08", "ARC-DUR-09", "ARC-DUR-10", "ARC-DUR-11"},
		tape.All(unreasoned("uploaded"), unreasoned("available"))},
	{"another reason of a rotation", []string{"ARC-CB-17", "ARC-DUR-15"}, tape.All(property(scenarios.Rotation, "stopped", "reason", "server rotation"),
		property(scenarios.Rotation, "uploaded", "reason", "server rotation"))},
	{"the address in the page's sample", []string{"ARC-CB-22"}, tape.Hook(scenarios.Cloud, "available", "url",
		"https://tokbox.com.archive2.s3.amazonaws.com/123456/b40ef09b-3811-4726-b508-e41a0f96c68f/archive.mp4")},
	{"a duration while paused", []string{"ARC-CB-10", "ARC-GET-07"}, property(scenarios.Pause, "paused", "duration", 4)},
	{"notices with the streams of the archive", []string{"ARC-CB-20", "ARC-CB-21"}, tape.Hook(scenarios.Selection, "streamAdded", "streams",
		[]any{map[string]any{"streamId": "11111111-2222-4333-8444-555555555555", "hasAudio": true, "hasVideo": true}})},
	{"notices without a reason", []string{"ARC-CB-16", "ARC-CB-23", "ARC-CB-24"}, tape.Hook(scenarios.Selection, "streamRemoved", "reason", nil)},
	{"other refusals than 400, where no source names the code", []string{"ARC-START-08", "ARC-START-11", "ARC-START-16", "ARC-START-17", "ARC-START-24",
		"ARC-RATE-04", "ARC-RATE-10", "ARC-RATE-12", "ARC-LAY-06", "ARC-SES-06", "ARC-SIM-05", "ARC-LAY-13", "ARC-LAY-16"}, tape.All(
		answered(scenarios.Refusals, 422, "start.output-mode", "start.no-media", "start.stream-mode", "start.type-id", "start.qp-low", "start.both-rates",
			"start.individual-qp", "start.layout-stylesheet", "session.always-relayed"),
		answered(scenarios.Automatic, 400, "start.untagged"), answered(scenarios.Layouts, 422, "late.layout"), answered(scenarios.Kinds, 422, "layout"))},
	{"a callback that had not come when the run ended", []string{"ARC-CB-01", "ARC-CB-03", "ARC-STAT-09"}, underway(scenarios.Pause, "stop")},
	{"callbacks that arrive in another order", []string{"ARC-STAT-07", "ARC-STAT-09", "ARC-CB-01", "ARC-CB-04", "ARC-CB-33"}, late(scenarios.Pause, "paused", "stopped")},
	{"no attempt in the last day of three", []string{"ARC-STO-13", "ARC-STO-15"}, tape.NoUploadAfter(scenarios.GivenUp, "clock.60h")},
	{"no mail where fallback is off", []string{"ARC-STO-18"}, tape.NoMail(scenarios.GivenUp)},
	{"an automatic archive that stops 5 s late", []string{"ARC-AUTO-06"}, tape.Set(scenarios.AutoDay, "list.end", "items.1.duration", 14405)},
	{"403 to the stop of an automatic archive", []string{"ARC-AUTO-09", "ARC-AUTH-01"}, tape.Status(scenarios.Automatic, "stop", 403)},
	{"an automatic archive that wants a publisher in its first minute", []string{"ARC-AUTO-10", "ARC-STAT-07", "ARC-STAT-09", "ARC-STAT-15", "ARC-DUR-14", "ARC-EVT-03"}, tape.All(
		tape.Set(scenarios.AutoSilent, "get.first-minute", "status", "stopped"), tape.Set(scenarios.AutoSilent, "get.before", "status", "uploaded"))},
	{"no further archive of a session that timed out", []string{"ARC-AUTO-10", "ARC-AUTO-11", "ARC-AUTO-12"}, unfollowed(scenarios.AutoOverlap, "again.list")},
	{"an automatic archive that a rotation does not end", []string{"ARC-AUTO-14"}, goesOn(scenarios.AutoOverlap, "again.list", 1, 2)},
	{"an archive that failed just before its stop", []string{"ARC-STOP-01", "ARC-STOP-06", "ARC-STOP-08"},
		tape.All(tape.Status(scenarios.Broken, "stop", 409), tape.DropHooks(scenarios.Broken, "failed"))},
	{"somebody else's archive of the application", []string{"ARC-LIST-04", "ARC-LIST-05", "ARC-LIST-11"}, tape.Change(scenarios.Listing, "list.all", "items", func(old any) any {
		items, _ := old.([]any)
		return append([]any{map[string]any{"id": "11111111-2222-4333-8444-555555555555", "status": "started", "sessionId": "1_other", "createdAt": 1}}, items...)
	})},
	{"somebody else's archive between two lists", []string{"ARC-START-17"}, tape.All(tape.Unmade(scenarios.Auth), tape.Add(scenarios.Auth, "list.unharmed", "count", 1))},
	{"a list that shows times in whole seconds", []string{"ARC-LIST-10", "ARC-LIST-11"}, wholeSeconds(scenarios.Listing)},
	{"all there is to who wants a larger page", []string{"ARC-LIST-08", "ARC-LIST-09"}, asLarge(scenarios.Listing)},
	{"no notice to clients of a session that moves", []string{"ARC-EVT-07"}, tape.Unheard(scenarios.Rotation, "bob", "sessionNotification")},
	{"a stream of sound alone without a videoType", []string{"ARC-SES-08"}, tape.Set(scenarios.Presence, "stream.bob", "videoType", nil)},
	{"a session that is destroyed later", []string{"ARC-SES-10", "ARC-SES-11"}, tape.DropEvents(scenarios.Presence, "sessionDestroyed")},
	{"a legacy project of the target file", []string{"ARC-SES-04"}, keyed(scenarios.Legacy)},
}

// keyed makes the application of a scenario one of the target file, of which the suite knows the API key from its own
// calls.
func keyed(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		var made struct{ APIKey string }
		if r := t.Where(scenario, "application", tape.IsExchange); r == nil || r.Exchange.Response.Body.Decode(&made) != nil || made.APIKey == "" {
			t.Missed = append(t.Missed, scenario+" API key")
			return
		}
		tape.Unmade(scenario)(t)
		for i := range t.Records {
			if r := &t.Records[i]; r.Scenario == scenario && r.Exchange != nil && r.Exchange.Identity == evidence.AsLegacy {
				*r = tape.Copied(*r)
				r.IDs[evidence.APIKey] = made.APIKey
			}
		}
	}
}

// wholeSeconds rounds the times of archives in lists.
func wholeSeconds(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Archives(func(r *evidence.Record, o map[string]any) bool {
			if r.Scenario != scenario || r.Exchange == nil || r.Exchange.Operation != evidence.ListArchives {
				return false
			}
			for _, key := range []string{"createdAt", "updatedAt"} {
				o[key] = tape.Millis(o[key]).Round(time.Second).UnixMilli()
			}
			return true
		})
	}
}

// asLarge answers the requests for too large a page with all archives.
func asLarge(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		if all := t.Where(scenario, "list.most", tape.IsExchange); all != nil {
			for _, label := range []string{"list.big-count", "list.larger"} {
				tape.Answer(scenario, label, 200, all.Exchange.Response.Body.Text)(t)
			}
		}
	}
}

// archiveIn returns an archive of a list.
func archiveIn(t *tape.Tape, scenario, label string, n int) map[string]any {
	var list struct{ Items []map[string]any }
	if r := t.Where(scenario, label, tape.IsExchange); r == nil || r.Exchange.Response.Body.Decode(&list) != nil || len(list.Items) <= n {
		t.Missed = append(t.Missed, label)
		return nil
	}
	return list.Items[n]
}

// unfollowed removes everything about the newest archive of a list.
func unfollowed(scenario, label string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		id := archiveIn(t, scenario, label, 0)["id"]
		tape.Change(scenario, label, "items", func(old any) any {
			items, _ := old.([]any)
			return items[1:]
		})(t)
		t.Remove("callbacks of the newest archive", func(r *evidence.Record) bool {
			return r.Webhook != nil && r.IDs[evidence.Archive] == id
		})
	}
}

// goesOn makes one archive of two that follow each other in a list.
func goesOn(scenario, label string, next, before int) func(*tape.Tape) {
	return func(t *tape.Tape) {
		old, fresh := archiveIn(t, scenario, label, before), archiveIn(t, scenario, label, next)
		t.Archives(func(_ *evidence.Record, o map[string]any) bool {
			if o["id"] != fresh["id"] {
				return false
			}
			o["id"], o["createdAt"] = old["id"], old["createdAt"]
			return true
		})
	}
}

// late delivers a callback just after another one.
func late(scenario, announces, behind string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		first, next := t.Callback(scenario, announces), t.Callback(scenario, behind)
		if first == nil || next == nil {
			return
		}
		moved, seq := tape.Copied(*first), next.Seq
		moved.Time = next.Time.Add(time.Millisecond)
		t.Remove(announces, func(r *evidence.Record) bool { return r.Seq == moved.Seq })
		at := slices.IndexFunc(t.Records, func(r evidence.Record) bool { return r.Seq == seq })
		t.Records = slices.Insert(t.Records, at+1, moved)
	}
}

// answered changes the status of several answers.
func answered(scenario string, code int, labels ...string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		for _, label := range labels {
			tape.Status(scenario, label, code)(t)
		}
	}
}

// unreasoned makes the reason empty in all answers and callbacks with a status.
func unreasoned(status string) func(*tape.Tape) { return property("", status, "reason", "") }

// property changes a property in all answers and callbacks of a scenario with a status, or in those of all scenarios.
func property(scenario, status, key string, value any) func(*tape.Tape) {
	return func(t *tape.Tape) {
		found := false
		t.Archives(func(r *evidence.Record, o map[string]any) bool {
			if scenario != "" && r.Scenario != scenario || o["status"] != status {
				return false
			}
			o[key], found = value, true
			return true
		})
		if !found {
			t.Missed = append(t.Missed, scenario+" "+status)
		}
	}
}

// without removes a property from the archives in all answers and callbacks of a scenario.
func without(scenario, key string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		found := false
		t.Archives(func(r *evidence.Record, o map[string]any) bool {
			if r.Scenario != scenario || o[key] == nil {
				return false
			}
			delete(o, key)
			found = true
			return true
		})
		if !found {
			t.Missed = append(t.Missed, scenario+" "+key)
		}
	}
}

// underway removes what came after the first callback of an archive, which came after the stop with that label.
func underway(scenario, stop string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		stopped := t.Where(scenario, stop, tape.IsExchange)
		if stopped == nil {
			return
		}
		id, last := stopped.IDs[evidence.Archive], t.Records[len(t.Records)-1].Seq
		t.Remove("callbacks and watches", func(r *evidence.Record) bool {
			late := r.IDs[evidence.Archive] == id && (r.Webhook != nil || r.Watch != nil)
			return late && tape.Announced(r) != "started"
		})
		for i := range t.Records {
			if r := &t.Records[i]; r.IDs[evidence.Archive] == id && r.Webhook != nil {
				r.Seq = last + 1
			}
		}
	}
}
