package zips

import (
	"maps"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/mutants/tape"
)

// Behind adds a client that publishes like a waiting one, half a second later. If recorded, it has a file with the
// pictures of the waiting client.
func Behind(client string, recorded bool) func(*tape.Tape) {
	const another = "11111111-2222-4333-8444-000000000053"
	return func(t *tape.Tape) {
		stream := t.StreamOf(scenarios.Crowd, client)
		for _, r := range slices.Clone(t.Records) {
			if r.Scenario != scenarios.Crowd || r.Published == nil || r.IDs[evidence.Stream] != stream {
				continue
			}
			c := tape.Copied(r)
			c.IDs[evidence.Stream] = another
			c.Published.Client, c.Published.SSRC = "another", r.Published.SSRC+1
			c.Published.First = r.Published.First.Add(500 * time.Millisecond)
			t.Records = append(t.Records, c)
		}
		if !recorded {
			return
		}
		Spoil(scenarios.Crowd, func(r *individual.Report) {
			files := FilesOfClient(t, r, scenarios.Crowd, client)
			if len(files) == 0 {
				t.Missed = append(t.Missed, "file of "+client)
				return
			}
			e := *files[0]
			film := *e.Media
			film.Tracks = slices.DeleteFunc(slices.Clone(film.Tracks), func(t matroska.Track) bool { return t.Type == matroska.Audio })
			e.Name, e.Media = another+e.Ext(), &film
			o := maps.Clone(Listing(r, files[0]))
			o["filename"], o["streamId"] = individual.Value(`"`+e.Name+`"`), individual.Value(`"`+another+`"`)
			m := Manifest(r)
			m.Files = append(m.Files, o)
			r.Entries = append(r.Entries, e)
		})(t)
	}
}
