package check

import "fmt"

// What maxBitrate and quantizationParameter do to the file.
var rateChecks = []Check{
	{"ARC-RATE-03", in(rates), qpAsGiven},
	{"ARC-RATE-05", in(rates), qpAndSize},
	{"ARC-RATE-09", in(rates), bitrateLeavesAudio},
}

func qpAsGiven(c *Case) {
	lower := int(c.number("tolerance.intra-qp"))
	for _, x := range c.exhibits() {
		want, given := x.request.whole("quantizationParameter")
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
		c.want(ok && x.Video.Slices > 0, fmt.Sprintf("QP %d in every slice, intra slices down to %d", qp, qp-lower),
			fmt.Sprintf("intra %v, inter %v", x.Video.QP.Intra, x.Video.QP.Inter), x.r)
	}
}

// qpAndSize compares archives of the same fixture by what a second of them takes.
func qpAndSize(c *Case) {
	all := c.exhibits()
	for _, x := range all {
		for _, y := range all {
			low, okLow := x.request.whole("quantizationParameter")
			high, okHigh := y.request.whole("quantizationParameter")
			if !okLow || !okHigh || low >= high || x.scenario != y.scenario || x.Video == nil || y.Video == nil {
				continue
			}
			c.want(x.Video.Bitrate > y.Video.Bitrate, fmt.Sprintf("more bits at QP %d than at %d", low, high),
				fmt.Sprintf("%d and %d bit/s", x.Video.Bitrate, y.Video.Bitrate), x.r, y.r)
		}
	}
}

// bitrateLeavesAudio compares the audio with that of an archive without maxBitrate.
func bitrateLeavesAudio(c *Case) {
	all := c.exhibits()
	for _, x := range all {
		if _, given := x.request.whole("maxBitrate"); !given || x.Audio == nil {
			continue
		}
		for _, y := range all {
			if _, given := y.request.whole("maxBitrate"); given || y.scenario != x.scenario || y.Audio == nil {
				continue
			}
			same := x.Audio.SampleRate == y.Audio.SampleRate && x.Audio.Channels == y.Audio.Channels && x.Audio.DeclaredBitrate == y.Audio.DeclaredBitrate
			c.want(same, fmt.Sprintf("audio as without maxBitrate: %d Hz, %d channels, %d bit/s", y.Audio.SampleRate, y.Audio.Channels, y.Audio.DeclaredBitrate),
				fmt.Sprintf("%d Hz, %d channels, %d bit/s", x.Audio.SampleRate, x.Audio.Channels, x.Audio.DeclaredBitrate), x.r, y.r)
		}
	}
}
