package mutants

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
)

// individualMutations are about the ZIPs of individual archives, and what else there is to know of these.
var individualMutations = slices.Concat(zipMutations, frameMutations, manifestMutations, aroundMutations)

var zipMutations = []Mutation{
	{"ARC-STOP-04", "no ZIP", zip(scenarios.Captures, func(r *individual.Report) {
		r.Entries, r.Findings = nil, []individual.Finding{{Kind: individual.Broken, Detail: "not a ZIP"}}
	})},
	{"ARC-IND-01", "a file beside the media", zip(scenarios.Captures, func(r *individual.Report) {
		r.Entries = append(r.Entries, individual.Entry{Name: "README.txt", Method: "stored"})
	})},
	{"ARC-IND-01", "two manifests", zip(scenarios.Captures, func(r *individual.Report) {
		r.Entries = append(r.Entries, individual.Entry{Name: "files.json", Manifest: &individual.Manifest{}})
	})},
	{"ARC-IND-01", "a wrong checksum", zip(scenarios.Captures, func(r *individual.Report) {
		r.Entries[0].Findings = append(r.Entries[0].Findings, individual.Finding{Kind: individual.Checksum, Detail: "another CRC"})
	})},
	{"ARC-IND-02", "composed in spite of the request", set(scenarios.Captures, "start", "outputMode", "composed")},
	{"ARC-IND-05", "a file named by its client", inFile(scenarios.Captures, "alice", rename(func(string) string { return "alice.webm" }))},
	{"ARC-IND-07", "segments numbered backwards", segments(scenarios.Interrupted, "alice", func(r *individual.Report, first, second *individual.Entry) {
		a, b := first.Name, second.Name
		rename(func(string) string { return "x" })(r, first)
		rename(func(string) string { return a })(r, second)
		rename(func(string) string { return b })(r, first)
	})},
	{"ARC-IND-08", "Matroska for VP8", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) { e.Media.DocType = "matroska" })},
	{"ARC-IND-08", "the wrong ending for VP8", inFile(scenarios.Captures, "alice", rename(ending(".webm", ".mkv")))},
	{"ARC-IND-08", "a file that is cut off", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		e.Media.Findings = append(e.Media.Findings, matroska.Finding{Kind: matroska.Truncated, Detail: "the file ends"})
	})},
	{"ARC-IND-09", "WebM for H.264", inFile(scenarios.Matroska, "alice", rename(ending(".mkv", ".webm")))},
	{"ARC-IND-10", "Matroska for VP9", inLabel(scenarios.Kinds, "both.object.individual", "dave", rename(ending(".webm", ".mkv")))},
	{"ARC-IND-20", "another key", stored(scenarios.Captures, "object", func(o *evidence.Object) { o.Key = strings.Replace(o.Key, "archive.zip", "archive.mp4", 1) })},
	{"ARC-IND-28", "no manifest where nobody published", zip(scenarios.IndividualNobody, func(r *individual.Report) { r.Entries = nil })},
	{"ARC-IND-28", "a size of its own where nobody published", set(scenarios.IndividualNobody, "wait.delivered", "size", 4711)},
}

