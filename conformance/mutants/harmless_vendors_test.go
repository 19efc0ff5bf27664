package mutants

import (
	"encoding/json"
	"slices"
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

// harmlessVendors are what servers of other vendors do where no source says how.
var harmlessVendors = []harmless{
	{"another refusal of what is no archive id", []string{"ARC-STOP-09", "ARC-GET-03"}, answered(scenarios.Refusals, 422, "stop.malformed", "get.malformed")},
	{"400 for an archive that does not exist", []string{"ARC-GET-02", "ARC-DEL-03"}, tape.All(
		tape.Status(scenarios.Refusals, "get.unknown", 400), tape.Status(scenarios.Pair, "get.deleted", 400))},
	{"another refusal of a field that is not known", []string{"ARC-START-21"}, tape.Status(scenarios.Refusals, "start.unknown-field", 422)},
	{"a refusal of a name of 100 characters", []string{"ARC-START-03", "ARC-START-05", "ARC-START-19", "ARC-SES-02", "ARC-STAT-01"},
		tape.All(tape.Request(scenarios.Cloud, "start.2", "name", strings.Repeat("long name ", 10)), tape.Status(scenarios.Cloud, "start.2", 400))},
	{"a count that does not mind the filter", []string{"ARC-LIST-06", "ARC-LIST-13"}, tape.All(unfiltered("list.one"), unfiltered("list.none"))},
	{"the default page for who wants too large a one", []string{"ARC-LIST-08", "ARC-LIST-09"}, usualPage(scenarios.Listing)},
	{"a list that says less of an archive", []string{"ARC-LIST-01", "ARC-LIST-10"}, short(scenarios.Listing)},
	{"tokens that live too long are accepted", []string{"ARC-URL-09", "ARC-AUTH-15"}, answered(scenarios.Auth, 200, "list.unified.too-long-lived", "list.legacy.too-long-lived")},
	{"answers without a checksum", []string{"ARC-GET-08", "ARC-URL-03"}, tape.All(without(scenarios.Automatic, "sha256sum"), without(scenarios.Cloud, "sha256sum"))},
	{"an object beside the file", []string{"ARC-STO-01", "ARC-STO-02", "ARC-STO-03", "ARC-STO-04", "ARC-STO-05", "ARC-CB-13", "ARC-GET-08"}, withNotes(scenarios.Pair)},
	{"a mode that is not known, taken for the default", []string{"ARC-START-07", "ARC-START-18", "ARC-GET-10"}, tape.Request(scenarios.Pair, "start", "outputMode", "mosaic")},
	{"numbers with a decimal point", []string{"ARC-GET-06", "ARC-GET-08", "ARC-CB-11", "ARC-CB-13", "ARC-STO-03", "ARC-DUR-17"}, tape.All(decimal("size"), decimal("duration"))},

	{"a black picture in an archive of sound", []string{"ARC-COMP-17", "ARC-COMP-01", "ARC-COMP-33"}, tape.Film(scenarios.AudioOnly, "object.media", func(r *media.Report) {
		r.Tracks, r.Video = append(r.Tracks, "vide"), &media.Video{}
		r.Picture = &media.Picture{Width: 640, Height: 480, Frames: 100, Black: []media.Span{{From: 0, To: r.Duration}}}
	})},
	{"seconds of one stream that take the same", []string{"ARC-RATE-02"}, tape.Film(scenarios.AutoOverlap, "middle.object.media", func(r *media.Report) {
		r.Video.PerSecond = slices.Repeat([]int{61000}, 12)
	})},
	{"AAC with spectral band replication", []string{"ARC-COMP-03"}, pairFilm(func(r *media.Report) { r.Audio.ObjectType, r.Audio.Codec = 5, "mp4a.40.5" })},
	{"B-frames of a quantizer that is 2 higher", []string{"ARC-RATE-01"}, pairFilm(func(r *media.Report) {
		r.Video.BFrames, r.Video.Reordered = 40, true
		r.Video.QP.Max, r.Video.QP.Inter[21] = 21, 40
	})},
	{"a recorder that begins 1.8 s late, and says so", []string{"ARC-START-04", "ARC-COMP-15", "ARC-DUR-17", "ARC-CB-11", "ARC-GET-04", "ARC-GET-08"}, tape.All(
		pairFilm(tape.CutEnds(1.8, 0)), lateStart(scenarios.Pair))},
	{"overlapping archives whose times are rounded", []string{"ARC-AUTO-07", "ARC-AUTO-06"}, justAfter(scenarios.AutoDay, "list.end", 0, 1)},
	{"a small archive that is uploaded before it is stopped", []string{"ARC-STAT-07", "ARC-STAT-08", "ARC-STAT-09", "ARC-CB-33"}, tape.All(
		tape.Overtaken(scenarios.Pair), tape.HookTo(scenarios.Pair, "stopped", "updatedAt", tape.Plus(60_000)))},
	{"a callback about a choice that changes", []string{"ARC-CB-24", "ARC-SEL-05"}, addedTwice(scenarios.Selection)},
	{"a new file when the choice of a stream changes", []string{"ARC-IND-30", "ARC-IND-05", "ARC-IND-07"}, zips.InFile(scenarios.Chosen, "bob", zips.Divide(2*time.Second))},
	{"an individual recorder that begins 0.5 s late, and says so", nil, zips.Spoil(scenarios.Captures, begun(500*time.Millisecond))},
	{"an individual recorder that begins 1.5 s late, and says so by its duration", []string{"ARC-DUR-17", "ARC-CB-11", "ARC-GET-08", "ARC-MAN-06"}, tape.All(
		zips.MemberOf(scenarios.Crowd, "createdAt", zips.More(1500)), lateStart(scenarios.Crowd))},
	{"a second until a recorder has joined a stream that a call chose", []string{"ARC-SEL-12", "ARC-SEL-13", "ARC-IND-04", "ARC-SIM-09"},
		zips.InFile(scenarios.Chosen, "alice", zips.Late(matroska.Audio, time.Second))},
	{"no name in the manifest of an archive without one", []string{"ARC-MAN-01", "ARC-MAN-05"}, tape.All(tape.Request(scenarios.Captures, "start", "name", nil),
		zips.Member("name", func(individual.Value) individual.Value { return "null" }))},
	{"sixteen streams in four rows of five", []string{"ARC-LAY-01", "ARC-LAY-02", "ARC-LAY-03", "ARC-COMP-20", "ARC-COMP-22", "ARC-SEL-06", "ARC-SEL-07"},
		tape.All(picture(onMany, tape.Columns(5, 4)), tape.Film(onMany, "chosen.object.media", tape.Columns(5, 4)))},
	{"tiles for who is only heard", []string{"ARC-COMP-12", "ARC-COMP-13", "ARC-COMP-20", "ARC-COMP-33", "ARC-LAY-01", "ARC-LAY-02", "ARC-LAY-03", "ARC-LAY-09", "ARC-SEL-01",
		"ARC-START-04"}, picture(onMutes, tape.Avatars)},
	{"whoever was left out stays away", []string{"ARC-COMP-12", "ARC-COMP-13", "ARC-COMP-20", "ARC-COMP-21", "ARC-COMP-22", "ARC-COMP-23", "ARC-COMP-33", "ARC-LAY-01",
		"ARC-LAY-02", "ARC-LAY-03", "ARC-LAY-09", "ARC-SEL-01", "ARC-SEL-07", "ARC-START-04"}, tape.All(picture(onMany, staysAway), picture(onMany, tape.Without("tone-17")))},
	{"a stream without the class in the large place", []string{"ARC-LAY-07", "ARC-SIM-01", "ARC-SIM-03"}, tape.Film(scenarios.Simultaneous, "again.object.media",
		tape.Nth("vp8-05", 0, tape.At(0, 0, 640, 480)))},
}

// withNotes adds an object beside each file of a scenario.
func withNotes(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		for _, r := range slices.Clone(t.Records) {
			if r.Scenario == scenario && r.Object != nil {
				notes := tape.Copied(r)
				notes.Seq = t.Records[len(t.Records)-1].Seq + 1
				notes.Object.Key, notes.Object.Size = strings.Replace(r.Object.Key, "archive.mp4", "notes.txt", 1), 5
				notes.Object.SHA256 = strings.Repeat("0", len(r.Object.SHA256))
				t.Records = append(t.Records, notes)
			}
		}
	}
}

