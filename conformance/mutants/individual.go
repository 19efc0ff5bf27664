package mutants

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/mutants/zips"
)

// individualMutations are about the ZIPs of individual archives, and about the evidence around them.
var individualMutations = slices.Concat(zipMutations, frameMutations, manifestMutations, aroundMutations)

var zipMutations = []Mutation{
	{"ARC-STOP-04", "no ZIP", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		r.Entries, r.Findings = nil, []individual.Finding{{Kind: individual.Broken, Detail: "not a ZIP"}}
	})},
	{"ARC-IND-01", "a file beside the media", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		r.Entries = append(r.Entries, individual.Entry{Name: "README.txt", Method: "stored"})
	})},
	{"ARC-IND-01", "two manifests", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		r.Entries = append(r.Entries, individual.Entry{Name: "files.json", Manifest: &individual.Manifest{}})
	})},
	{"ARC-IND-01", "a wrong checksum", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		r.Entries[0].Findings = append(r.Entries[0].Findings, individual.Finding{Kind: individual.Checksum, Detail: "another CRC"})
	})},
	{"ARC-IND-02", "composed in spite of the request", tape.Set(scenarios.Captures, "start", "outputMode", "composed")},
	{"ARC-IND-05", "a file named by its client", zips.InFile(scenarios.Captures, "alice", zips.Rename(func(string) string { return "alice.webm" }))},
	{"ARC-IND-07", "segments numbered backwards", zips.Segments(scenarios.Interrupted, "alice", func(r *individual.Report, first, second *individual.Entry) {
		a, b := first.Name, second.Name
		zips.Rename(func(string) string { return "x" })(r, first)
		zips.Rename(func(string) string { return a })(r, second)
		zips.Rename(func(string) string { return b })(r, first)
	})},
	{"ARC-IND-08", "Matroska for VP8", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) { e.Media.DocType = "matroska" })},
	{"ARC-IND-08", "the wrong ending for VP8", zips.InFile(scenarios.Captures, "alice", zips.Rename(zips.Ending(".webm", ".mkv")))},
	{"ARC-IND-08", "a file that is cut off", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		e.Media.Findings = append(e.Media.Findings, matroska.Finding{Kind: matroska.Truncated, Detail: "the file ends"})
	})},
	{"ARC-IND-09", "WebM for H.264", zips.InFile(scenarios.Matroska, "alice", zips.Rename(zips.Ending(".mkv", ".webm")))},
	{"ARC-IND-10", "Matroska for VP9", zips.InLabel(scenarios.Kinds, "both.object.individual", "dave", zips.Rename(zips.Ending(".webm", ".mkv")))},
	{"ARC-IND-20", "another key", tape.EachStored(scenarios.Captures, func(o *evidence.Object) { o.Key = strings.Replace(o.Key, "archive.zip", "archive.mp4", 1) })},
	{"ARC-IND-28", "no manifest where nobody published", zips.Spoil(scenarios.IndividualNobody, func(r *individual.Report) { r.Entries = nil })},
	{"ARC-IND-28", "a size of its own where nobody published", tape.Set(scenarios.IndividualNobody, "wait.delivered", "size", 4711)},
}