var frameMutations = []Mutation{
	{"ARC-IND-03", "records 49 streams with video", inFile(scenarios.Crowd, "client-30", lose(matroska.Video))},
	{"ARC-IND-26", "records 49 streams with audio", inFile(scenarios.Crowd, "client-31", lose(matroska.Audio))},
	{"ARC-IND-27", "records one stream too many for a second", earlier(scenarios.Crowd, "unpublish.client-02", -1400*time.Millisecond)},
	{"ARC-IND-27", "takes two that wait for one that leaves", behind("client-51", true)},
	{"ARC-IND-27", "loses a stream when others come", inFile(scenarios.Crowd, "client-12", upTo(1500*time.Millisecond))},
	{"ARC-IND-04", "no file of a stream", zip(scenarios.Captures, func(r *individual.Report) {
		r.Entries = slices.DeleteFunc(r.Entries, func(e individual.Entry) bool { return e.Media != nil })
	})},
	{"ARC-IND-04", "loses the last second", inFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			last := t.Frames[len(t.Frames)-1].At
			t.Frames = slices.DeleteFunc(t.Frames, func(f matroska.Frame) bool { return f.At > last-time.Second })
		})
	})},
	{"ARC-IND-04", "loses the first 120 ms of a sound", inFile(scenarios.Captures, "carol", late(matroska.Audio, 120*time.Millisecond))},
	{"ARC-IND-04", "waits for the second key frame", inFile(scenarios.Captures, "bob", late(matroska.Video, 1150*time.Millisecond))},
	{"ARC-IND-04", "waits for a key frame of who begins with one", inFile(scenarios.Captures, "carol", late(matroska.Video, 120*time.Millisecond))},
	{"ARC-SEL-12", "takes 120 ms to hear who was chosen", inFile(scenarios.Chosen, "alice", late(matroska.Audio, 120*time.Millisecond))},
	{"ARC-IND-06", "one file for both segments", segments(scenarios.Interrupted, "alice", join)},
	{"ARC-IND-29", "one file for two times", segments(scenarios.Chosen, "alice", join)},
	{"ARC-IND-31", "two codecs in one file", segments(scenarios.Interrupted, "carol", join)},
	{"ARC-IND-30", "a new file after a mute", inFile(scenarios.Captures, "alice", divide(4*time.Second))},
	{"ARC-IND-11", "one frame that is not as it was sent", inFile(scenarios.Captures, "bob", frame(matroska.Video, 20, func(f *matroska.Frame) { f.Sum = "0123456789abcdef" }))},
	{"ARC-IND-11", "loses one frame", inFile(scenarios.Captures, "bob", frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame { return slices.Delete(all, 20, 21) }))},
	{"ARC-IND-11", "loses one packet of sound", inFile(scenarios.Captures, "bob", frames(matroska.Audio, func(all []matroska.Frame) []matroska.Frame { return slices.Delete(all, 60, 61) }))},
	{"ARC-IND-11", "writes one frame twice", inFile(scenarios.Captures, "bob", frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame { return slices.Insert(all, 20, all[20]) }))},
	{"ARC-IND-11", "two frames in the wrong order", inFile(scenarios.Captures, "bob", frames(matroska.Video, func(all []matroska.Frame) []matroska.Frame {
		all[20], all[21] = all[21], all[20]
		return all
	}))},
	{"ARC-IND-13", "a header of another size", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) { t.Width *= 2 })
	})},
	{"ARC-IND-14", "pictures made to have one size", inFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) { t.Sizes = t.Sizes[:min(1, len(t.Sizes))] })
	})},
	{"ARC-IND-14", "a new file for another size", inFile(scenarios.Captures, "bob", divide(4*time.Second))},
	{"ARC-IND-16", "times that begin at 45 ms", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, shift(45*time.Millisecond, 0))
	})},
	{"ARC-IND-16", "times of arrival that drift", inFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			for i := range t.Frames {
				t.Frames[i].At += t.Frames[i].At / 80
			}
		})
	})},
	{"ARC-IND-17", "45 ms more from a mute on", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Video {
				shift(45*time.Millisecond, 3*time.Second)(t)
			}
		})
	})},
	{"ARC-IND-18", "black frames in a mute", inFile(scenarios.Captures, "alice", filled)},
	{"ARC-IND-18", "a gap that is 45 ms too short", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Video {
				shift(-45*time.Millisecond, 3*time.Second)(t)
			}
		})
	})},
	{"ARC-IND-19", "AAC", inFile(scenarios.Captures, "alice", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Audio {
				t.Codec = "A_AAC"
			}
		})
	})},
	{"ARC-IND-22", "pictures that are 45 ms late", inFile(scenarios.Captures, "bob", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			if t.Type == matroska.Video {
				shift(45*time.Millisecond, 0)(t)
			}
		})
	})},
	{"ARC-IND-23", "45 ms of delay before the first report", inFile(scenarios.Captures, "carol", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			for i := range t.Frames {
				if t.Frames[i].At < time.Second {
					t.Frames[i].At += 45 * time.Millisecond
				}
			}
		})
	})},
	{"ARC-IND-23", "nothing before the first report", inFile(scenarios.Captures, "carol", func(_ *individual.Report, e *individual.Entry) {
		eachTrack(e, func(t *matroska.Track) {
			t.Frames = slices.DeleteFunc(t.Frames, func(f matroska.Frame) bool { return f.At < 1600*time.Millisecond })
		})
	})},
	{"ARC-IND-24", "black for who is only heard", both(scenarios.Kinds, "both.object.individual", "alice", "bob", func(from, to *individual.Entry) {
		video, _ := from.Media.Of(matroska.Video)
		to.Media.Tracks = append(to.Media.Tracks, video)
	})},
	{"ARC-IND-24", "nothing of who is only heard", inLabel(scenarios.Kinds, "both.object.individual", "bob", lose(matroska.Audio))},
	{"ARC-IND-25", "pictures in an archive of sounds", both(scenarios.Kinds, "sounds.object.individual", "bob", "alice", func(from, to *individual.Entry) {
		t := from.Media.Tracks[0]
		t.Type = matroska.Video
		to.Media.Tracks = append(to.Media.Tracks, t)
	})},
	{"ARC-SEL-12", "goes on for 250 ms after a removal", earlier(scenarios.Chosen, "remove.alice", 250*time.Millisecond)},
	{"ARC-SEL-12", "a file of a stream that nobody chose", both(scenarios.Chosen, "object.individual", "bob", "dave", nil)},
	{"ARC-SEL-13", "a choice that never changes", inFile(scenarios.Chosen, "bob", lose(matroska.Video))},
	{"ARC-SEL-13", "goes on for 300 ms with what is not chosen any more", earlier(scenarios.Chosen, "add.carol.heard", 300*time.Millisecond)},
	{"ARC-SIM-09", "a composed archive without its stream", film(scenarios.Chosen, "beside.object.media", without("small-07"))},
	{"ARC-SIM-09", "an individual archive with the stream of the other", both(scenarios.Chosen, "object.individual", "bob", "dave", nil)},
}

