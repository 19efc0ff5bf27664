package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"reelcheck/conformance/media"
)

var composedChecks = []Check{
	{"ARC-START-04", in(pair), takesRecorded("")},
	{"ARC-COMP-01", in(pair), singleMP4},
	{"ARC-COMP-02", in(pair), h264Track},
	{"ARC-COMP-03", in(pair), aacTrack},
	{"ARC-COMP-04", in(pair), sampleRate},
	{"ARC-COMP-05", in(pair), audioBitrate},
	{"ARC-COMP-06", in(pair), monoAudio},
	{"ARC-COMP-07", in(pair), baseline},
	{"ARC-COMP-08", in(pair), frameRate},
	{"ARC-COMP-09", in(pair), colourFormat},
	{"ARC-COMP-10", in(pair), playable},
	{"ARC-COMP-11", in(pair), indexInFront},
	{"ARC-COMP-12", in(pair), takesRecorded("video")},
	{"ARC-COMP-13", in(pair), takesRecorded("audio")},
	{"ARC-COMP-14", in(pair), inStep},
	{"ARC-COMP-15", in(pair), fileLength},
	{"ARC-COMP-16", in(pair), blackStart},
	{"ARC-COMP-17", in(audioOnly), soundOnly},
	{"ARC-COMP-18", in(videoOnly), pictureOnly},
	{"ARC-COMP-19", in(noPublisher), emptyFile},
	{"ARC-COMP-23", in(pair), leavesPicture},
	{"ARC-COMP-24", in(pair), nothingLost},
	{"ARC-COMP-25", in(pair), keyDistance},
	{"ARC-COMP-26", in(codecs), publishersOf("VP9")},
	{"ARC-COMP-27", in(codecs), publishersOf("H264")},
	{"ARC-STAT-06", in(pause), pauseLeavesNothing},
	{"ARC-RATE-01", in(pair), defaultQP},
	{"ARC-RATE-02", in(pair), variableBitrate},
	{"ARC-SEL-01", in(pair), takesRecorded("")},
}

func singleMP4(c *Case) {
	judge(func(_ *Case, x exhibit) (string, string, bool) {
		videos, audios := 0, 0
		for _, t := range x.Tracks {
			switch t {
			case "vide":
				videos++
			case "soun":
				audios++
			}
		}
		return "one MP4 file with at most one video and one audio track", fileKind(x.r, x.file) + ", tracks " + strings.Join(x.Tracks, ", "),
			x.mp4() && videos <= 1 && audios <= 1
	})(c)
}

var h264Track = video(func(_ *Case, _ exhibit, v media.Video) (string, string, bool) {
	return "H.264 video (avc1)", v.Entry + " " + v.Codec, v.Entry == "avc1" || v.Entry == "avc3"
})

var aacTrack = audio(func(_ *Case, _ exhibit, a media.Audio) (string, string, bool) {
	return "AAC-LC audio (mp4a.40.2)", a.Entry + " " + a.Codec, a.Entry == "mp4a" && a.ObjectType == 2
})

var sampleRate = audio(func(c *Case, _ exhibit, a media.Audio) (string, string, bool) {
	want := int(c.number("audio.sample-rate"))
	return fmt.Sprintf("%d Hz", want), fmt.Sprintf("%d Hz", a.SampleRate), a.SampleRate == want
})

// audioBitrate: what the header declares within 5 %, what is measured at most 10 % above; silence needs no bits.
var audioBitrate = audio(func(c *Case, _ exhibit, a media.Audio) (string, string, bool) {
	want := float64(c.number("audio.bitrate"))
	declared := a.DeclaredBitrate == 0 || math.Abs(float64(a.DeclaredBitrate)-want) <= 0.05*want
	return fmt.Sprintf("%.0f bit/s", want), fmt.Sprintf("declared %d, measured %d bit/s", a.DeclaredBitrate, a.Bitrate),
		declared && float64(a.Bitrate) <= 1.1*want && (a.DeclaredBitrate != 0 || float64(a.Bitrate) >= 0.5*want)
})

var monoAudio = audio(func(c *Case, _ exhibit, a media.Audio) (string, string, bool) {
	return "one channel", fmt.Sprintf("%d channels", a.Channels), int64(a.Channels) == c.number("audio.channels")
})

// setOne is constraint_set1_flag, which makes Baseline, profile 66, Constrained Baseline.
const setOne = 0x4

var baseline = video(func(_ *Case, _ exhibit, v media.Video) (string, string, bool) {
	return "Constrained Baseline without B-frames or reordering",
		fmt.Sprintf("profile %d, constraints %#x, %d B-frames, reordered %v", v.Profile, v.Constraints, v.BFrames, v.Reordered),
		v.Profile == 66 && v.Constraints&setOne != 0 && v.BFrames == 0 && !v.Reordered
})