var frameMutations = []Mutation{
	{"ARC-IND-03", "records 49 streams with video", zips.InFile(scenarios.Crowd, "client-30", zips.Lose(matroska.Video))},
	{"ARC-IND-26", "records 49 streams with audio", zips.InFile(scenarios.Crowd, "client-31", zips.Lose(matroska.Audio))},
	{"ARC-IND-27", "records one stream too many for a second", tape.Earlier(scenarios.Crowd, "unpublish.client-02", -1400*time.Millisecond)},
	{"ARC-IND-27", "takes two that wait for one that leaves", zips.Behind("client-51", true)},
	{"ARC-IND-27", "loses a stream when others come", zips.InFile(scenarios.Crowd, "client-12", zips.UpTo(1500*time.Millisecond))},
	{"ARC-IND-04", "no file of a stream", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		r.Entries = slices.DeleteFunc(r.Entries, func(e individual.Entry) bool { return e.Media != nil })
	})},
	{"ARC-IND-04", "loses the last second", zips.InFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			last := t.Frames[len(t.Frames)-1].At
			t.Frames = slices.DeleteFunc(t.Frames, func(f matroska.Frame) bool { return f.At > last-time.Second })
		})
	})},
	{"ARC-IND-04", "loses the first 120 ms of a sound", zips.InFile(scenarios.Captures, "carol", zips.Late(matroska.Audio, 120*time.Millisecond))},
	{"ARC-IND-04", "waits for the second key frame", zips.InFile(scenarios.Captures, "bob", zips.Late(matroska.Video, 1150*time.Millisecond))},
	{"ARC-IND-04", "waits for a key frame where a stream begins with one", zips.InFile(scenarios.Captures, "carol", zips.Late(matroska.Video, 120*time.Millisecond))},
	{"ARC-SEL-14", "takes 150 ms to hear who was chosen", zips.InFile(scenarios.Chosen, "alice", zips.Late(matroska.Audio, 150*time.Millisecond))},
	{"ARC-IND-06", "one file for both segments", zips.Segments(scenarios.Interrupted, "alice", zips.Join)},
	{"ARC-IND-29", "one file for two times", zips.Segments(scenarios.Chosen, "alice", zips.Join)},
	{"ARC-IND-31", "two codecs in one file", zips.Segments(scenarios.Interrupted, "carol", zips.Join)},
	{"ARC-IND-30", "a new file after a mute", zips.InFile(scenarios.Captures, "alice", zips.Divide(4*time.Second))},
	{"ARC-IND-11", "one frame that is not as it was sent", zips.InFile(scenarios.Captures, "bob", zips.Frame(matroska.Video, 20, func(f *matroska.Frame) { f.Sum = "0123456789abcdef" }))},
	{"ARC-IND-11", "loses one frame", zips.InFile(scenarios.Captures, "bob", zips.Frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame { return slices.Delete(all, 20, 21) }))},
	{"ARC-IND-11", "loses one packet of sound", zips.InFile(scenarios.Captures, "bob", zips.Frames(matroska.Audio, func(all []matroska.Frame) []matroska.Frame { return slices.Delete(all, 60, 61) }))},
	{"ARC-IND-11", "writes one frame twice", zips.InFile(scenarios.Captures, "bob", zips.Frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame { return slices.Insert(all, 20, all[20]) }))},
	{"ARC-IND-11", "two frames in the wrong order", zips.InFile(scenarios.Captures, "bob", zips.Frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame {
		all[20], all[21] = all[21], all[20]
		return all
	}))},
	{"ARC-IND-13", "a header of another size", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) { t.Width *= 2 })
	})},
	{"ARC-IND-14", "pictures made to have one size", zips.InFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) { t.Sizes = t.Sizes[:min(1, len(t.Sizes))] })
	})},
	{"ARC-IND-14", "a new file for another size", zips.InFile(scenarios.Captures, "bob", zips.Divide(4*time.Second))},
	{"ARC-IND-16", "times that begin at 45 ms", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, zips.Shift(45*time.Millisecond, 0))
	})},
	{"ARC-IND-16", "times of arrival that drift", zips.InFile(scenarios.Captures, "dave", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			for i := range t.Frames {
				t.Frames[i].At += (t.Frames[i].At - t.Frames[0].At) / 30
			}
		})
	})},
	{"ARC-IND-17", "45 ms more from a mute on", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Video {
				zips.Shift(45*time.Millisecond, 3*time.Second)(t)
			}
		})
	})},
	{"ARC-IND-18", "black frames in a mute", zips.InFile(scenarios.Captures, "alice", zips.Filled)},
	{"ARC-IND-18", "a gap that is 45 ms too short", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Video {
				zips.Shift(-45*time.Millisecond, 3*time.Second)(t)
			}
		})
	})},
	{"ARC-IND-19", "AAC", zips.InFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Audio {
				t.Codec = "A_AAC"
			}
		})
	})},
	{"ARC-IND-22", "pictures that are 45 ms late", zips.InFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Video {
				zips.Shift(45*time.Millisecond, 0)(t)
			}
		})
	})},
	{"ARC-IND-23", "45 ms of delay before the first report", zips.InFile(scenarios.Captures, "carol", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			for i := range t.Frames {
				if t.Frames[i].At < time.Second {
					t.Frames[i].At += 45 * time.Millisecond
				}
			}
		})
	})},
	{"ARC-IND-23", "nothing before the first report", zips.InFile(scenarios.Captures, "carol", func(_ *individual.Report, e *individual.Entry) {
		zips.EachTrack(e, func(t *matroska.Track) {
			t.Frames = slices.DeleteFunc(t.Frames, func(f matroska.Frame) bool { return f.At < 1600*time.Millisecond })
		})
	})},
	{"ARC-IND-24", "black for who is only heard", zips.Both(scenarios.Kinds, "both.object.individual", "alice", "bob", func(from, to *individual.Entry) {
		video, _ := from.Media.Of(matroska.Video)
		to.Media.Tracks = append(to.Media.Tracks, video)
	})},
	{"ARC-IND-24", "leaves out a client that is only heard", zips.InLabel(scenarios.Kinds, "both.object.individual", "bob", zips.Lose(matroska.Audio))},
	{"ARC-IND-25", "pictures in an archive of sounds", zips.Both(scenarios.Kinds, "sounds.object.individual", "bob", "alice", func(from, to *individual.Entry) {
		t := from.Media.Tracks[0]
		t.Type = matroska.Video
		to.Media.Tracks = append(to.Media.Tracks, t)
	})},
	{"ARC-SEL-12", "goes on for 250 ms after a removal", tape.Earlier(scenarios.Chosen, "remove.alice", 250*time.Millisecond)},
	{"ARC-SEL-12", "a file of a stream that nobody chose", zips.Both(scenarios.Chosen, "object.individual", "bob", "dave", nil)},
	{"ARC-SEL-13", "a choice that never changes", zips.InFile(scenarios.Chosen, "bob", zips.Lose(matroska.Video))},
	{"ARC-SEL-13", "goes on for 300 ms with what is not chosen any more", tape.Earlier(scenarios.Chosen, "add.carol.heard", 300*time.Millisecond)},
	{"ARC-SIM-09", "a composed archive without its stream", tape.Film(scenarios.Chosen, "beside.object.media", tape.Without("small-07"))},
	{"ARC-SIM-09", "an individual archive with the stream of the other", zips.Both(scenarios.Chosen, "object.individual", "bob", "dave", nil)},
}

