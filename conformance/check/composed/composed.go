// Package composed judges the files of composed archives: codecs, sizes, rates, and what they show when.
package composed

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media"
)

// Checks are the checks of this package.
var Checks = slices.Concat(mediaChecks, sizeChecks, layoutChecks, streamChecks, likenessChecks)

var mediaChecks = []check.Check{
	check.New("ARC-START-04", fromTheStart, scenarios.Pair),
	check.New("ARC-COMP-01", singleMP4, scenarios.Pair),
	check.New("ARC-COMP-02", h264Track, scenarios.Pair),
	check.New("ARC-COMP-03", aacTrack, scenarios.Pair),
	check.New("ARC-COMP-04", sampleRate, scenarios.Pair),
	check.New("ARC-COMP-05", audioBitrate, scenarios.Pair),
	check.New("ARC-COMP-06", monoAudio, scenarios.Pair),
	check.New("ARC-COMP-07", baseline, scenarios.Pair),
	check.New("ARC-COMP-08", frameRate, scenarios.Pair),
	check.New("ARC-COMP-09", colourFormat, scenarios.Pair),
	check.New("ARC-COMP-10", playable, scenarios.Pair),
	check.New("ARC-COMP-11", indexInFront, scenarios.Pair),
	check.New("ARC-COMP-12", takesRecorded("video"), scenarios.Pair),
	check.New("ARC-COMP-13", takesRecorded("audio"), scenarios.Pair),
	check.New("ARC-COMP-14", inStep, scenarios.Pair, scenarios.Encryption),
	check.New("ARC-COMP-15", fileLength, scenarios.Pair, scenarios.Pause, scenarios.Selection, scenarios.AudioOnly, scenarios.VideoOnly),
	check.New("ARC-COMP-16", blackStart, scenarios.Pair),
	check.New("ARC-COMP-17", soundOnly, scenarios.AudioOnly),
	check.New("ARC-COMP-18", pictureOnly, scenarios.VideoOnly),
	check.New("ARC-COMP-19", emptyFile, scenarios.NoPublisher),
	check.New("ARC-COMP-23", leavesPicture, scenarios.Pair),
	check.New("ARC-COMP-24", nothingLost, scenarios.Pair, scenarios.Simultaneous),
	check.New("ARC-COMP-25", keyDistance, scenarios.Pair),
	check.New("ARC-COMP-26", publishersOf("VP9"), scenarios.Codecs),
	check.New("ARC-COMP-27", publishersOf("H264"), scenarios.Codecs),
	check.New("ARC-STAT-06", pauseLeavesNothing, scenarios.Pause),
	check.New("ARC-SEL-01", takesRecorded(""), scenarios.Pair),
}

func singleMP4(c *check.Case) {
	check.Judge(func(_ *check.Case, x content.Recording) (string, string, bool) {
		videos, audios := 0, 0
		for _, t := range x.Tracks {
			switch t {
			case "vide":
				videos++
			case "soun":
				audios++
			}
		}
		return "one MP4 file with at most one video and one audio track", content.FileKind(x.R, x.File) + ", tracks " + strings.Join(x.Tracks, ", "),
			x.MP4() && videos <= 1 && audios <= 1
	})(c)
}

var h264Track = check.Video(func(_ *check.Case, _ content.Recording, v media.Video) (string, string, bool) {
	return "H.264 video (avc1)", v.Entry + " " + v.Codec, v.Entry == "avc1" || v.Entry == "avc3"
})

var aacTrack = check.Audio(func(_ *check.Case, _ content.Recording, a media.Audio) (string, string, bool) {
	return "AAC audio (mp4a.40)", a.Entry + " " + a.Codec, a.Entry == "mp4a" && slices.Contains(aacTypes, a.ObjectType)
})

// aacTypes are the MPEG-4 audio object types that are AAC: Main, LC, SSR, LTP, and LC with SBR, and with PS too.
var aacTypes = []int{1, 2, 3, 4, 5, 29}

