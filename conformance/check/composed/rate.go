package composed

import (
	"fmt"

	"reelcheck/conformance/check"
)

// What maxBitrate and quantizationParameter do to the file.
var RateChecks = []check.Check{
	check.New("ARC-RATE-03", check.In(check.Rates), qpAsGiven),
	check.New("ARC-RATE-05", check.In(check.Rates), qpAndSize),
	check.New("ARC-RATE-09", check.In(check.Rates), bitrateLeavesAudio),
}

func qpAsGiven(c *check.Case) {
	lower := int(c.Number("tolerance.intra-qp"))
	for _, x := range c.Exhibits() {
		want, given := x.Request.Whole("quantizationParameter")
		if !given || x.Video == nil {
			continue
		}
		qp, ok := int(want), true
		for q := range x.Video.QP.Intra {
			ok = ok && q <= qp && q >= qp-lower
		}
		for q := range x.Video.QP.Inter {
			ok = ok && q == qp
		}
		c.Want(ok && x.Video.Slices > 0, fmt.Sprintf("QP %d in every slice, intra slices down to %d", qp, qp-lower),
			fmt.Sprintf("intra %v, inter %v", x.Video.QP.Intra, x.Video.QP.Inter), x.R)
	}
}

// qpAndSize compares archives of the same fixture by what a second of them takes.
func qpAndSize(c *check.Case) {
	all := c.Exhibits()
	for _, x := range all {
		for _, y := range all {
			low, okLow := x.Request.Whole("quantizationParameter")
			high, okHigh := y.Request.Whole("quantizationParameter")
			if !okLow || !okHigh || low >= high || x.Scenario != y.Scenario || x.Video == nil || y.Video == nil {
				continue
			}
			c.Want(x.Video.Bitrate > y.Video.Bitrate, fmt.Sprintf("more bits at QP %d than at %d", low, high),
				fmt.Sprintf("%d and %d bit/s", x.Video.Bitrate, y.Video.Bitrate), x.R, y.R)
		}
	}
}

// bitrateLeavesAudio compares the audio with that of an archive without maxBitrate.
func bitrateLeavesAudio(c *check.Case) {
	all := c.Exhibits()
	for _, x := range all {
		if _, given := x.Request.Whole("maxBitrate"); !given || x.Audio == nil {
			continue
		}
		for _, y := range all {
			if _, given := y.Request.Whole("maxBitrate"); given || y.Scenario != x.Scenario || y.Audio == nil {
				continue
			}
			same := x.Audio.SampleRate == y.Audio.SampleRate && x.Audio.Channels == y.Audio.Channels && x.Audio.DeclaredBitrate == y.Audio.DeclaredBitrate
			c.Want(same, fmt.Sprintf("audio as without maxBitrate: %d Hz, %d channels, %d bit/s", y.Audio.SampleRate, y.Audio.Channels, y.Audio.DeclaredBitrate),
				fmt.Sprintf("%d Hz, %d channels, %d bit/s", x.Audio.SampleRate, x.Audio.Channels, x.Audio.DeclaredBitrate), x.R, y.R)
		}
	}
}
