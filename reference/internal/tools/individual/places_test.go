package individual

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reelcheck/reference/internal/timeline"
)

// TestClients checks which streams belong to one client, by the tag of their files or by connection data that no two cameras have at once.
func TestClients(t *testing.T) {
	type stream struct {
		tag, data, kind string
		from, to        int64
	}
	cases := map[string]struct {
		streams []stream
		want    []string // clients; a number stands for the stream itself
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
				if e.Kind == timeline.StreamAdded {
					got = append(got, e.Connection)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestOrderOfPublication checks that streams of this recorder get their places in the order of the manifest, and are seen when their files
// begin.
func TestOrderOfPublication(t *testing.T) {
	var m Manifest
	files, foreign := map[string]string{}, map[string]string{}
	for i, from := range []int64{1400, 0, 2000, 900} {
		id := fmt.Sprint(i)
		m.Files = append(m.Files, File{StreamID: id, Filename: id, StartTimeOffset: from, StopTimeOffset: 3000, VideoType: "camera"})
		files[id] = filmedBy("client "+id, block{0, key}, block{1000, delta})
		foreign[id] = filmed(block{0, key}, block{1000, delta})
	}
	came := func(files map[string]string) (list []string) {
		_, events, _ := filled(t, m, files)
		for _, e := range events {
			if e.Kind == timeline.StreamAdded || e.Kind == timeline.VideoResumed {
				_, stream, _ := strings.Cut(e.Stream, "-")
				list = append(list, fmt.Sprintf("%s %s %d", stream, e.Kind, e.At.Sub(begin).Milliseconds()))
			}
		}
		return list
	}
	want := []string{"0 streamAdded 0", "1 streamAdded 0", "2 streamAdded 900", "3 streamAdded 900", "0 videoResumed 1400", "2 videoResumed 2000"}
	if got := came(files); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	want = []string{"1 streamAdded 0", "3 streamAdded 900", "0 streamAdded 1400", "2 streamAdded 2000"}
	if got := came(foreign); !slices.Equal(got, want) {
		t.Errorf("of another recorder: %v, want %v", got, want)
	}
}