// unfiltered answers a filtered list with the count of all archives.
func unfiltered(label string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		var all struct{ Count int }
		if r := t.Where(scenarios.Listing, "list.all", tape.IsExchange); r != nil && r.Exchange.Response.Body.Decode(&all) == nil {
			tape.Set(scenarios.Listing, label, "count", all.Count)(t)
		}
	}
}

// usualPage answers the request for too large a page with a page of the default size.
func usualPage(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		if usual := t.Where(scenario, "list.crowd", tape.IsExchange); usual != nil {
			tape.Answer(scenario, "list.larger", 200, usual.Exchange.Response.Body.Text)(t)
		}
	}
}

// short removes what not every archive has from the archives in lists.
func short(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Archives(func(r *evidence.Record, o map[string]any) bool {
			if r.Scenario != scenario || r.Exchange == nil || r.Exchange.Operation != evidence.ListArchives {
				return false
			}
			for _, key := range []string{"updatedAt", "sha256sum", "password", "event", "hasTranscription", "multiArchiveTag", "resolution"} {
				delete(o, key)
			}
			return true
		})
	}
}

// decimal writes a number of every archive with a decimal point.
func decimal(key string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Archives(func(_ *evidence.Record, o map[string]any) bool {
			n, isNumber := o[key].(json.Number)
			if isNumber {
				o[key] = json.Number(n.String() + ".0")
			}
			return isNumber
		})
	}
}

