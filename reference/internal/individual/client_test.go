package individual

import (
	"fmt"
	"slices"
	"testing"

	"reelcheck/reference/internal/journal"
)

// TestClients tells the streams of one client by the tag of their files, or by connection data that no two cameras have at once.
func TestClients(t *testing.T) {
	type stream struct {
		tag, data, kind string
		from, to        int64
	}
	cases := map[string]struct {
		streams []stream
		want    []string // clients; a number is the stream itself
	}{
		"tags":                    {[]stream{{"a", "", "camera", 0, 900}, {"b", "", "camera", 0, 900}, {"b", "", "screen", 0, 900}}, []string{"a", "b", "b"}},
		"tags before data":        {[]stream{{"a", "user", "camera", 0, 900}, {"b", "user", "screen", 0, 900}}, []string{"a", "b"}},
		"no data":                 {[]stream{{"", "", "camera", 0, 900}, {"", "", "screen", 0, 900}}, []string{"0", "1"}},
		"data of each":            {[]stream{{"", "x", "camera", 0, 900}, {"", "y", "camera", 0, 900}, {"", "y", "screen", 0, 900}}, []string{"x", "y", "y"}},
		"data of two, and of one": {[]stream{{"", "x", "camera", 0, 900}, {"", "x", "camera", 0, 900}, {"", "x", "screen", 0, 900}, {"", "y", "camera", 0, 900}}, []string{"0", "1", "2", "y"}},
		"camera after camera":     {[]stream{{"", "x", "camera", 0, 900}, {"", "x", "camera", 900, 1800}, {"", "x", "screen", 0, 900}}, []string{"x", "x", "x"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var m Manifest
			files := map[string]string{}
			for i, s := range c.streams {
				id := fmt.Sprint(i)
				m.Files = append(m.Files, File{StreamID: id, Filename: id, StartTimeOffset: s.from, StopTimeOffset: s.to, VideoType: s.kind, ConnectionData: s.data})
				files[id] = filmedBy(s.tag, block{0, key}, block{s.to - s.from, delta})
			}
			_, events, _ := filled(t, m, files)
			var got []string
			for _, e := range events {
				if e.Kind == journal.StreamAdded {
					got = append(got, e.Connection)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
