package individual

import (
	"cmp"
	"slices"
	"time"
)

const (
	// apart is the least difference in time between two pictures of a stream with B slices.
	apart = 100 * time.Microsecond
	// latest is how much later than its place in decoding order a block may have been written.
	latest = 2 * time.Second
)

// arrange sorts the blocks of one kind from the order of the file into decoding order, and gives them times.
//
// The order of the file is the decoding order unless blocks were written as they arrived. A block with an earlier time was written late only if
// it fits into a gap; a clock that is set back leaves no gap. With B slices, times decrease because pictures are shown in another order.
func arrange(list []entry) {
	if slices.ContainsFunc(list, func(e entry) bool { return e.turned }) {
		turn(list)
		return
	}
	step := usual(list)
	for i := 1; i < len(list); i++ {
		e, j := list[i], i
		for j > 0 && list[j-1].time > e.time && list[j-1].time-e.time <= latest {
			j--
		}
		if j == i || list[j].time-e.time < step*6/10 || j > 0 && (list[j-1].time > e.time || e.time-list[j-1].time < step*6/10) {
			continue
		}
		copy(list[j+1:i+1], list[j:i])
		list[j] = e
	}
	for i := range list {
		if i > 0 {
			list[i].time = max(list[i].time, list[i-1].time)
		}
		list[i].at = list[i].time
	}
}

// usual returns the median of the time between two blocks.
func usual(list []entry) time.Duration {
	const most = 10_000
	var steps []time.Duration
	for i := 1; i < min(len(list), most); i++ {
		if d := list[i].time - list[i-1].time; d > 0 {
			steps = append(steps, d)
		}
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return steps[(len(steps)-1)/2]
}

// turn keeps the order. It makes the times of pictures different, because decoders sort pictures by them.
func turn(list []entry) {
	order := make([]int32, len(list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(list[a].time, list[b].time) })
	for i, n := range order {
		if i > 0 {
			list[n].time = max(list[n].time, list[order[i-1]].time+apart)
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].at = list[i].time; i+1 < len(list) {
			list[i].at = min(list[i].at, list[i+1].at)
		}
	}
}
