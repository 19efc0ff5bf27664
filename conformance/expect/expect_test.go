package expect

import (
	"fmt"
	"slices"
	"testing"

	"reelcheck/conformance/layout"
	"reelcheck/spec"
)

func play(t *testing.T) Timeline {
	t.Helper()
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Timeline{Ledger: l, Size: layout.Size{Width: 640, Height: 480}, Layout: spec.Layout{Type: "bestFit"}, Settle: 2, Obey: 1, Slack: 0.5, Short: 0.2}
}

func seen(a Phase) (out []string) {
	for _, p := range a.Picture.Places {
		out = append(out, p.Stream)
	}
	return out
}

func TestActsFollowStreamsLayoutsAndClasses(t *testing.T) {
	p := play(t)
	p.Tracks = []Track{
		{Stream: "a", Video: true, There: []Stretch{{0, 4}, {6, 20}}}, // muted in between
		{Stream: "a", There: []Stretch{{0, 20}}},
		{Stream: "b", Video: true, Classes: []string{"full"}, There: []Stretch{{2, 20}}},
	}
	p.Changes = []Change{
		{Stretch: Stretch{9, 10}, Layout: &spec.Layout{Type: "pip"}},
		{Stretch: Stretch{14, 15}, Stream: "b"},
	}
	want := []string{
		"0-2 bestFit [a]", "2-4 bestFit [b a]", "4-6 bestFit [b]", "6-10 bestFit [b a]", "10-15 pip [b a]", "15-20 pip [a]",
	}
	var got []string
	for _, a := range p.Phases() {
		got = append(got, fmt.Sprintf("%g-%g %s %v", a.From, a.To, a.Layout.Type, seen(a)))
		if !slices.Equal(a.Heard, []int{1}) {
			t.Errorf("at %g heard %v", a.From, a.Heard)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	due := p.Due()
	if fmt.Sprint(due) != "[[{0 4} {6 20}] [{0 20}] [{2 15}]]" {
		t.Errorf("due %v", due)
	}
	got = nil
	for _, a := range p.Settled() {
		got = append(got, fmt.Sprintf("%g-%g", a.From, a.To))
	}
	if !slices.Equal(got, []string{"8-8.5", "11-13.5", "16-19.5"}) {
		t.Errorf("phases %v", got)
	}
}

func TestOneMoreThanAnArchiveHolds(t *testing.T) {
	p := play(t)
	for i := range MostHeard(p.Ledger) + 1 {
		id := fmt.Sprint(i)
		there := []Stretch{{0, 10}}
		if i == 3 {
			there[0].To = 5
		}
		p.Tracks = append(p.Tracks, Track{Stream: id, There: there})
		if i <= layout.Most(p.Ledger) {
			p.Tracks = append(p.Tracks, Track{Stream: id, Video: true, There: there})
		}
	}
	phases := p.Phases()
	if len(phases) != 2 || len(phases[0].Heard) != MostHeard(p.Ledger) || len(phases[0].Unheard) != 1 || len(phases[1].Unheard) != 0 {
		t.Fatalf("phases %+v", phases)
	}
	if slices.Contains(seen(phases[0]), "16") || !slices.Contains(seen(phases[1]), "16") {
		t.Errorf("seen %v, then %v", seen(phases[0]), seen(phases[1]))
	}
}

func TestWithout(t *testing.T) {
	got := Without(Stretch{0, 10}, []Stretch{{8, 12}, {2, 3}, {2.5, 4}, {20, 30}})
	if fmt.Sprint(got) != "[{0 2} {4 8}]" {
		t.Errorf("%v", got)
	}
}

// TestWhoWasLeftOutIsNotDemanded has one stream and one sound too many at first.
func TestWhoWasLeftOutIsNotDemanded(t *testing.T) {
	p := play(t)
	for n := range MostHeard(p.Ledger) + 1 {
		end := 20.0
		if n == 0 {
			end = 10
		}
		p.Tracks = append(p.Tracks, Track{Stream: fmt.Sprint(n), There: []Stretch{{0, end}}})
		if n <= layout.Most(p.Ledger) {
			p.Tracks = append(p.Tracks, Track{Stream: fmt.Sprint(n), Video: true, There: []Stretch{{0, end}}})
		}
	}
	phases := p.Phases()
	if len(phases) != 2 || len(phases[0].Freed)+len(phases[0].FreedSounds) > 0 {
		t.Fatalf("%d phases, the first with %v", len(phases), phases[0].Freed)
	}
	if got := fmt.Sprint(phases[1].Freed, len(phases[1].FreedSounds)); got != "[16] 1" {
		t.Errorf("freed %s", got)
	}
	for i, track := range p.Tracks {
		last := track.Stream == "16" && track.Video || track.Stream == "50" && !track.Video
		if track.Stream != "0" && p.Demanded(i, Stretch{10, 20}) == last {
			t.Errorf("stream %s, video %v: demanded %v", track.Stream, track.Video, !last)
		}
	}
}