var sampleRate = check.Audio(func(c *check.Case, _ content.Recording, a media.Audio) (string, string, bool) {
	want := int(c.Number("audio.sample-rate"))
	return fmt.Sprintf("%d Hz", want), fmt.Sprintf("%d Hz", a.SampleRate), a.SampleRate == want
})

// audioBitrate allows the measured bit rate to be any amount lower, since silence needs no bits, and higher, since breaks in a tone need
// many (ARC-COMP-05).
var audioBitrate = check.Audio(func(c *check.Case, _ content.Recording, a media.Audio) (string, string, bool) {
	want, declared, measured := float64(c.Number("audio.bitrate")), float64(nominal(a)), float64(a.Bitrate)
	most := (1 + c.Share("tolerance.audio-bitrate-measured-percent")) * want
	shown := measured >= c.Share("audio.bitrate.measured-percent.min")*want && measured <= c.Share("audio.bitrate.measured-percent.max")*want
	if declared == 0 && !shown && measured <= most {
		c.Unclear(fmt.Sprintf("no bitrate is declared but the average, and these sounds take %d bit/s", a.Bitrate))
		return "", "", true
	}
	return fmt.Sprintf("%.0f bit/s", want), fmt.Sprintf("declared %d, measured %d bit/s", a.DeclaredBitrate, a.Bitrate),
		(declared == 0 || math.Abs(declared-want) <= c.Share("tolerance.audio-bitrate-percent")*want) &&
			measured <= most
})

// nominal returns the bit rate that the header declares, or 0 if it has none. FFmpeg and others write the mean of the
// file there, which is not a round number.
func nominal(a media.Audio) int {
	for _, rate := range []int{a.DeclaredBitrate, a.MaxBitrate} {
		if rate%1000 == 0 && rate > 0 {
			return rate
		}
	}
	return 0
}

var monoAudio = check.Audio(func(c *check.Case, _ content.Recording, a media.Audio) (string, string, bool) {
	return "one channel", fmt.Sprintf("%d channels", a.Channels), int64(a.Channels) == c.Number("audio.channels")
})

// setOne is constraint_set1_flag, which turns Baseline, profile 66, into Constrained Baseline.
const setOne = 0x4

var baseline = check.Video(func(_ *check.Case, _ content.Recording, v media.Video) (string, string, bool) {
	return "Constrained Baseline without B-frames or reordering",
		fmt.Sprintf("profile %d, constraints %#x, level %d, %d B-frames, reordered %v, CABAC %v, interlaced %v", v.Profile, v.Constraints, v.Level, v.BFrames,
			v.Reordered, v.Arithmetic, v.Interlaced),
		v.Profile == 66 && v.Constraints&setOne != 0 && v.BFrames == 0 && !v.Reordered && !v.Arithmetic && !v.Interlaced && levelHolds(v)
})

// levelHolds reports whether the declared level allows pictures of that size, 25 a second (H.264, table A-1), or is one of the two
// that are published for all sizes.
func levelHolds(v media.Video) bool {
	if v.Level == 31 || v.Level == 41 {
		return true
	}
	blocks := (v.CodedWidth + 15) / 16 * ((v.CodedHeight + 15) / 16)
	switch {
	case blocks > 3600:
		return v.Level >= 40
	case blocks > 1620:
		return v.Level > 31
	}
	return v.Level >= 30
}

var frameRate = check.Video(func(c *check.Case, _ content.Recording, v media.Video) (string, string, bool) {
	want := float64(c.Number("video.frame-rate"))
	spare := math.Max(float64(c.Number("tolerance.uneven-frames")), c.Share("tolerance.uneven-percent")*float64(v.Samples))
	return fmt.Sprintf("a constant %.0f frames per second", want),
		fmt.Sprintf("%.3f per second, frames of %.4f to %.4f s, %d of other length than most", v.FrameRate, v.ShortestFrame, v.LongestFrame, v.Uneven),
		math.Abs(v.FrameRate-want)*v.Duration <= spare && float64(v.Uneven) <= spare
})