var frameRate = video(func(c *Case, _ exhibit, v media.Video) (string, string, bool) {
	want := float64(c.number("video.frame-rate"))
	frame := 1 / want
	return fmt.Sprintf("a constant %.0f frames per second", want),
		fmt.Sprintf("%.3f per second, frames of %.4f to %.4f s", v.FrameRate, v.ShortestFrame, v.LongestFrame),
		math.Abs(v.FrameRate-want) <= 0.01*want && v.ShortestFrame >= 0.99*frame && v.LongestFrame <= 1.01*frame
})

// 4:2:0 with 8 bits is all that profile 66 can hold; profiles from 100 on may hold more.
var colourFormat = video(func(_ *Case, _ exhibit, v media.Video) (string, string, bool) {
	return "8-bit 4:2:0, as in Baseline and Main profile", fmt.Sprintf("profile %d", v.Profile), v.Profile == 66 || v.Profile == 77 || v.Profile == 100
})

var playable = judge(func(_ *Case, x exhibit) (string, string, bool) {
	bad := slices.ContainsFunc(x.Findings, func(f media.Finding) bool {
		return f.Kind == media.Undecodable || f.Kind == media.FrameCount || f.Kind == media.Unsupported
	})
	frames := x.Picture == nil || x.Picture.Frames > 0
	return "a file that decodes from first to last frame", "decoder" + details(x.file), !bad && frames
})

var indexInFront = judge(func(_ *Case, x exhibit) (string, string, bool) {
	return "moov before mdat", fileKind(x.r, x.file), x.MoovFirst
})

var keyDistance = video(func(c *Case, _ exhibit, v media.Video) (string, string, bool) {
	most := float64(c.number("video.key-frame-distance.max"))
	actual := float64(v.KeyInterval) / math.Max(v.FrameRate, 1)
	return fmt.Sprintf("a key frame every %.0f s", most), fmt.Sprintf("up to %.1f s apart", actual), actual <= most+0.05
})

// defaultQP: key frames may be up to 3 better.
func defaultQP(c *Case) {
	qp, lower := int(c.number("qp.default")), int(c.number("tolerance.intra-qp"))
	for _, x := range c.exhibits() {
		_, rate := x.request["maxBitrate"]
		_, own := x.request["quantizationParameter"]
		if rate || own || x.Video == nil {
			continue
		}
		ok := x.Video.QP.Max == qp
		for q := range x.Video.QP.Intra {
			ok = ok && q <= qp && q >= qp-lower
		}
		for q := range x.Video.QP.Inter {
			ok = ok && q == qp
		}
		c.want(ok, fmt.Sprintf("QP %d in every slice, intra slices down to %d", qp, qp-lower),
			fmt.Sprintf("QP %d to %d, mean %.1f, intra %v, inter %v", x.Video.QP.Min, x.Video.QP.Max, x.Video.QP.Mean, x.Video.QP.Intra, x.Video.QP.Inter), x.r)
	}
}

// variableBitrate: seconds with a key frame or with more motion take visibly more; the last second is cut short.
func variableBitrate(c *Case) {
	for _, x := range c.exhibits() {
		if _, rate := x.request["maxBitrate"]; rate || x.Video == nil || len(x.Video.PerSecond) < 4 {
			continue
		}
		whole := x.Video.PerSecond[:len(x.Video.PerSecond)-1]
		least, most := slices.Min(whole), slices.Max(whole)
		c.want(float64(most) > 1.1*float64(least), "a bitrate that varies with the content", fmt.Sprintf("%d to %d bit/s in every second", least, most), x.r)
	}
}
func soundOnly(c *Case) {
	for _, x := range c.exhibits() {
		if x.request["hasVideo"] == false {
			c.want(x.Video == nil && !slices.Contains(x.Tracks, "vide"), "no video track", "tracks "+strings.Join(x.Tracks, ", "), x.r)
			c.want(x.Sound != nil && len(x.Sound.Tones) > 0, "the published sound", details(x.file)+" no tone found", x.r)
		}
	}
}

func pictureOnly(c *Case) {
	for _, x := range c.exhibits() {
		if x.request["hasAudio"] == false {
			silent := x.Sound == nil || len(x.Sound.Tones) == 0 && x.Sound.Peak < 0.001
			c.want(silent, "no audio track, or silence throughout", fmt.Sprintf("tracks %s with sound", strings.Join(x.Tracks, ", ")), x.r)
			c.want(x.Picture != nil && len(x.Picture.Appearances) > 0, "the published picture", "no stream recognised"+details(x.file), x.r)
		}
	}
}

// emptyFile judges archives that ended without anything published.
func emptyFile(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok || len(k.streams) > 0 && k.streams[0].from.Before(k.end) || h.request.text("outputMode") == "individual" {
			continue
		}
		for _, s := range h.delivered() {
			n, whole := s.whole("size")
			c.want(whole && n == 0, "size 0", s.show("size"), s.at)
		}
		for _, o := range h.objects {
			c.want(o.Object.Size == 0, "an object of 0 bytes, or none", fmt.Sprintf("%d bytes", o.Object.Size), o)
		}
	}
}
