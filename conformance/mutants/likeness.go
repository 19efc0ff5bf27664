package mutants

import (
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
)

// likenessMutations are about recordings that hold everything in its place, but not as it was published.
var likenessMutations = []Mutation{
	{"ARC-LAY-01", "shows a stream twice", picture(onScreens, func(r *media.Report) {
		again := r.Picture.OfStream("small-05")[0]
		again.Rect.Y = 240
		r.Picture.Appearances = append(r.Picture.Appearances, again)
	})},
	{"ARC-LAY-02", "leaves the grid for half a second", pairFilm(tape.Strays("vp8-01", 1, 0.5))},
	{"ARC-LAY-05", "takes two seconds for a layout", picture(onLayouts, tape.Later("small-02", 1, 1.9))},
	{"ARC-LAY-05", "shows a layout half a second before it is asked for", picture(onLayouts, tape.Later("small-02", 1, -0.55))},
	{"ARC-LAY-09", "who came last stands first without a layout", pairFilm(tape.Swapped("vp8-01", 1, "h264-02", 0))},
	{"ARC-LAY-03", "crops where it should leave bars", pairFilm(tape.Nth("vp8-01", 1, tape.At(-160, 0, 640, 480)))},
	{"ARC-LAY-07", "the small picture behind the large one", picture(onLayouts, tape.Without("small-01"))},
	{"ARC-LAY-12", "a screen that is not larger", picture(onScreens, tape.Nth("small-12", 0, tape.At(160, 120, 320, 240)))},
	{"ARC-COMP-05", "64 kbit/s", pairFilm(func(r *media.Report) {
		r.Audio.DeclaredBitrate, r.Audio.MaxBitrate, r.Audio.Bitrate = 64000, 64000, 63900
	})},
	{"ARC-COMP-07", "High profile", pairFilm(func(r *media.Report) { r.Video.Profile, r.Video.Constraints = 100, 0 })},
	{"ARC-COMP-07", "arithmetic coding", pairFilm(func(r *media.Report) { r.Video.Arithmetic = true })},
	{"ARC-COMP-07", "fields", pairFilm(func(r *media.Report) { r.Video.Interlaced = true })},
	{"ARC-COMP-07", "a level too low for the picture", tape.Film(scenarios.FullHD, "1920x1080.object.media", func(r *media.Report) { r.Video.Level = 30 })},
	{"ARC-LAY-11", "goes on with the classes of before for one stream", picture(onLayouts, tape.Nth("small-02", 3, tape.At(64, 0, 512, 384)))},
	{"ARC-COMP-08", "a frame rate that varies", pairFilm(func(r *media.Report) { r.Video.Uneven = 40 })},
	{"ARC-COMP-14", "sound 100 ms late", pairFilm(tape.Shifted(func(float64) float64 { return 0.1 }))},
	{"ARC-COMP-14", "sound 100 ms early", pairFilm(tape.Shifted(func(float64) float64 { return -0.1 }))},
	{"ARC-COMP-14", "sound that is too fast", pairFilm(tape.Shifted(func(at float64) float64 { return 0.08 * (3.5 - at) }))},
	{"ARC-COMP-24", "every picture twice", pairFilm(func(r *media.Report) {
		for i := range r.Picture.Appearances {
			a := &r.Picture.Appearances[i]
			a.Repeated, a.LongestGap = a.Frames/2, 2
		}
	})},
	{"ARC-COMP-24", "a quarter of a second of sound is lost", pairFilm(func(r *media.Report) {
		r.Sound.Tones[0].Breaks = []media.Span{{From: 2.2, To: 2.45}}
	})},
	{"ARC-COMP-24", "an echo", pairFilm(func(r *media.Report) {
		for i := range r.Sound.Tones {
			for _, b := range r.Sound.Tones[i].Beats {
				b.At += 0.3
				r.Sound.Tones[i].Beats = append(r.Sound.Tones[i].Beats, b)
			}
		}
	})},
	{"ARC-COMP-25", "key frames that are none", pairFilm(func(r *media.Report) { r.Video.FalseKeys = 1 })},
	{"ARC-COMP-35", "colours exchanged", pairFilm(tape.Like(func(a *media.Appearance) { a.Tint = 60 }))},
	{"ARC-COMP-35", "levels stretched", pairFilm(tape.Like(func(a *media.Appearance) { a.Black, a.White = 1, 254 }))},
	{"ARC-COMP-35", "levels squeezed", pairFilm(tape.Like(func(a *media.Appearance) { a.Black, a.White = 30, 217 }))},
	{"ARC-COMP-35", "a name in the picture", pairFilm(tape.Like(func(a *media.Appearance) { a.Marred = 0.04 }))},
	{"ARC-COMP-36", "a stream half a second late", pairFilm(func(r *media.Report) {
		for i := range r.Picture.Appearances {
			if a := &r.Picture.Appearances[i]; a.ID == "h264-02" {
				a.FirstMark, a.LastMark = a.FirstMark-15, a.LastMark-15
			}
		}
	})},
	{"ARC-COMP-37", "a sound that is mixed twice", pairFilm(func(r *media.Report) {
		for i := range r.Sound.Tones {
			if r.Sound.Tones[i].ID == "tone-02" {
				r.Sound.Tones[i].Level += 6
			}
		}
	})},
	{"ARC-RATE-01", "QP 19 in key frames alone", pairFilm(func(r *media.Report) { r.Video.QP.Max, r.Video.QP.Inter = 26, map[int]int{26: 170} })},
	{"ARC-RATE-06", "an eighth more than asked for", tape.Film(scenarios.Rates, "bitrate.object.media", tape.PerSecond(func(bits int) int { return bits * 9 / 8 }))},
	{"ARC-RATE-08", "an eighth less than asked for", tape.Film(scenarios.Rates, "bitrate.object.media", tape.PerSecond(func(bits int) int { return bits * 7 / 8 }))},
	{"ARC-RATE-08", "fills up at the end", tape.Film(scenarios.Rates, "bitrate.object.media", func(r *media.Report) {
		all := r.Video.PerSecond
		for i := range all[:10] {
			all[i] /= 2
		}
		all[10] *= 4
	})},
	{"ARC-RES-01", "pixels wider than high", pairFilm(func(r *media.Report) { r.Video.PixelAspect = 4.0 / 3 })},
	{"ARC-RES-02", "turned by the player", tape.Film(scenarios.Sizes, "480x640.object.media", func(r *media.Report) { r.Video.Turned = true })},
	{"ARC-RES-03", "shown in another size", tape.Film(scenarios.Sizes, "1280x720.object.media", func(r *media.Report) { r.Video.ShownWidth, r.Video.ShownHeight = 960, 720 })},
}