// colourFormat relies on the profile: profile 66 only has 4:2:0 with 8 bits; profiles from 100 on may hold more.
var colourFormat = check.Video(func(_ *check.Case, _ content.Recording, v media.Video) (string, string, bool) {
	return "8-bit 4:2:0, as in Baseline and Main profile", fmt.Sprintf("profile %d", v.Profile), v.Profile == 66 || v.Profile == 77 || v.Profile == 100
})

var playable = check.Judge(func(_ *check.Case, x content.Recording) (string, string, bool) {
	bad := slices.ContainsFunc(x.Findings, func(f media.Finding) bool {
		return f.Kind == media.Undecodable || f.Kind == media.FrameCount || f.Kind == media.Unsupported
	})
	frames := x.Picture == nil || x.Picture.Frames > 0
	return "a file that decodes from first to last frame", "decoder" + content.Details(x.File), !bad && frames
})

var indexInFront = check.Judge(func(_ *check.Case, x content.Recording) (string, string, bool) {
	return "moov before mdat", content.FileKind(x.R, x.File), x.MoovFirst
})

var keyDistance = check.Video(func(c *check.Case, _ content.Recording, v media.Video) (string, string, bool) {
	most := float64(c.Number("video.key-frame-distance.max"))
	actual := float64(v.KeyInterval) / math.Max(v.FrameRate, 1)
	return fmt.Sprintf("a key frame every %.0f s", most), fmt.Sprintf("up to %.1f s apart, %d that nobody can begin with", actual, v.FalseKeys),
		actual <= most+c.Limit("tolerance.key-frame-distance").Seconds() && v.FalseKeys == 0
})

func soundOnly(c *check.Case) {
	for _, x := range c.Recordings() {
		if !x.Request.Asks("video") {
			none := x.Video == nil && !slices.Contains(x.Tracks, "vide")
			c.Want(none || blackThroughout(c, x), "no video track, or black throughout", "tracks "+strings.Join(x.Tracks, ", "), x.R)
			c.Want(x.Sound != nil && len(x.Sound.Tones) > 0, "the published sound", content.Details(x.File)+" no tone found", x.R)
		}
	}
}

// blackThroughout reports whether nothing but black was seen in a file.
func blackThroughout(c *check.Case, x content.Recording) bool {
	if x.Picture == nil || len(x.Picture.Appearances)+len(x.Picture.Stray) > 0 {
		return false
	}
	edge := c.Limit("tolerance.blink").Seconds()
	return slices.ContainsFunc(x.Picture.Black, func(s media.Span) bool { return s.From <= edge && s.To >= x.Duration-edge })
}

func pictureOnly(c *check.Case) {
	for _, x := range c.Recordings() {
		if !x.Request.Asks("audio") {
			silent := x.Sound == nil || len(x.Sound.Tones) == 0 && x.Sound.Peak < float64(c.Number("tolerance.silence-permille"))/1000
			c.Want(silent, "no audio track, or silence throughout", fmt.Sprintf("tracks %s with sound", strings.Join(x.Tracks, ", ")), x.R)
			c.Want(x.Picture != nil && len(x.Picture.Appearances) > 0, "the published picture", "no stream recognised"+content.Details(x.File), x.R)
		}
	}
}

// emptyFile judges archives that ended before anything was published.
func emptyFile(c *check.Case) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok || len(k.Streams) > 0 && k.Streams[0].From.Before(k.End) || h.IsIndividual() {
			continue
		}
		for _, s := range h.Delivered() {
			n, whole := s.Whole("size")
			c.Want(whole && n == 0, "size 0", s.Show("size"), s.At)
		}
		for _, o := range h.Objects {
			c.Want(o.Object.Size == 0, "an object of 0 bytes, or none", fmt.Sprintf("%d bytes", o.Object.Size), o)
		}
	}
}