var manifestMutations = []Mutation{
	{"ARC-MAN-01", "a manifest that is no JSON", zip(scenarios.Captures, func(r *individual.Report) {
		m := manifest(r)
		m.Members, m.Files = nil, nil
		m.Findings = append(m.Findings, individual.Finding{Kind: individual.Broken, Detail: "not JSON"})
	})},
	{"ARC-MAN-01", "createdAt as text", member("createdAt", func(v individual.Value) individual.Value { return `"` + v + `"` })},
	{"ARC-MAN-02", "another archive", member("id", to(`"11111111-2222-4333-8444-555555555555"`))},
	{"ARC-MAN-03", "no application", member("partnerId", to(`""`))},
	{"ARC-MAN-04", "the archive's id for that of the session", member("sessionId", to(`"297b9c62-78b3-4152-9e98-7e167354c9e6"`))},
	{"ARC-MAN-05", "loses the name", member("name", to(`""`))},
	{"ARC-MAN-06", "the call for the effective start", memberOf(scenarios.Interrupted, "createdAt", more(-20_000))},
	{"ARC-MAN-06", "an effective start 2.3 s late", member("createdAt", more(2300))},
	{"ARC-MAN-07", "a file that is not listed", zip(scenarios.Captures, func(r *individual.Report) { m := manifest(r); m.Files = m.Files[1:] })},
	{"ARC-MAN-07", "a file that is not there", zip(scenarios.Captures, func(r *individual.Report) {
		m := manifest(r)
		m.Files = append(m.Files, individual.Object{"filename": `"gone.webm"`})
	})},
	{"ARC-MAN-08", "two streams exchanged", both(scenarios.Captures, "object.individual", "alice", "bob", exchange)},
	{"ARC-MAN-08", "one picture of another stream", both(scenarios.Captures, "object.individual", "carol", "alice", lend(matroska.Video))},
	{"ARC-MAN-08", "one packet of another stream", both(scenarios.Captures, "object.individual", "carol", "alice", lend(matroska.Audio))},
	{"ARC-MAN-09", "a name without its ending", fileMember("alice", "filename", func(v individual.Value) individual.Value {
		return individual.Value(strings.Replace(string(v), ".webm", "", 1))
	})},
	{"ARC-MAN-10", "one byte too few", fileMember("alice", "size", more(-1))},
	{"ARC-MAN-11", "begins 250 ms late", fileMember("alice", "startTimeOffset", more(250))},
	{"ARC-MAN-12", "ends 300 ms early", fileMember("alice", "stopTimeOffset", more(-300))},
	{"ARC-MAN-13", "loses quotes", fileMember("alice", "connectionData", func(v individual.Value) individual.Value {
		return individual.Value(strings.ReplaceAll(string(v), `\"`, ""))
	})},
	{"ARC-MAN-13", "cuts the data of a connection", fileMember("bob", "connectionData", func(v individual.Value) individual.Value { return v[:len(v)-2] + `"` })},
	{"ARC-MAN-14", "a camera for a screen", fileMember("bob", "videoType", to(`"camera"`))},
	{"ARC-MAN-14", "a kind of its own for a stream without video", inLabel(scenarios.Kinds, "both.object.individual", "bob", told("videoType", to(`"none"`)))},
	{"ARC-MAN-15", "2.3 s off after a pause", fileMember("dave", "startTimeOffset", more(2300))},
	{"ARC-MAN-16", "a stream 45 ms out of step", fileMember("alice", "startTimeOffset", more(45))},
}