// lateStart makes a recording two seconds shorter and later, in all answers and callbacks.
func lateStart(scenario string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Archives(func(r *evidence.Record, o map[string]any) bool {
			if r.Scenario != scenario {
				return false
			}
			if n, _ := o["duration"].(json.Number).Int64(); n > 0 {
				o["duration"] = n - 2
			}
			if r.Exchange != nil && r.Exchange.Operation == evidence.GetArchive {
				o["createdAt"] = tape.Millis(o["createdAt"]).Add(2400 * time.Millisecond).UnixMilli()
			}
			return true
		})
	}
}

// begun makes a recorder of streams begin later. What is published then goes on from the next key frame.
func begun(late time.Duration) func(*individual.Report) {
	return func(r *individual.Report) {
		m := zips.Manifest(r)
		m.Members["createdAt"] = zips.More(late.Milliseconds())(m.Members["createdAt"])
		for i := range r.Entries {
			e := &r.Entries[i]
			o := zips.Listing(r, e)
			if o == nil {
				continue
			}
			start, _ := o["startTimeOffset"].Whole()
			if gone := late.Milliseconds() - start; gone > 0 {
				zips.Since(time.Duration(gone)*time.Millisecond)(r, e)
			}
			o["startTimeOffset"] = zips.More(max(-start, -late.Milliseconds()))(o["startTimeOffset"])
			o["stopTimeOffset"] = zips.More(-late.Milliseconds())(o["stopTimeOffset"])
		}
	}
}

// justAfter makes the duration of an archive in a list end in the second before the next one begins.
func justAfter(scenario, label string, next, before int) func(*tape.Tape) {
	return func(t *tape.Tape) {
		tape.Change(scenario, label, "items", func(old any) any {
			items, _ := old.([]any)
			o, _ := items[before].(map[string]any)
			follows, _ := items[next].(map[string]any)
			o["duration"] = int64(tape.Millis(follows["createdAt"]).Sub(tape.Millis(o["createdAt"])) / time.Second)
			return items
		})(t)
	}
}
