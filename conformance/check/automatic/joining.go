package automatic

import (
	"fmt"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
)

// joinable compares the files of a session's consecutive archives in everything that the joining tool needs to be equal.
func joinable(c *check.Case) {
	for _, s := range archived(c) {
		var files []evidence.Record
		for _, h := range c.Chain(s.ID) {
			n := len(h.Media)
			if n == 0 || recordedNothing(c, s, h) {
				continue
			}
			f, _ := c.File(h.Media[n-1])
			if _, known := course.Of(c.Facts, h); known || f.Size > 0 { // ARC-AUTO-03: nothing may have been recorded
				files = append(files, h.Media[n-1])
			}
		}
		for i := 1; i < len(files); i++ {
			before, okBefore := c.File(files[i-1])
			after, okAfter := c.File(files[i])
			plain := okBefore && okAfter && before.Video != nil && before.Video.Entry == "avc1" && before.Video.BFrames == 0 &&
				before.Audio != nil && before.Audio.ObjectType == 2
			c.Want(plain, "H.264 without B-frames and AAC-LC", kindOf(before)+content.Details(before), files[i-1])
			c.Want(kindOf(after) == kindOf(before), kindOf(before), kindOf(after), files[i-1], files[i])
		}
	}
}

// kindOf returns a text of what two files must have in common to be joined.
func kindOf(f content.File) string {
	if f.Video == nil || f.Audio == nil {
		return "not both picture and sound"
	}
	v, a := f.Video, f.Audio
	return fmt.Sprintf("%s %dx%d, chroma format %d, %d bits, %.3f per second, timescale %d; %s, %d Hz, %d channels, timescale %d",
		v.Codec, v.CodedWidth, v.CodedHeight, v.ChromaFormat, v.BitDepth, 1/v.LongestFrame, v.Timescale, a.Codec, a.SampleRate, a.Channels, a.Timescale)
}