// aroundMutations are about answers, callbacks and limits.
var aroundMutations = []Mutation{
	{"ARC-CB-15", "a resolution in a callback", hook(scenarios.Captures, "stopped", "resolution", "640x480")},
	{"ARC-CB-15", "a resolution of null in a callback", hook(scenarios.Captures, "stopped", "resolution", nil)},
	{"ARC-CB-15", "an empty resolution in a callback", hook(scenarios.Captures, "stopped", "resolution", "")},
	{"ARC-RES-11", "a resolution in an answer", set(scenarios.Captures, "get.delivered", "resolution", "640x480")},
	{"ARC-RES-11", "a resolution of null in an answer", set(scenarios.Captures, "get.delivered", "resolution", nil)},
	{"ARC-RES-11", "an empty resolution in an answer", set(scenarios.Captures, "get.delivered", "resolution", "")},
	{"ARC-START-23", "refuses without a word", answer(scenarios.Refusals, "start.individual-bitrate", 400, `{"message":"bad request","code":-1}`)},
	{"ARC-START-23", "fails for a setting of composed archives", answer(scenarios.Refusals, "start.individual-bitrate", 500, `{"message":"maxBitrate","code":-1}`)},
	{"ARC-START-23", "calls a setting of composed archives not implemented", answer(scenarios.Refusals, "start.individual-bitrate", 501, `{"message":"maxBitrate","code":-1}`)},
	{"ARC-LAY-15", "takes a layout for an individual archive", status(scenarios.Refusals, "start.individual-layout", 200)},
	{"ARC-LAY-16", "changes the layout of an individual archive", status(scenarios.Kinds, "layout", 200)},
	{"ARC-SEC-10", "fails on an individual archive of who has a certificate", status(scenarios.Encryption, "individual.start", 500)},
	{"ARC-DUR-18", "counts anew after a pause", set(scenarios.IndividualFourHours, "get.after", "status", "started")},
	{"ARC-DUR-18", "counts the pause", set(scenarios.IndividualFourHours, "get.before", "status", "stopped")},
	{"ARC-DUR-03", "counts anew after a pause", set(scenarios.FourHours, "get.after", "status", "started")},
	{"ARC-DUR-03", "counts the pause", set(scenarios.FourHours, "get.before", "status", "stopped")},
	{"ARC-DUR-19", "goes on for more than twelve hours, individually", set(scenarios.IndividualTwelveHours, "get.after", "status", "paused")},
	{"ARC-DUR-20", "idles for more than an hour, individually", set(scenarios.IndividualIdle, "get.after", "status", "paused")},
	{"ARC-DUR-21", "waits for more than a minute, individually", set(scenarios.IndividualNobody, "get.after", "status", "started")},
}

