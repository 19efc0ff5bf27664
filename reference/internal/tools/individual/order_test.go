package individual

import (
	"slices"
	"testing"
	"time"
)

// TestArrange takes the times of blocks, in ms, in the order of the file. It checks the resulting decoding order, as indexes in the file, and
// the times of the pictures.
func TestArrange(t *testing.T) {
	for _, tt := range []struct {
		name   string
		turned bool
		file   []int
		order  []int
		times  []int
		at     []int // nil = same as times
	}{
		{name: "in order", file: []int{0, 33, 66, 100}, order: []int{0, 1, 2, 3}, times: []int{0, 33, 66, 100}},
		{name: "nothing"},
		{name: "one late", file: []int{0, 33, 99, 66, 132, 166}, order: []int{0, 1, 3, 2, 4, 5}, times: []int{0, 33, 66, 99, 132, 166}},
		{name: "two late", file: []int{0, 33, 133, 66, 100, 166, 200}, order: []int{0, 1, 3, 4, 2, 5, 6}, times: []int{0, 33, 66, 100, 133, 166, 200}},
		{name: "two late, the later first", file: []int{0, 33, 133, 100, 66, 166, 200}, order: []int{0, 1, 4, 3, 2, 5, 6}, times: []int{0, 33, 66, 100, 133, 166, 200}},
		{name: "the first late", file: []int{33, 0, 66, 100}, order: []int{1, 0, 2, 3}, times: []int{0, 33, 66, 100}},
		{name: "clock set back a little", file: []int{0, 33, 66, 100, 83, 116, 150}, order: []int{0, 1, 2, 3, 4, 5, 6}, times: []int{0, 33, 66, 100, 100, 116, 150}},
		{name: "clock set back a lot", file: []int{0, 33, 66, 100, 20, 53, 86, 120}, order: []int{0, 1, 2, 3, 4, 5, 6, 7}, times: []int{0, 33, 66, 100, 100, 100, 100, 120}},
		{name: "same time", file: []int{0, 33, 33, 66}, order: []int{0, 1, 2, 3}, times: []int{0, 33, 33, 66}},
		{name: "B slices", turned: true, file: []int{0, 133, 66, 33, 100, 266, 200}, order: []int{0, 1, 2, 3, 4, 5, 6}, times: []int{0, 133, 66, 33, 100, 266, 200},
			at: []int{0, 33, 33, 33, 100, 200, 200}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var list []entry
			for i, ms := range tt.file {
				list = append(list, entry{time: time.Duration(ms) * time.Millisecond, offset: int64(i), turned: tt.turned && i == 2})
			}
			arrange(list)
			var order, times, at []int
			for _, e := range list {
				order = append(order, int(e.offset))
				times = append(times, int(e.time/time.Millisecond))
				at = append(at, int(e.at/time.Millisecond))
			}
			if tt.at == nil {
				tt.at = tt.times
			}
			if !slices.Equal(order, tt.order) || !slices.Equal(times, tt.times) || !slices.Equal(at, tt.at) {
				t.Errorf("order %v, times %v, at %v, want %v, %v, %v", order, times, at, tt.order, tt.times, tt.at)
			}
		})
	}
}

// TestPicturesAtOneTime checks that pictures with the same time get different times, because decoders sort pictures by time.
func TestPicturesAtOneTime(t *testing.T) {
	list := []entry{{turned: true}, {time: time.Second}, {time: time.Second}, {time: time.Second + apart/2}}
	arrange(list)
	if list[1].time != time.Second || list[2].time != time.Second+apart || list[3].time != time.Second+2*apart {
		t.Errorf("%+v", list)
	}
}
