package mutants

import (
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
)

// severalMutations are about archives that no call starts, and about several archives at once.
var severalMutations = []Mutation{
	{"ARC-AUTO-01", "archives nothing by itself", unarchived(scenarios.AutoSilent)},
	{"ARC-AUTO-02", "begins before the first client", tape.Set(scenarios.AutoSilent, "get.first", "createdAt", 1000)},
	{"ARC-AUTO-03", "a file of nothing", tape.Set(scenarios.AutoSilent, "get.delivered", "size", 4711)},
	{"ARC-AUTO-04", "loses a stream of an automatic archive", tape.Film(scenarios.Automatic, "object.media", tape.WithoutAll("vp8-07", "tone-07"))},
	{"ARC-AUTO-05", "individual automatic archives", tape.Set(scenarios.Automatic, "get.first", "outputMode", "individual")},
	{"ARC-AUTO-06", "an archive of more than four hours", tape.Set(scenarios.AutoDay, "list.end", "items.1.duration", 14407)},
	{"ARC-AUTO-07", "a gap between consecutive archives", beginsLater(scenarios.AutoDay, "get.after", 10)},
	{"ARC-AUTO-08", "createdAt in no order", tape.Set(scenarios.AutoDay, "list.end", "items.0.createdAt", 1000)},
	{"ARC-AUTO-09", "stops an automatic archive by call", tape.Set(scenarios.Automatic, "get.stop", "status", "stopped")},
	{"ARC-AUTO-09", "does not find an automatic archive to stop", tape.Status(scenarios.Automatic, "stop", 404)},
	{"ARC-AUTO-10", "records an empty session", tape.Set(scenarios.Automatic, "get.after", "status", "paused")},
	{"ARC-DUR-14", "ends an automatic archive before everybody has been gone for a minute", tape.Set(scenarios.Automatic, "get.before", "status", "stopped")},
	{"ARC-AUTO-11", "idles for more than an hour", tape.Set(scenarios.AutoDay, "get.after", "status", "paused")},
	{"ARC-AUTO-15", "wants a publisher in the first minute", tape.Set(scenarios.AutoSilent, "get.first-minute", "status", "stopped")},
	{"ARC-AUTO-16", "ends within a day", tape.Set(scenarios.AutoDay, "get.day", "status", "stopped")},
	{"ARC-AUTO-17", "another name", tape.Set(scenarios.Automatic, "get.first", "name", "archive")},
	{"ARC-AUTO-17", "refuses the longest name", tape.All(tape.Asked(scenarios.Pair, "session.other", "archiveMode=always&archiveName="+strings.Repeat("x", 80)),
		tape.Answer(scenarios.Pair, "session.other", 400, `{"code":400,"message":"archiveName is too long"}`))},
	{"ARC-SIM-01", "the second archive lacks a stream", tape.Film(scenarios.Simultaneous, "second.object.media", tape.Without("tone-05"))},
	{"ARC-SIM-02", "takes a tag twice", tape.Status(scenarios.Simultaneous, "start.same-tag", 200)},
	{"ARC-SIM-05", "starts without a tag beside an automatic archive", tape.Status(scenarios.Automatic, "start.untagged", 200)},
	{"ARC-SIM-06", "stops both at once", tape.Set(scenarios.Automatic, "get.beside", "status", "stopped")},
	{"ARC-SIM-08", "a second archive ends the first", tape.Set(scenarios.Simultaneous, "first.get.both", "status", "stopped")},
}

// beginsLater makes the archive that an answer shows begin a number of seconds later, and last as much less, in all answers and callbacks.
func beginsLater(scenario, label string, seconds int64) func(*tape.Tape) {
	return func(t *tape.Tape) {
		shown := t.Where(scenario, label, tape.IsExchange)
		if shown == nil {
			return
		}
		t.Archives(func(_ *evidence.Record, o map[string]any) bool {
			if o["id"] != shown.IDs[evidence.Archive] {
				return false
			}
			o["createdAt"] = tape.Plus(seconds * 1000)(o["createdAt"])
			if o["status"] == "started" {
				o["updatedAt"] = tape.Plus(seconds * 1000)(o["updatedAt"])
			}
			if o["status"] == "uploaded" {
				o["duration"] = tape.Plus(-seconds)(o["duration"])
			}
			return true
		})
	}
}

// unarchived removes everything that was seen of archives.
func unarchived(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Remove("reads of "+scenario, func(r *evidence.Record) bool {
			return r.Scenario == scenario && (r.Webhook != nil || r.Exchange != nil && r.Exchange.Operation == evidence.GetArchive)
		})
		for i := range t.Records {
			if r := &t.Records[i]; r.Scenario == scenario && tape.IsExchange(r) && r.Exchange.Operation == evidence.ListArchives {
				*r = tape.Copied(*r)
				r.Exchange.Response.Body = evidence.Body{Text: `{"count":0,"items":[]}`}
			}
		}
	}
}