// zip changes what was found in the ZIP of a scenario's archive.
func zip(scenario string, spoil func(*individual.Report)) func(*Tape) {
	return zipOf(scenario, "object.individual", spoil)
}

func zipOf(scenario, label string, spoil func(*individual.Report)) func(*Tape) {
	return func(t *Tape) {
		r := t.where(scenario, label, func(r *evidence.Record) bool { return r.Individual != nil })
		if r == nil {
			return
		}
		var found individual.Report
		if err := json.Unmarshal(r.Individual.Report, &found); err != nil {
			t.Missed = append(t.Missed, err.Error())
			return
		}
		spoil(&found)
		text, err := json.Marshal(found)
		if err != nil {
			panic("mutants: internal error: " + err.Error())
		}
		r.Individual.Report = text
	}
}

// filesOfClient are the media files of a client's streams, in the order of their names.
func filesOfClient(t *Tape, r *individual.Report, scenario, client string) []*individual.Entry {
	var out []*individual.Entry
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Media == nil {
			continue
		}
		for _, record := range t.Records {
			p := record.Published
			if record.Scenario == scenario && p != nil && p.Client == client && strings.HasPrefix(e.Name, record.IDs[evidence.Stream]) {
				out = append(out, e)
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b *individual.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// edit of a file of the ZIP.
type edit func(*individual.Report, *individual.Entry)

func inFile(scenario, client string, spoil edit) func(*Tape) {
	return inLabel(scenario, "object.individual", client, spoil)
}

// inLabel changes the first file of a client.
func inLabel(scenario, label, client string, spoil edit) func(*Tape) {
	return func(t *Tape) {
		zipOf(scenario, label, func(r *individual.Report) {
			files := filesOfClient(t, r, scenario, client)
			if len(files) == 0 {
				t.Missed = append(t.Missed, scenario+" file of "+client)
				return
			}
			spoil(r, files[0])
		})(t)
	}
}

// segments changes the two files of a client.
func segments(scenario, client string, spoil func(r *individual.Report, first, second *individual.Entry)) func(*Tape) {
	return func(t *Tape) {
		zip(scenario, func(r *individual.Report) {
			files := filesOfClient(t, r, scenario, client)
			if len(files) != 2 {
				t.Missed = append(t.Missed, fmt.Sprintf("%s: %d files of %s", scenario, len(files), client))
				return
			}
			spoil(r, files[0], files[1])
		})(t)
	}
}

// both changes the file of one client with that of another. Without a change, the second has none and gets a copy of the first.
func both(scenario, label, one, other string, spoil func(from, to *individual.Entry)) func(*Tape) {
	return func(t *Tape) {
		zipOf(scenario, label, func(r *individual.Report) {
			from, into := filesOfClient(t, r, scenario, one), filesOfClient(t, r, scenario, other)
			switch {
			case len(from) == 0 || spoil != nil && len(into) == 0:
				t.Missed = append(t.Missed, scenario+" files of "+one+" and "+other)
			case spoil != nil:
				spoil(from[0], into[0])
			default:
				stray := *from[0]
				stray.Name = t.streamOf(scenario, other) + ".webm"
				r.Entries = append(r.Entries, stray)
			}
		})(t)
	}
}

func (t *Tape) streamOf(scenario, client string) string {
	for _, r := range t.Records {
		if r.Scenario == scenario && r.Published != nil && r.Published.Client == client {
			return r.IDs[evidence.Stream]
		}
	}
	t.Missed = append(t.Missed, scenario+" stream of "+client)
	return ""
}

// earlier moves a request to an earlier time, so that what was recorded goes on after it; or to a later one, so that it was
// recorded before.
func earlier(scenario, label string, by time.Duration) func(*Tape) {
	return func(t *Tape) {
		if r := t.where(scenario, label, isExchange); r != nil {
			r.Exchange.Started = r.Exchange.Started.Add(-by - r.Exchange.Duration)
		}
	}
}