var manifestMutations = []Mutation{
	{"ARC-MAN-01", "a manifest that is no JSON", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		m := zips.Manifest(r)
		m.Members, m.Files = nil, nil
		m.Findings = append(m.Findings, individual.Finding{Kind: individual.Broken, Detail: "not JSON"})
	})},
	{"ARC-MAN-01", "createdAt as text", zips.Member("createdAt", func(v individual.Value) individual.Value { return `"` + v + `"` })},
	{"ARC-MAN-02", "another archive", zips.Member("id", zips.To(`"11111111-2222-4333-8444-555555555555"`))},
	{"ARC-MAN-03", "no application", zips.Member("partnerId", zips.To(`""`))},
	{"ARC-MAN-04", "the archive's id for that of the session", zips.Member("sessionId", zips.To(`"297b9c62-78b3-4152-9e98-7e167354c9e6"`))},
	{"ARC-MAN-05", "loses the name", zips.Member("name", zips.To(`""`))},
	{"ARC-MAN-06", "the call for the effective start", zips.MemberOf(scenarios.Interrupted, "createdAt", zips.More(-20_000))},
	{"ARC-MAN-06", "an effective start 2.3 s late", zips.Member("createdAt", zips.More(2300))},
	{"ARC-MAN-07", "a file that is not listed", zips.Spoil(scenarios.Captures, func(r *individual.Report) { m := zips.Manifest(r); m.Files = m.Files[1:] })},
	{"ARC-MAN-07", "a file that is not there", zips.Spoil(scenarios.Captures, func(r *individual.Report) {
		m := zips.Manifest(r)
		m.Files = append(m.Files, individual.Object{"filename": `"gone.webm"`})
	})},
	{"ARC-MAN-08", "two streams exchanged", zips.Both(scenarios.Captures, "object.individual", "alice", "bob", zips.Exchange)},
	{"ARC-MAN-08", "one picture of another stream", zips.Both(scenarios.Captures, "object.individual", "carol", "alice", zips.Lend(matroska.Video))},
	{"ARC-MAN-08", "one packet of another stream", zips.Both(scenarios.Captures, "object.individual", "carol", "alice", zips.Lend(matroska.Audio))},
	{"ARC-MAN-09", "a name without its ending", zips.FileMember("alice", "filename", func(v individual.Value) individual.Value {
		return individual.Value(strings.Replace(string(v), ".webm", "", 1))
	})},
	{"ARC-MAN-10", "one byte too few", zips.FileMember("alice", "size", zips.More(-1))},
	{"ARC-MAN-11", "begins 250 ms late", zips.FileMember("alice", "startTimeOffset", zips.More(250))},
	{"ARC-MAN-12", "ends 300 ms early", zips.FileMember("alice", "stopTimeOffset", zips.More(-300))},
	{"ARC-MAN-13", "loses quotes", zips.FileMember("alice", "connectionData", func(v individual.Value) individual.Value {
		return individual.Value(strings.ReplaceAll(string(v), `\"`, ""))
	})},
	{"ARC-MAN-13", "cuts the data of a connection", zips.FileMember("bob", "connectionData", func(v individual.Value) individual.Value { return v[:len(v)-2] + `"` })},
	{"ARC-MAN-14", "a camera for a screen", zips.FileMember("bob", "videoType", zips.To(`"camera"`))},
	{"ARC-MAN-14", "a kind of its own for a stream without video", zips.InLabel(scenarios.Kinds, "both.object.individual", "bob", zips.Told("videoType", zips.To(`"none"`)))},
	{"ARC-MAN-15", "2.3 s off after a pause", zips.FileMember("dave", "startTimeOffset", zips.More(2300))},
	{"ARC-MAN-16", "a stream 45 ms out of step", zips.FileMember("alice", "startTimeOffset", zips.More(45))},
}

