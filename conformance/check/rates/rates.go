// Package rates judges bit rates and quantization: what files and answers show of maxBitrate and quantizationParameter.
// Requests that must be refused for them are judged in package lifecycle.
package rates

import (
	"fmt"
	"math"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/media"
)

// Checks are the checks of this package.
var Checks = []check.Check{
	check.New("ARC-RATE-01", defaultQP, scenarios.Pair, scenarios.Automatic, scenarios.FullHD),
	check.New("ARC-RATE-02", variableBitrate, scenarios.Pair),
	check.New("ARC-RATE-03", qpAsGiven, scenarios.Rates),
	check.New("ARC-RATE-05", qpAndSize, scenarios.Rates),
	check.New("ARC-RATE-06", bitrateKept, scenarios.Rates),
	check.New("ARC-RATE-08", bitrateConstant, scenarios.Rates),
	check.New("ARC-RATE-09", bitrateLeavesAudio, scenarios.Rates),
	check.New("ARC-RATE-13", ratesNamed, scenarios.Rates, scenarios.Simultaneous),
	check.New("ARC-RATE-14", check.Allowed("quantizationParameter"), scenarios.Rates),
}

// defaultQP allows key frames a quantization parameter that is lower by up to 3.
func defaultQP(c *check.Case) {
	qp, lower := int(c.Number("qp.default")), int(c.Number("tolerance.intra-qp"))
	for _, x := range c.Recordings() {
		_, rate := x.Request["maxBitrate"]
		_, own := x.Request["quantizationParameter"]
		if rate || own || x.Video == nil {
			continue
		}
		c.Want(c.Quantized(*x.Video, qp), fmt.Sprintf("QP %d in every slice, intra slices down to %d", qp, qp-lower),
			fmt.Sprintf("QP %d to %d, mean %.1f, intra %v, inter %v", x.Video.QP.Min, x.Video.QP.Max, x.Video.QP.Mean, x.Video.QP.Intra, x.Video.QP.Inter), x.R)
	}
}

// variableBitrate checks that some seconds take visibly more bits than others where the picture shows more streams at one time
// than at another. It ignores the last second, which is cut short.
func variableBitrate(c *check.Case) {
	seconds, more := int(c.Limit("tolerance.short.bitrate").Seconds()), 1+c.Share("bitrate.variation-percent.min")
	for _, x := range c.Recordings() {
		if _, rate := x.Request["maxBitrate"]; rate || x.Video == nil || len(x.Video.PerSecond) < seconds || !changes(x) {
			continue
		}
		whole := x.Video.PerSecond[:len(x.Video.PerSecond)-1]
		least, most := slices.Min(whole), slices.Max(whole)
		c.Want(float64(most) > more*float64(least), "a bitrate that varies with the content", fmt.Sprintf("%d to %d bit/s in every second", least, most), x.R)
	}
}

// changes reports whether the picture of a film shows more streams at one time than at another.
func changes(x content.Recording) bool {
	var shown []int
	for _, a := range x.Settled {
		if a.Known {
			shown = append(shown, len(a.Picture.Places))
		}
	}
	return len(slices.Compact(shown)) > 1
}

func qpAsGiven(c *check.Case) {
	lower := int(c.Number("tolerance.intra-qp"))
	for _, x := range c.Recordings() {
		want, given := x.Request.Whole("quantizationParameter")
		if !given || x.Video == nil {
			continue
		}
		qp := int(want)
		c.Want(c.Quantized(*x.Video, qp) && x.Video.Slices > 0, fmt.Sprintf("QP %d in every slice, intra slices down to %d", qp, qp-lower),
			fmt.Sprintf("intra %v, inter %v", x.Video.QP.Intra, x.Video.QP.Inter), x.R)
	}
}

