package mutants

import (
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
)

// automaticMutations spoil what holds for every archive, in archives that no call starts.
var automaticMutations = []Mutation{
	{"ARC-CB-01", "is silent about an automatic archive that follows", dropped(scenarios.AutoOverlap, "started", 2)},
	{"ARC-CB-05", "another event of an automatic archive", tape.Hook(scenarios.AutoSilent, "stopped", "event", "status")},
	{"ARC-CB-06", "another session of an automatic archive", tape.LastHook(scenarios.AutoSilent, "uploaded", "sessionId", tape.Put("1_other"))},
	{"ARC-CB-07", "no partnerId of an automatic archive", tape.Hook(scenarios.AutoSilent, "stopped", "partnerId", nil)},
	{"ARC-CB-08", "createdAt of an automatic archive's callback", tape.HookTo(scenarios.AutoSilent, "uploaded", "createdAt", tape.Plus(60000))},
	{"ARC-CB-08", "createdAt of a follower before its session", tape.LastHook(scenarios.AutoOverlap, "started", "createdAt", tape.Put(1000))},
	{"ARC-CB-09", "createdAt of an automatic archive not rounded", tape.HookTo(scenarios.AutoSilent, "stopped", "createdAt", tape.Plus(1))},
	{"ARC-CB-10", "an automatic archive that starts with a duration", tape.Hook(scenarios.AutoDay, "started", "duration", 3)},
	{"ARC-CB-11", "another duration of an automatic archive", tape.LastHook(scenarios.Automatic, "uploaded", "duration", tape.Put(60))},
	{"ARC-CB-12", "an automatic archive that starts with a size", tape.Hook(scenarios.AutoDay, "started", "size", 3)},
	{"ARC-CB-13", "another size than that of an automatic archive's file", tape.LastHook(scenarios.Automatic, "uploaded", "size", tape.Put(3))},
	{"ARC-CB-14", "the default resolution for an automatic archive", tape.Hook(scenarios.AutoSilent, "stopped", "resolution", "640x480")},
	{"ARC-CB-16", "an automatic archive that starts with a reason", tape.Hook(scenarios.AutoDay, "started", "reason", "session ended")},
	{"ARC-CB-17", "another reason of an automatic archive later", tape.Hook(scenarios.AutoSilent, "uploaded", "reason", "user initiated")},
	{"ARC-CB-18", "a status of automatic archives only", tape.Hook(scenarios.AutoDay, "paused", "status", "resting")},
	{"ARC-CB-19", "an automatic archive in manual mode", tape.Hook(scenarios.AutoSilent, "stopped", "streamMode", "manual")},
	{"ARC-CB-22", "a URL of an automatic archive for everybody", tape.Hook(scenarios.AutoSilent, "uploaded", "url", "http://example.com/archive.mp4")},
	{"ARC-CB-28", "stream notices of an automatic archive", tape.Hook(scenarios.AutoDay, "paused", "status", "streamRemoved")},
	{"ARC-CB-31", "another checksum of an automatic archive than it reads", tape.Hook(scenarios.AutoSilent, "uploaded", "sha256sum", "x")},
	{"ARC-CB-33", "announces the stop of an automatic archive twice", tape.Again(scenarios.AutoSilent, "stopped")},

	{"ARC-CB-03", "is silent about the stop of an automatic archive", tape.DropHooks(scenarios.AutoSilent, "stopped")},

	{"ARC-EVT-02", "does not tell of the stops of automatic archives", tape.Unheard(scenarios.AutoOverlap, "alice", "archiveStopped")},
	{"ARC-EVT-06", "does not tell a late client of an automatic archive", tape.Unheard(scenarios.Automatic, "bob", "archiveStarted")},
	{"ARC-EVT-06", "does not tell a client that comes within the minute", tape.Unheard(scenarios.AutoPaused, "carol", "archiveStarted")},
	{"ARC-EVT-01", "does not tell of an automatic archive that follows", tape.Unheard(scenarios.AutoOverlap, "alice", "archiveStarted")},
	{"ARC-EVT-05", "does not tell of the end of automatic archives", tape.Unheard(scenarios.AutoOverlap, "alice", "archiveStopped")},

	{"ARC-GET-01", "does not find an automatic archive", tape.Status(scenarios.AutoSilent, "get.first-minute", 404)},
	{"ARC-GET-04", "createdAt of an automatic archive before its media", tape.Add(scenarios.Automatic, "wait.delivered", "createdAt", -3000)},
	{"ARC-GET-06", "an automatic archive's duration as text", tape.Set(scenarios.AutoSilent, "get.first", "duration", "0")},
	{"ARC-GET-07", "a size while an automatic archive records", tape.Set(scenarios.AutoSilent, "get.first", "size", 3)},
	{"ARC-GET-08", "reads another checksum of an automatic archive", tape.Set(scenarios.Automatic, "wait.delivered", "sha256sum", "x")},
	{"ARC-GET-09", "an automatic archive changed before it began", tape.Set(scenarios.AutoSilent, "get.first", "updatedAt", 1000)},
	{"ARC-GET-10", "an automatic archive without hasAudio", tape.Set(scenarios.AutoSilent, "get.first", "hasAudio", nil)},
	{"ARC-SEL-02", "an automatic archive that is manual by default", tape.Set(scenarios.AutoSilent, "get.first", "streamMode", "manual")},
	{"ARC-SIM-07", "invents a tag of an automatic archive", tape.Set(scenarios.AutoSilent, "get.first", "multiArchiveTag", "x")},
	{"ARC-RES-08", "another resolution than its session asked for", tape.Set(scenarios.AutoSilent, "get.first", "resolution", "640x480")},
	{"ARC-RATE-13", "invents the maxBitrate of an automatic archive", tape.Set(scenarios.AutoSilent, "get.first", "maxBitrate", 1000000)},

	{"ARC-STAT-01", "an automatic archive in a status nobody knows", tape.Set(scenarios.AutoSilent, "get.first", "status", "recording")},
	{"ARC-STAT-02", "an automatic archive that is paused while somebody publishes", tape.Set(scenarios.Automatic, "get.beside", "status", "paused")},
	{"ARC-STAT-04", "an automatic archive that is started while nobody is there", tape.Set(scenarios.Automatic, "get.before", "status", "started")},
	{"ARC-STAT-07", "an automatic archive that is uploaded while recording", tape.Set(scenarios.Automatic, "get.both", "status", "uploaded")},
	{"ARC-STAT-15", "an automatic archive that has expired and is then uploaded", tape.Set(scenarios.AutoSilent, "get.after", "status", "expired")},
	{"ARC-STAT-10", "reads an automatic archive behind its callbacks", tape.Set(scenarios.AutoSilent, "get.delivered", "status", "stopped")},
	{"ARC-STAT-15", "an automatic archive that fails after the upload", tape.Set(scenarios.AutoSilent, "get.delivered", "status", "failed")},
	{"ARC-DUR-11", "another reason when all left an automatic archive", tape.Set(scenarios.Automatic, "wait.delivered", "reason", "maximum idle time exceeded")},
	{"ARC-DUR-17", "takes two seconds off an automatic archive", tape.Add(scenarios.Automatic, "wait.delivered", "duration", -2)},
	{"ARC-DUR-17", "another duration of an archive beside an automatic one", tape.Add(scenarios.Automatic, "beside.wait.delivered", "duration", 3)},

	{"ARC-DUR-03", "goes on with an automatic archive after four hours", tape.Set(scenarios.AutoDay, "list.day", "items.6.status", "started")},
	{"ARC-DUR-17", "takes ten seconds off an automatic archive that is followed by another", tape.Add(scenarios.AutoDay, "list.end", "items.6.duration", -10)},
	{"ARC-DUR-13", "an automatic archive that ends though a client has come back", tape.Set(scenarios.AutoPaused, "get.back", "status", "stopped")},
	{"ARC-AUTO-03", "a file of an automatic archive that began in a pause", tape.Set(scenarios.AutoPaused, "newest.wait.delivered", "size", 451)},
	{"ARC-AUTO-09", "stops an automatic archive by call in an empty session", tape.Set(scenarios.AutoPaused, "get.empty", "status", "stopped")},
	{"ARC-AUTO-11", "an idle hour of its own for the archive that follows", tape.Set(scenarios.AutoPaused, "get.idle", "status", "paused")},
	{"ARC-AUTO-14", "an idle hour of its own for the archive after a move", tape.Set(scenarios.AutoOverlap, "get.after", "status", "paused")},
	{"ARC-AUTO-16", "no archive follows one of twelve hours in a pause", tape.Set(scenarios.AutoPaused, "list.total", "items.0.status", "stopped")},
	{"ARC-SIM-06", "ends a started archive with an automatic one", tape.Set(scenarios.AutoPaused, "beside.get.total", "status", "stopped")},

	{"ARC-STO-01", "uploads no automatic archive", ownLost},
	{"ARC-STO-02", "another key of an automatic archive", tape.EachStored(scenarios.Automatic, func(o *evidence.Object) { o.Key = "archives/" + o.Key })},
	{"ARC-STO-03", "an automatic archive of another length", tape.Stored(scenarios.Automatic, "object", func(o *evidence.Object) { o.Size-- })},
	{"ARC-STO-04", "another checksum of an automatic archive", tape.Set(scenarios.Automatic, "wait.delivered", "sha256sum", "x")},
	{"ARC-STO-05", "available after the upload of an automatic archive", tape.Set(scenarios.Automatic, "get.after", "status", "available")},
	{"ARC-STO-20", "a URL before the file of an automatic archive", tape.Set(scenarios.AutoSilent, "get.first", "url", "http://example.com/archive.mp4")},
	{"ARC-STO-24", "no media type of an automatic archive", tape.Stored(scenarios.Automatic, "object", func(o *evidence.Object) { o.ContentType = "binary/octet-stream" })},
	{"ARC-URL-02", "a URL of an uploaded automatic archive", tape.Set(scenarios.AutoSilent, "get.delivered", "url", "http://example.com/archive.mp4")},

	{"ARC-RATE-01", "QP 43 in automatic archives", automaticFilm(func(r *media.Report) { r.Video.QP = media.QP{Min: 43, Max: 43, Mean: 43, Inter: map[int]int{43: 100}} })},
	{"ARC-RES-02", "an automatic archive in landscape", automaticFilm(tape.Sized(640, 480))},
	{"ARC-COMP-06", "an automatic archive in stereo", automaticFilm(func(r *media.Report) { r.Audio.Channels = 2 })},
	{"ARC-COMP-12", "leaves a picture out of an automatic archive", automaticFilm(tape.Without("vp8-07"))},
	{"ARC-COMP-13", "leaves a sound out of an automatic archive", automaticFilm(tape.Without("tone-06"))},
	{"ARC-COMP-25", "key frames of an automatic archive too far apart", automaticFilm(func(r *media.Report) { r.Video.KeyInterval = 300 })},
}

func automaticFilm(spoil func(*media.Report)) func(*tape.Tape) {
	return tape.Film(scenarios.Automatic, "object.media", spoil)
}

// dropped removes the nth callback that announces a status.
func dropped(scenario, announces string, nth int) func(*tape.Tape) {
	return func(t *tape.Tape) {
		n := 0
		t.Remove(scenario+" callback "+announces, func(r *evidence.Record) bool {
			if r.Scenario != scenario || tape.Announced(r) != announces {
				return false
			}
			n++
			return n == nth
		})
	}
}

// ownLost removes the objects of an automatic archive, and leaves those of the archive beside it.
func ownLost(t *tape.Tape) {
	t.Remove("objects of "+scenarios.Automatic, func(r *evidence.Record) bool {
		return r.Scenario == scenarios.Automatic && r.Object != nil && !strings.HasPrefix(r.Label, "beside.")
	})
}