// aroundMutations are about answers, callbacks and limits.
var aroundMutations = []Mutation{
	{"ARC-CB-15", "a resolution in a callback", tape.Hook(scenarios.Captures, "stopped", "resolution", "640x480")},
	{"ARC-CB-15", "a resolution of null in a callback", tape.Hook(scenarios.Captures, "stopped", "resolution", nil)},
	{"ARC-CB-15", "an empty resolution in a callback", tape.Hook(scenarios.Captures, "stopped", "resolution", "")},
	{"ARC-RES-11", "a resolution in an answer", tape.Set(scenarios.Captures, "get.delivered", "resolution", "640x480")},
	{"ARC-RES-11", "a resolution of null in an answer", tape.Set(scenarios.Captures, "get.delivered", "resolution", nil)},
	{"ARC-RES-11", "an empty resolution in an answer", tape.Set(scenarios.Captures, "get.delivered", "resolution", "")},
	{"ARC-START-23", "refuses without a word", tape.Answer(scenarios.Refusals, "start.individual-bitrate", 400, `{"message":"bad request","code":-1}`)},
	{"ARC-START-23", "fails for a setting of composed archives", tape.Answer(scenarios.Refusals, "start.individual-bitrate", 500, `{"message":"maxBitrate","code":-1}`)},
	{"ARC-START-23", "calls a setting of composed archives not implemented", tape.Answer(scenarios.Refusals, "start.individual-bitrate", 501, `{"message":"maxBitrate","code":-1}`)},
	{"ARC-LAY-15", "takes a layout for an individual archive", tape.Status(scenarios.Refusals, "start.individual-layout", 200)},
	{"ARC-LAY-16", "changes the layout of an individual archive", tape.Status(scenarios.Kinds, "layout", 200)},
	{"ARC-SEC-10", "fails on an individual archive of an application with a certificate", tape.Status(scenarios.Encryption, "individual.start", 500)},
	{"ARC-DUR-18", "counts anew after a pause", tape.Set(scenarios.IndividualFourHours, "get.after", "status", "started")},
	{"ARC-DUR-14", "counts the pause of an individual archive", tape.Set(scenarios.IndividualFourHours, "get.before", "status", "stopped")},
	{"ARC-DUR-03", "counts anew after a pause", tape.Set(scenarios.FourHours, "get.after", "status", "started")},
	{"ARC-DUR-14", "counts the pause", tape.Set(scenarios.FourHours, "get.before", "status", "stopped")},
	{"ARC-DUR-19", "goes on for more than twelve hours, individually", tape.Set(scenarios.IndividualTwelveHours, "get.after", "status", "paused")},
	{"ARC-DUR-20", "idles for more than an hour, individually", tape.Set(scenarios.IndividualIdle, "get.after", "status", "paused")},
	{"ARC-DUR-21", "waits for more than a minute, individually", tape.Set(scenarios.IndividualNobody, "get.after", "status", "started")},
}