// selectionMutations are about archives of chosen streams.
var selectionMutations = []Mutation{
	{"ARC-SEL-03", "shows what nobody chose", tape.Film(scenarios.Selection, "object.media", appearing("tone-10"))},
	{"ARC-SEL-03", "started while nobody publishes", tape.Set(scenarios.Selection, "left.get.paused", "status", "started")},
	{"ARC-SEL-03", "records on when the last stream has been removed", tape.All(tape.Set(scenarios.Selection, "left.remove.dora.get", "status", "started"),
		tape.Set(scenarios.Selection, "left.get.paused", "status", "started"), tape.Film(scenarios.Selection, "left.object.media", holdingPause(6, "vp8-11", "tone-15")))},
	{"ARC-SEL-04", "refuses to remove the last stream", tape.Answer(scenarios.Selection, "left.remove.dora", 409, `{"code":409,"message":"refused"}`)},
	{"ARC-SEL-04", "does not hear who was chosen in a pause", tape.Film(scenarios.Selection, "left.object.media", tape.Without("tone-15"))},
	{"ARC-SEL-05", "keeps a sound that is not chosen any more", tape.Set(scenarios.Selection, "left.silence.dora.get", "streams.0.hasAudio", true)},
	{"ARC-SEL-04", "does not show what was added", tape.Film(scenarios.Selection, "object.media", tape.Without("vp8-08"))},
	{"ARC-SEL-05", "sound of which only the picture was chosen", tape.Film(scenarios.Selection, "object.media", appearing("tone-09"))},
	{"ARC-SEL-05", "takes a choice of sound alone for one of both", tape.Set(scenarios.Selection, "add.bob.get", "streams.2.hasAudio", true)},
	{"ARC-SEL-04", "does not show in streams what was added", tape.Set(scenarios.Selection, "remove.alice.get", "streams", []any{})},
	{"ARC-SEL-08", "blames the caller for a stream too many", tape.Status(scenarios.Many, "chosen.add.client-03", 403)},
	{"ARC-SEL-08", "answers an addition with 200", tape.Status(scenarios.Selection, "add.bob", 200)},
	{"ARC-SEL-09", "selects in an auto archive", tape.Status(scenarios.Refusals, "select.auto", 204)},
	{"ARC-SEL-10", "adds an unknown stream", tape.Status(scenarios.Selection, "bad.unknown-stream", 204)},
	{"ARC-SEL-10", "adds a stream of another session", tape.Status(scenarios.Selection, "left.bad.other-session", 204)},
	{"ARC-SEL-11", "accepts both at once", tape.Status(scenarios.Selection, "bad.both", 204)},
	{"ARC-SEL-11", "does not find what was not chosen, and fails", tape.Status(scenarios.Selection, "bad.not-in-it", 500)},
	{"ARC-SIM-04", "one selection for all archives", tape.Film(scenarios.Selection, "other.object.media", appearing("tone-08"))},
	{"ARC-CB-23", "another reason of leaving", tape.LastHook(scenarios.Selection, "streamRemoved", "reason", tape.Put("gone"))},
	{"ARC-CB-23", "a client that left was thrown out", tape.LastHook(scenarios.Selection, "streamRemoved", "reason", tape.Put("forceDisconnected"))},
	{"ARC-CB-35", "announces an addition twice, at two times", addedTwice(scenarios.Selection)},
	{"ARC-CB-24", "no notices of additions", tape.DropHooks(scenarios.Selection, "streamAdded")},
	{"ARC-CB-25", "no timestamp of a notice", tape.Hook(scenarios.Selection, "streamRemoved", "timestamp", 1000)},
	{"ARC-CB-26", "a notice without its stream", tape.Hook(scenarios.Selection, "streamRemoved", "stream.connection", nil)},
	{"ARC-CB-27", "createdAt of the stream not rounded", tape.HookTo(scenarios.Selection, "streamAdded", "stream.createdAt", tape.Plus(1))},
	{"ARC-CB-27", "createdAt of the stream rounded down", tape.StreamRoundedDown(scenarios.Selection)},
}

// appearing adds a tone to a file.
func appearing(id string) func(*media.Report) {
	return func(r *media.Report) {
		r.Sound.Tones = append(r.Sound.Tones, media.ToneSpan{ID: id, Level: -20, Span: media.Span{From: 1, To: 3}})
	}
}

// holdingPause makes the streams after a pause come later, as in a file that holds the pause.
func holdingPause(seconds float64, ids ...string) func(*media.Report) {
	return func(r *media.Report) {
		r.Duration += seconds
		for i := range r.Picture.Appearances {
			if a := &r.Picture.Appearances[i]; slices.Contains(ids, a.ID) {
				a.From, a.To = a.From+seconds, a.To+seconds
			}
		}
		for i := range r.Sound.Tones {
			if t := &r.Sound.Tones[i]; slices.Contains(ids, t.ID) {
				t.From, t.To = t.From+seconds, t.To+seconds
			}
		}
	}
}

// addedTwice repeats the first callback of an addition with a later timestamp.
func addedTwice(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		r := t.Callback(scenario, "streamAdded")
		if r == nil {
			return
		}
		again := tape.Copied(*r)
		again.Seq = t.Records[len(t.Records)-1].Seq + 1
		t.Edit(&again.Webhook.Body, "timestamp", tape.Plus(40))
		t.Records = append(t.Records, again)
	}
}
