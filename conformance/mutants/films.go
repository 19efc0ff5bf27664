package mutants

import (
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
)

// pairFilm changes the report on the file of the archive of two publishers.
func pairFilm(spoil func(*media.Report)) func(*tape.Tape) {
	return tape.Film(scenarios.Pair, "object.media", spoil)
}

// filmMutations are about the content of the files.
var filmMutations = []Mutation{
	{"ARC-STOP-03", "no MP4", pairFilm(func(r *media.Report) { r.Boxes = nil })},
	{"ARC-START-04", "loses the end of a stream", pairFilm(func(r *media.Report) {
		for i := range r.Sound.Tones {
			if s := &r.Sound.Tones[i]; s.ID == "tone-01" {
				s.To -= 2.5
			}
		}
	})},
	{"ARC-START-04", "begins 2.2 s late", pairFilm(tape.CutEnds(2.2, 0))},
	{"ARC-START-04", "begins 2.3 s late with chosen streams", tape.Film(scenarios.Selection, "object.media", tape.CutEnds(2.3, 0))},
	{"ARC-START-04", "goes on 2.2 s late after a pause", tape.Film(scenarios.Pause, "object.media", resumed(0, 2.2))},
	{"ARC-START-04", "goes on 1 s late after it is started again", tape.Film(scenarios.Pause, "object.media", resumed(0, 1))},
	{"ARC-COMP-01", "two video tracks", pairFilm(func(r *media.Report) { r.Tracks = append(r.Tracks, "vide") })},
	{"ARC-COMP-02", "HEVC", pairFilm(func(r *media.Report) { r.Video.Entry, r.Video.Codec = "hvc1", "hvc1.1.6.L93.B0" })},
	{"ARC-COMP-03", "MP3", pairFilm(func(r *media.Report) { r.Audio.Entry, r.Audio.ObjectType = "mp4a", 34 })},
	{"ARC-COMP-04", "44.1 kHz", pairFilm(func(r *media.Report) { r.Audio.SampleRate = 44100 })},
	{"ARC-COMP-05", "180 kbit/s, declared as 128", pairFilm(func(r *media.Report) { r.Audio.DeclaredBitrate, r.Audio.Bitrate = 128000, 180000 })},
	{"ARC-COMP-06", "stereo", pairFilm(func(r *media.Report) { r.Audio.Channels = 2 })},
	{"ARC-COMP-07", "B-frames", pairFilm(func(r *media.Report) { r.Video.BFrames, r.Video.Reordered = 40, true })},
	{"ARC-COMP-08", "30 frames per second", pairFilm(func(r *media.Report) { r.Video.FrameRate = 30 })},
	{"ARC-COMP-09", "10-bit colour", pairFilm(func(r *media.Report) { r.Video.Profile = 110 })},
	{"ARC-COMP-10", "frames that do not decode", pairFilm(func(r *media.Report) {
		r.Findings = append(r.Findings, media.Finding{Kind: media.Undecodable, Detail: "error while decoding MB 3 4"})
	})},
	{"ARC-COMP-11", "index at the end", pairFilm(func(r *media.Report) { r.MoovFirst = false })},
	{"ARC-COMP-12", "loses a picture", pairFilm(tape.Without("vp8-01"))},
	{"ARC-COMP-13", "loses a sound", pairFilm(tape.Without("tone-01"))},
	{"ARC-COMP-14", "sound 50 ms late", pairFilm(tape.HeardLater(0.050))},
	{"ARC-COMP-14", "sound 90 ms early", pairFilm(tape.HeardLater(-0.090))},
	{"ARC-COMP-14", "sound 90 ms late in a file that does not tell the delay of the coder", pairFilm(func(r *media.Report) {
		r.Audio.Start = 0
		tape.HeardLater(0.090)(r)
	})},
	{"ARC-COMP-15", "a file that is too long", pairFilm(func(r *media.Report) { r.Duration += 30 })},
	{"ARC-COMP-15", "tracks that end 0.6 s before the header says", pairFilm(func(r *media.Report) {
		r.Video.Duration, r.Audio.Duration = r.Duration-0.6, r.Duration-0.6
	})},
	{"ARC-COMP-15", "ends 0.6 s early", pairFilm(tape.CutEnds(0, 0.6))},
	{"ARC-COMP-15", "ends 0.6 s early with chosen streams", tape.Film(scenarios.Selection, "object.media", tape.CutEnds(0, 0.6))},
	{"ARC-COMP-15", "ends 1.1 s early with a pause", tape.Film(scenarios.Pause, "object.media", tape.CutEnds(0, 1.1))},
	{"ARC-COMP-15", "0.6 s in the middle are missing", pairFilm(tape.Cut(1.2, 1.8))},
	{"ARC-COMP-16", "black for three seconds", pairFilm(func(r *media.Report) {
		for i := range r.Picture.Appearances {
			r.Picture.Appearances[i].From += 3
		}
	})},
	{"ARC-COMP-17", "a picture nobody asked for", tape.Film(scenarios.AudioOnly, "object.media", func(r *media.Report) {
		r.Tracks, r.Video = append(r.Tracks, "vide"), &media.Video{}
	})},
	{"ARC-COMP-18", "sound nobody asked for", tape.Film(scenarios.VideoOnly, "object.media", func(r *media.Report) {
		r.Sound = &media.Sound{Peak: 0.5, Tones: []media.ToneSpan{{Tone: 7, ID: "tone-07", Level: -24}}}
	})},
	{"ARC-COMP-19", "a file of nothing", tape.Set(scenarios.NoPublisher, "get.delivered", "size", 4711)},
	{"ARC-COMP-23", "a stream that stays", pairFilm(func(r *media.Report) {
		for i, a := range r.Picture.Appearances {
			if a.ID == "h264-02" || a.ID == "vp8-02" {
				r.Picture.Appearances[i].To = r.Duration
			}
		}
	})},
	{"ARC-COMP-24", "half a second is lost", pairFilm(func(r *media.Report) {
		for i := range r.Picture.Appearances {
			r.Picture.Appearances[i].LongestGap = 15
		}
	})},
	{"ARC-COMP-25", "key frames too far apart", pairFilm(func(r *media.Report) { r.Video.KeyInterval = 300 })},
	{"ARC-COMP-26", "loses a VP9 stream", tape.Film(scenarios.Codecs, "object.media", tape.Without("vp9"))},
	{"ARC-COMP-27", "loses an H.264 stream", tape.Film(scenarios.Codecs, "object.media", tape.Without("h264-11"))},
	{"ARC-STAT-06", "records the pause", tape.Film(scenarios.Pause, "object.media", func(r *media.Report) { r.Duration += 60 })},
	{"ARC-SEL-01", "leaves a stream out", pairFilm(tape.WithoutAll("vp8-01", "tone-01"))},
	{"ARC-RATE-01", "QP 24 by default", pairFilm(func(r *media.Report) { r.Video.QP = media.QP{Min: 24, Max: 24, Mean: 24, Inter: map[int]int{24: 100}} })},
	{"ARC-RATE-02", "a constant bitrate by default", pairFilm(func(r *media.Report) {
		for i := range r.Video.PerSecond {
			r.Video.PerSecond[i] = 500000
		}
	})},
	{"ARC-RATE-03", "ignores the quantizer", tape.Film(scenarios.Rates, "qp-20.object.media", func(r *media.Report) {
		r.Video.QP = media.QP{Min: 19, Max: 19, Mean: 19, Inter: map[int]int{19: 100}}
	})},
	{"ARC-RATE-05", "a smaller file at a lower quantizer", tape.Film(scenarios.Rates, "qp-20.object.media", func(r *media.Report) { r.Video.Bitrate = 1 })},
	{"ARC-RATE-09", "takes the bits from the audio", tape.Film(scenarios.Rates, "bitrate.object.media", func(r *media.Report) { r.Audio.DeclaredBitrate = 64000 })},
	{"ARC-RATE-09", "shares the bits with the audio", tape.Film(scenarios.Rates, "bitrate.object.media", func(r *media.Report) { r.Audio.Bitrate /= 3 })},
	{"ARC-RES-01", "another size by default", pairFilm(func(r *media.Report) { r.Video.Width, r.Video.CodedWidth = 320, 320 })},
	{"ARC-RES-02", "landscape instead of portrait", tape.Film(scenarios.Sizes, "480x640.object.media", tape.Sized(640, 480))},
	{"ARC-RES-03", "SD instead of HD", tape.Film(scenarios.Sizes, "1280x720.object.media", tape.Sized(640, 480))},
	{"ARC-RES-04", "landscape instead of portrait HD", tape.Film(scenarios.Sizes, "720x1280.object.media", tape.Sized(1280, 720))},
	{"ARC-RES-05", "HD instead of FHD", tape.Film(scenarios.FullHD, "1920x1080.object.media", tape.Sized(1280, 720))},
	{"ARC-RES-06", "HD instead of portrait FHD", tape.Film(scenarios.FullHD, "1080x1920.object.media", tape.Sized(720, 1280))},
	{"ARC-RES-08", "another resolution in the object", tape.Set(scenarios.Sizes, "480x640.get.delivered", "resolution", "640x480")},
}

// resumed cuts the last seconds before a pause, and the first ones after it.
func resumed(before, after float64) func(*media.Report) {
	return func(r *media.Report) {
		at := r.Picture.Appearances[1].From
		tape.Cut(at-before, at+after)(r)
	}
}

// squeezed makes one tile half as large as it must be.
func squeezed(r *media.Report) {
	for i := range r.Picture.Appearances {
		if r.Picture.Appearances[i].ID == "vp8-01" {
			r.Picture.Appearances[i].Rect.Width /= 2
			r.Picture.Appearances[i].Rect.Height /= 2
		}
	}
}
