// Package movie describes what is in a movie file that anybody may have made: its tracks, when their samples are presented, where they can be
// cut, and whether two files fit together. It is pure. Package mp4 reads such files and writes them.
package movie

import (
	"cmp"
	"io"
	"math"
	"slices"
	"sort"
	"time"

	"reelcheck/reference/internal/av"
)

// Sample is one coded sample and where it lies. Times are in ticks of the track's timescale.
type Sample struct {
	Offset   int64
	DTS      int64
	Size     uint32
	Duration uint32
	Shift    int32 // of the composition time against DTS
	Key      bool  // what the file calls a key sample
	IDR      bool  // a key sample of video after which nothing refers to anything before (ITU-T H.264 section 7.4.1.2.4)
}

// PTS is the sample's composition time.
func (s Sample) PTS() int64 { return s.DTS + int64(s.Shift) }

// Track is the video or the audio of a file. What is presented are the composition times from Start to End, from Delay on.
type Track struct {
	Timescale         uint32
	Samples           []Sample // in decoding order
	Start, End, Delay int64
	Picture           *Picture // of video
	Sound             *Sound   // of audio
	Entry             []byte   // sample description: a box as in the file
}

// Picture is what the description of a video track says.
type Picture struct {
	Sets          av.ParameterSets
	InBand        bool   // parameter sets may be among the samples
	Profile       uint32 // profile_idc
	Level         uint32 // level_idc
	Width, Height uint
	Chroma        byte // chroma_format_idc
	Depth         uint // bits of a luma sample
	FullRange     bool
	References    uint
	Aspect        [2]uint  // of a pixel
	Matrix        [9]int32 // how players turn the picture (ISO/IEC 14496-12 section 8.3.2)
}

// Shown returns the size with square pixels, before the picture is turned, in units of 1/65536 pixel.
func (p *Picture) Shown() (width, height uint32) {
	wide := uint64(p.Width) << 16 * uint64(p.Aspect[0]) / uint64(p.Aspect[1])
	return uint32(min(wide, math.MaxUint32)), uint32(p.Height << 16)
}

// Sound is what the description of an audio track says.
type Sound struct {
	Rate, Channels int
	Bitrate        int // bit/s, as far as the samples tell
}

// Movie is what a file has.
type Movie struct {
	Name         string      // of the file
	Data         io.ReaderAt // the file: samples lie in it
	Video, Audio *Track      // nil when the file has none
}

// Present is when a composition time is presented.
func (t *Track) Present(pts int64) int64 { return pts - t.Start + t.Delay }

// Ends is when the presentation of the track ends.
func (t *Track) Ends() int64 { return t.Present(t.End) }

// Seconds converts ticks.
func (t *Track) Seconds(ticks int64) float64 { return float64(ticks) / float64(t.Timescale) }

// Ticks converts seconds, to the nearest.
func (t *Track) Ticks(seconds float64) int64 {
	return int64(seconds*float64(t.Timescale)+float64(t.Timescale)*1e6+0.5) - int64(t.Timescale)*1e6
}

// Time converts ticks for people.
func (t *Track) Time(ticks int64) time.Duration {
	return time.Duration(t.Seconds(ticks) * float64(time.Second)).Round(time.Millisecond)
}

// Interval is the time from one sample to the next that is most common.
func (t *Track) Interval() int64 {
	count := map[uint32]int{}
	for _, s := range t.Samples {
		count[s.Duration]++
	}
	best := uint32(0)
	for d, n := range count {
		if n > count[best] || n == count[best] && d > best {
			best = d
		}
	}
	return int64(max(best, 1))
}

// CompositionOffset returns by how much the composition time of the track's first sample is later than its decoding time. Where nothing is
// reordered, it is the same for all.
func (t *Track) CompositionOffset() int64 {
	if len(t.Samples) == 0 {
		return 0
	}
	return int64(t.Samples[0].Shift)
}

// Reordered reports whether the order of decoding differs from that of presentation: the video has B-frames.
func (t *Track) Reordered() bool {
	return !slices.IsSortedFunc(t.Samples, func(a, b Sample) int { return cmp.Compare(a.PTS(), b.PTS()) })
}

// IDRBefore is the index of the last IDR picture that is presented at or before pts; 0 when there is none.
func (t *Track) IDRBefore(pts int64) int {
	for i := len(t.Samples) - 1; i > 0; i-- {
		if s := t.Samples[i]; s.IDR && s.PTS() <= pts {
			return i
		}
	}
	return 0
}

// SampleAt is the index of the first sample that is decoded at or after dts.
func (t *Track) SampleAt(dts int64) int {
	return sort.Search(len(t.Samples), func(i int) bool { return t.Samples[i].DTS >= dts })
}

// Clean reports for every number of samples, from 0 to all, whether those are presented before the others: where the
// track can be cut in two.
func (t *Track) Clean() []bool {
	n := len(t.Samples)
	clean := make([]bool, n+1)
	earliest := make([]int64, n+1) // of those from i on
	earliest[n] = 1<<63 - 1
	for i := n - 1; i >= 0; i-- {
		earliest[i] = min(earliest[i+1], t.Samples[i].PTS())
	}
	latest := int64(-1 << 63)
	for i := range clean {
		clean[i] = latest < earliest[i]
		if i < n {
			latest = max(latest, t.Samples[i].PTS())
		}
	}
	return clean
}
