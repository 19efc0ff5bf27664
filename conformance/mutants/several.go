package mutants

import (
	"maps"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
)

// severalMutations are about archives that no call starts, and about several at once.
var severalMutations = []Mutation{
	{"ARC-AUTO-01", "archives nothing by itself", unarchived(scenarios.AutoSilent)},
	{"ARC-AUTO-02", "begins before the first client", set(scenarios.AutoSilent, "get.first", "createdAt", 1000)},
	{"ARC-AUTO-03", "a file of nothing", set(scenarios.AutoSilent, "get.delivered", "size", 4711)},
	{"ARC-AUTO-04", "loses a stream of an automatic archive", film(scenarios.Automatic, "object.media", without("vp8-07"))},
	{"ARC-AUTO-05", "individual automatic archives", set(scenarios.Automatic, "get.first", "outputMode", "individual")},
	{"ARC-AUTO-06", "an archive of more than four hours", set(scenarios.AutoDay, "list.end", "items.1.duration", 20000)},
	{"ARC-AUTO-07", "a gap between consecutive archives", add(scenarios.AutoDay, "list.end", "items.1.duration", -10)},
	{"ARC-AUTO-08", "createdAt in no order", set(scenarios.AutoDay, "list.end", "items.0.createdAt", 1000)},
	{"ARC-AUTO-09", "stops an automatic archive by call", set(scenarios.Automatic, "get.stop", "status", "stopped")},
	{"ARC-AUTO-10", "records an empty session", set(scenarios.Automatic, "get.after", "status", "paused")},
	{"ARC-AUTO-11", "idles for more than an hour", set(scenarios.AutoDay, "get.after", "status", "paused")},
	{"ARC-AUTO-15", "wants a publisher in the first minute", set(scenarios.AutoSilent, "get.first-minute", "status", "stopped")},
	{"ARC-AUTO-16", "ends within a day", set(scenarios.AutoDay, "get.day", "status", "stopped")},
	{"ARC-AUTO-17", "another name", set(scenarios.Automatic, "get.first", "name", "archive")},
	{"ARC-SIM-01", "the second archive lacks a stream", film(scenarios.Simultaneous, "second.object.media", without("tone-05"))},
	{"ARC-SIM-02", "takes a tag twice", status(scenarios.Simultaneous, "start.same-tag", 200)},
	{"ARC-SIM-05", "starts without a tag beside an automatic archive", status(scenarios.Automatic, "start.untagged", 200)},
	{"ARC-SIM-06", "stops both at once", set(scenarios.Automatic, "get.beside", "status", "stopped")},
	{"ARC-SIM-08", "a second archive ends the first", set(scenarios.Simultaneous, "first.get.both", "status", "stopped")},
}

// unarchived takes out all that was seen of archives.
func unarchived(scenario string) func(*Tape) {
	return func(t *Tape) {
		t.remove("reads of "+scenario, func(r *evidence.Record) bool {
			return r.Scenario == scenario && (r.Webhook != nil || r.Exchange != nil && r.Exchange.Operation == "getArchive")
		})
		for i := range t.Records {
			if r := &t.Records[i]; r.Scenario == scenario && isExchange(r) && r.Exchange.Operation == "listArchives" {
				*r = copied(*r)
				r.Exchange.Response.Body = evidence.Body{Text: `{"count":0,"items":[]}`}
			}
		}
	}
}

// selectionMutations are about archives of chosen streams.
var selectionMutations = []Mutation{
	{"ARC-SEL-03", "shows what nobody chose", film(scenarios.Selection, "object.media", appearing("tone-10"))},
	{"ARC-SEL-04", "does not show what was added", film(scenarios.Selection, "object.media", without("vp8-08"))},
	{"ARC-SEL-05", "sound of which only the picture was chosen", film(scenarios.Selection, "object.media", appearing("tone-09"))},
	{"ARC-SEL-08", "answers an addition with 200", status(scenarios.Selection, "add.bob", 200)},
	{"ARC-SEL-09", "selects in an auto archive", status(scenarios.Refusals, "select.auto", 204)},
	{"ARC-SEL-10", "adds an unknown stream", status(scenarios.Selection, "bad.unknown-stream", 204)},
	{"ARC-SEL-11", "accepts both at once", status(scenarios.Selection, "bad.both", 204)},
	{"ARC-SIM-04", "one selection for all archives", film(scenarios.Selection, "other.object.media", appearing("tone-08"))},
	{"ARC-CB-23", "another reason of leaving", lastHook(scenarios.Selection, "streamRemoved", "reason", "gone")},
	{"ARC-CB-24", "no notices of additions", dropHooks(scenarios.Selection, "streamAdded")},
	{"ARC-CB-25", "no timestamp of a notice", hook(scenarios.Selection, "streamRemoved", "timestamp", 1000)},
	{"ARC-CB-26", "a notice without its stream", hook(scenarios.Selection, "streamRemoved", "stream.connection", nil)},
	{"ARC-CB-27", "createdAt of the stream not rounded", hookTo(scenarios.Selection, "streamAdded", "stream.createdAt", plus(1))},
}

// appearing puts a tone into a file.
func appearing(id string) func(*media.Report) {
	return func(r *media.Report) {
		r.Sound.Tones = append(r.Sound.Tones, media.ToneSpan{ID: id, Level: -20, Span: media.Span{From: 1, To: 3}})
	}
}

// lastHook changes the last callback that announces a status.
func lastHook(scenario, announces, path string, value any) func(*Tape) {
	return func(t *Tape) {
		for i := len(t.Records) - 1; i >= 0; i-- {
			if r := &t.Records[i]; r.Scenario == scenario && announced(r) == announces {
				*r = copied(*r)
				t.edit(&r.Webhook.Body, path, func(any) any { return value })
				return
			}
		}
		t.Missed = append(t.Missed, scenario+" callback "+announces)
	}
}

// behind has another client publish what one does that waits, half a second later; recorded: it has a file with that one's pictures.
func behind(client string, recorded bool) func(*Tape) {
	const another = "11111111-2222-4333-8444-000000000053"
	return func(t *Tape) {
		stream := t.streamOf(scenarios.Crowd, client)
		for _, r := range slices.Clone(t.Records) {
			if r.Scenario != scenarios.Crowd || r.Published == nil || r.IDs[evidence.Stream] != stream {
				continue
			}
			c := copied(r)
			c.IDs[evidence.Stream] = another
			c.Published.Client, c.Published.SSRC = "another", r.Published.SSRC+1
			c.Published.First = r.Published.First.Add(500 * time.Millisecond)
			t.Records = append(t.Records, c)
		}
		if !recorded {
			return
		}
		zip(scenarios.Crowd, func(r *individual.Report) {
			files := filesOfClient(t, r, scenarios.Crowd, client)
			if len(files) == 0 {
				t.Missed = append(t.Missed, "file of "+client)
				return
			}
			e := *files[0]
			film := *e.Media
			film.Tracks = slices.DeleteFunc(slices.Clone(film.Tracks), func(t matroska.Track) bool { return t.Type == matroska.Audio })
			e.Name, e.Media = another+e.Ext(), &film
			o := maps.Clone(listing(r, files[0]))
			o["filename"], o["streamId"] = individual.Value(`"`+e.Name+`"`), individual.Value(`"`+another+`"`)
			m := manifest(r)
			m.Files = append(m.Files, o)
			r.Entries = append(r.Entries, e)
		})(t)
	}
}
