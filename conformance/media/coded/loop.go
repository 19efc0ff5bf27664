package coded

import (
	"fmt"

	"reelcheck/fixtures"
)

// Loop holds the names of the units of a fixture: frames or packets, in order. The first unit follows the last.
type Loop struct {
	Fixture string
	Codec   string
	Sums    []string
	Units   []Picture // what the units say about themselves
	places  map[string][]int
}

// LoopOf returns the units of a video or a tone.
func LoopOf(m fixtures.Manifest, fixture string) (*Loop, error) {
	var data [][]byte
	l := &Loop{Fixture: fixture, places: map[string][]int{}}
	if v, err := m.Video(fixture); err == nil {
		frames, err := v.Frames()
		if err != nil {
			return nil, err
		}
		for _, f := range frames {
			data = append(data, f.Data)
		}
		l.Codec = v.Codec
	} else {
		t, err := m.Tone(fixture)
		if err != nil {
			return nil, err
		}
		packets, err := t.Packets()
		if err != nil {
			return nil, err
		}
		for _, p := range packets {
			data = append(data, p.Data)
		}
		l.Codec = t.Codec
	}
	for i, b := range data {
		u, ok := Look(l.Codec, b)
		if !ok {
			return nil, fmt.Errorf("fixture %s: unit %d is no %s", fixture, i, l.Codec)
		}
		sum := Sum(l.Codec, b)
		l.Sums, l.Units = append(l.Sums, sum), append(l.Units, u)
		l.places[sum] = append(l.places[sum], i)
	}
	return l, nil
}

// Sum returns the name of unit n, counted through all loops.
func (l *Loop) Sum(n int64) string { return l.Sums[int(n%int64(len(l.Sums)))] }

// Places returns the places in the loop of the units with a name. A picture has one; a steady tone is coded in the same
// way many times.
func (l *Loop) Places(sum string) []int { return l.places[sum] }
