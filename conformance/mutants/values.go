package mutants

import (
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/mutants/zips"
)

// valueMutations are answers and callbacks of the right form with a value that is not true, and what is only recommended.
var valueMutations = []Mutation{
	{"ARC-START-18", "names the other outputMode", tape.Set(scenarios.Pair, "start", "outputMode", "individual")},
	{"ARC-START-18", "answers an audio-only start with video", tape.Set(scenarios.AudioOnly, "start", "hasVideo", true)},
	{"ARC-START-18", "createdAt of a start a minute ago", tape.Add(scenarios.Pair, "start", "createdAt", -60_000)},
	{"ARC-GET-01", "reads another session", tape.Set(scenarios.Pair, "get.recording", "sessionId", "1_other")},
	{"ARC-GET-01", "reads another application", tape.Set(scenarios.Pair, "get.recording", "applicationId", "11111111-2222-4333-8444-555555555555")},
	{"ARC-GET-09", "updatedAt a day ahead", tape.Add(scenarios.Pair, "get.uploaded", "updatedAt", (24 * time.Hour).Milliseconds())},
	{"ARC-GET-10", "reads a manual archive as auto", tape.Set(scenarios.Selection, "get.none", "streamMode", "auto")},
	{"ARC-GET-10", "reads an archive of sound with video", tape.Set(scenarios.AudioOnly, "get.delivered", "hasVideo", true)},
	{"ARC-CB-31", "a started callback of sound with video", tape.Hook(scenarios.AudioOnly, "started", "hasVideo", true)},
	{"ARC-CB-31", "a stopped callback with another tag", tape.Hook(scenarios.Simultaneous, "stopped", "multiArchiveTag", "x")},
	{"ARC-CB-31", "a started callback of another application", tape.Hook(scenarios.Pair, "started", "applicationId", "11111111-2222-4333-8444-555555555555")},
	{"ARC-EVT-03", "the end of one archive with the id of another", tape.Misnamed(scenarios.Simultaneous, "second.start")},
	{"ARC-SES-07", "lists a client as connecting for ever", tape.Set(scenarios.Presence, "connections.after", "items.0.connectionState", "Connecting")},
	{"ARC-SES-07", "lists a client that came a minute ago", tape.Set(scenarios.Presence, "connections", "items.0.createdAt", "1700000000000")},
	{"ARC-SES-07", "counts one connection too many", tape.Add(scenarios.Presence, "connections", "count", 1)},
	{"ARC-SES-08", "reads a stream with classes of its own", tape.Set(scenarios.Presence, "stream.bob", "layoutClassList", []string{"focus"})},
	{"ARC-SES-09", "tells a stream by its id", tape.Event(scenarios.Presence, "streamCreated", "stream.name", tape.Put("stream"))},
	{"ARC-SES-09", "tells a stream of another client", tape.Event(scenarios.Presence, "streamCreated", "stream.connection.id", tape.Put("11111111-2222-4333-8444-555555555555"))},
	{"ARC-SES-09", "tells a stream of another kind", tape.Event(scenarios.Presence, "streamCreated", "stream.videoType", tape.Put("custom"))},
	{"ARC-SES-09", "tells no data of a connection", tape.Event(scenarios.Presence, "connectionCreated", "connection.data", tape.Put(""))},
	{"ARC-SES-09", "tells a stream of a connection that came a second ago", tape.Event(scenarios.Presence, "streamCreated", "stream.connection.createdAt", tape.Plus(-1000))},
	{"ARC-SES-09", "tells a connection that came a minute ago", tape.Event(scenarios.Presence, "connectionCreated", "connection.createdAt", tape.Plus(-60_000))},

	{"ARC-LIST-14", "counts all archives in spite of the filter", tape.Add(scenarios.Listing, "list.one", "count", 1)},
	{"ARC-IND-32", "a new file for another choice", zips.InFile(scenarios.Chosen, "bob", zips.Divide(2*time.Second))},
	{"ARC-LAY-18", "shows a stream large that lacks the class", tape.Film(scenarios.Simultaneous, "again.object.media", tape.Nth("vp8-05", 0, tape.At(0, 0, 640, 480)))},
	{"ARC-LAY-19", "five columns of sixteen", picture(onMany, tape.Columns(5, 4))},
}