// qpAndSize compares archives of the same fixture by the bytes that a second takes.
func qpAndSize(c *check.Case) {
	all := c.Recordings()
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

// bitrateLeavesAudio compares the audio with that of an archive without maxBitrate. The declared bit rate may be the
// mean of each file. What the same sounds take is measured, too.
func bitrateLeavesAudio(c *check.Case) {
	all := c.Recordings()
	for _, x := range all {
		if _, given := x.Request.Whole("maxBitrate"); !given || x.Audio == nil {
			continue
		}
		for _, y := range all {
			if _, given := y.Request.Whole("maxBitrate"); given || y.Scenario != x.Scenario || y.Audio == nil {
				continue
			}
			same := x.Audio.SampleRate == y.Audio.SampleRate && x.Audio.Channels == y.Audio.Channels &&
				math.Abs(float64(x.Audio.DeclaredBitrate-y.Audio.DeclaredBitrate)) <= c.Share("tolerance.audio-bitrate-change-percent")*float64(y.Audio.DeclaredBitrate)
			c.Want(same, fmt.Sprintf("audio as without maxBitrate: %d Hz, %d channels, %d bit/s", y.Audio.SampleRate, y.Audio.Channels, y.Audio.DeclaredBitrate),
				fmt.Sprintf("%d Hz, %d channels, %d bit/s", x.Audio.SampleRate, x.Audio.Channels, x.Audio.DeclaredBitrate), x.R, y.R)
			least := (1 - c.Share("tolerance.audio-bitrate-shared-percent")) * float64(y.Audio.Bitrate)
			c.Want(float64(x.Audio.Bitrate) >= least, fmt.Sprintf("at least %.0f bit/s of audio, of the %d without maxBitrate", least, y.Audio.Bitrate),
				fmt.Sprintf("%d bit/s", x.Audio.Bitrate), x.R, y.R)
		}
	}
}

// windows returns the bit rates of the video over every bitrate.window of whole seconds, without the last second, which
// is cut short.
func windows(c *check.Case, v media.Video) []float64 {
	n := int(c.Limit("bitrate.window").Seconds())
	var out []float64
	for i := 0; i+n < len(v.PerSecond); i++ {
		sum := 0
		for _, bits := range v.PerSecond[i : i+n] {
			sum += bits
		}
		out = append(out, float64(sum)/float64(n))
	}
	return out
}

// rated calls each with the files of archives with maxBitrate that last at least one window.
func rated(c *check.Case, each func(x content.Recording, asked float64, windows []float64)) {
	for _, x := range c.Recordings() {
		if asked, given := x.Request.Whole("maxBitrate"); given && x.Video != nil {
			if w := windows(c, *x.Video); len(w) > 0 {
				each(x, float64(asked), w)
			}
		}
	}
}

func bitrateKept(c *check.Case) {
	allow := 1 + c.Share("tolerance.bitrate-percent")
	rated(c, func(x content.Recording, asked float64, w []float64) {
		c.Want(slices.Max(w) <= asked*allow, fmt.Sprintf("at most %.0f bit/s in any %v", asked*allow, c.Limit("bitrate.window")), fmt.Sprintf("%.0f bit/s", slices.Max(w)), x.R)
	})
}

// bitrateConstant judges content that takes more than the rate when unlimited. Other content may have no use for the
// bits.
func bitrateConstant(c *check.Case) {
	allow := c.Share("tolerance.bitrate-percent")
	all := c.Recordings()
	rated(c, func(x content.Recording, asked float64, w []float64) {
		hard := slices.ContainsFunc(all, func(y content.Recording) bool {
			return y.Scenario == x.Scenario && y.Request["maxBitrate"] == nil && y.Request["quantizationParameter"] == nil && y.Video != nil &&
				float64(y.Video.Bitrate) > c.Share("bitrate.busy-percent.min")*asked
		})
		if !hard {
			return
		}
		least, most := slices.Min(w), slices.Max(w)
		c.Want(least >= asked*(1-allow) && most <= asked*(1+allow), fmt.Sprintf("%.0f bit/s, give or take %.0f %%, in any %v", asked, allow*100, c.Limit("bitrate.window")),
			fmt.Sprintf("%.0f to %.0f bit/s", least, most), x.R)
	})
}

func ratesNamed(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			for _, key := range []string{"maxBitrate", "quantizationParameter"} {
				want, given := h.Request[key]
				got, present := s.Object[key]
				switch {
				case given && !present && s.Via == evidence.ListArchives: // the service's lists leave them out
				case given:
					c.Want(present && jsonvalue.Same(got, want), fmt.Sprintf("%s %v", key, want), s.Show(key), s.At)
				default:
					c.Want(!present || got == nil, "no "+key, s.Show(key), s.At)
				}
			}
		}
	}
}
