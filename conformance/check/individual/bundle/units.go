package bundle

import (
	"math"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media/matroska"
)

// none stands for the unit of a frame that was not sent.
const none = content.Alien

// strangers returns the units of n frames that were not sent.
func strangers(n int) []int64 {
	units := make([]int64, n)
	for i := range units {
		units[i] = none
	}
	return units
}

// unitsKey names everything that the units of frames depend on.
type unitsKey struct {
	frames *matroska.Frame
	ssrc   uint32
	epoch  int64
	units  int
	begin  int64
}

// unitsOf returns which published unit each frame is. begin is about when the file's time zero was.
func unitsOf(c *check.Case, t matroska.Track, sent *evidence.Published, begin time.Time) []int64 {
	if len(t.Frames) == 0 {
		return nil
	}
	key := unitsKey{&t.Frames[0], sent.SSRC, sent.Epoch.UnixNano(), sent.Units, begin.UnixNano()}
	return facts.Keep(c.Facts, key, func() []int64 {
		loop, err := content.LoopOf(c.Facts, sent.Fixture)
		if err != nil {
			c.Unclear(err.Error())
			return strangers(len(t.Frames))
		}
		units := content.Units(loop, t.Frames, sent, begin)
		for i, n := range units {
			if n != none && !sent.Sent(n) {
				units[i] = none
			}
		}
		return units
	})
}

// unitAt returns the unit of a track that was due at a moment.
func unitAt(p *evidence.Published, at time.Time) int64 {
	return int64(math.Floor(at.Sub(p.Epoch).Seconds() * p.Rate))
}

// SentWithin returns the units that were captured, and left for the archive, within a stretch.
func SentWithin(p *evidence.Published, span facts.Span) []int64 {
	var out []int64
	for n := max(0, unitAt(p, span.From)); n <= unitAt(p, span.To); n++ {
		at := p.Captured(n)
		if p.Sent(n) && !at.Before(span.From) && !at.Add(p.Lag).After(span.To) {
			out = append(out, n)
		}
	}
	return out
}
