package mutants

import (
	"slices"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
)

const (
	onLayouts = "layouts"
	onScreens = "screens"
	onMutes   = "mutes"
	onMany    = "many-streams"
)

func picture(scenario string, spoil func(*media.Report)) func(*tape.Tape) {
	return tape.Film(scenario, "object.media", spoil)
}

// movedBy moves the n-th appearance of a stream.
func movedBy(id string, n, dx, dy int) func(*media.Report) {
	return tape.Nth(id, n, func(a *media.Appearance) { a.Rect.X, a.Rect.Y = a.Rect.X+dx, a.Rect.Y+dy })
}

// pictureMutations are about which streams are seen and heard, where and when.
var pictureMutations = []Mutation{
	{"ARC-LAY-01", "tiles of different size", picture(onScreens, tape.Nth("small-05", 0, tape.At(400, 60, 160, 120)))},
	{"ARC-LAY-02", "not the default grid", pairFilm(squeezed)},
	{"ARC-LAY-03", "a stretched picture", pairFilm(func(r *media.Report) {
		for i := range r.Picture.Appearances {
			r.Picture.Appearances[i].Rect.Height += 60
			r.Picture.Appearances[i].Rect.Y -= 30
		}
	})},
	{"ARC-LAY-04", "a grid in spite of the layout asked for", picture(onLayouts, tape.Nth("small-02", 0, tape.At(0, 120, 320, 240)))},
	{"ARC-LAY-05", "goes on with the earlier layout", picture(onLayouts, tape.Nth("small-02", 1, tape.At(0, 0, 640, 480)))},
	{"ARC-LAY-05", "keeps a layout for screens that the call leaves out", picture(scenarios.Screens, tape.Unchanged("small-05", 1))},
	{"ARC-LAY-05", "forgets a layout that was changed in a pause", picture(scenarios.Pause, tape.Nth("small-04", 0, tape.At(0, 0, 640, 480)))},
	{"ARC-LAY-07", "the small picture at the left", picture(onLayouts, tape.Nth("small-01", 0, tape.At(64, 48, 128, 96)))},
	{"ARC-LAY-08", "others line up one place lower", picture(onLayouts, tape.Nth("small-03", 0, tape.At(0, 288, 128, 96)))},
	{"ARC-LAY-08", "seven places at the left edge of a portrait", picture(scenarios.Presentations, tape.Without("small-09"))},
	{"ARC-LAY-08", "eight places at the left edge in full HD", tape.Film(scenarios.Presentations, "1080x1920.object.media", tape.Without("small-11"))},
	{"ARC-LAY-08", "five places at the lower edge in full HD", tape.Film(scenarios.Presentations, "1920x1080.object.media", tape.Nth("small-08", 1, tape.At(0, 0, 96, 72)))},
	{"ARC-LAY-09", "shows a stream of nobody", picture(scenarios.Presentations, tape.Also("small-16", 384, 568, 96, 72))},
	{"ARC-LAY-08", "others along the edge in another order", picture(scenarios.Presentations, tape.Swapped("small-02", 0, "small-03", 0))},
	{"ARC-LAY-08", "others beside their edge in full HD", tape.Film(scenarios.Presentations, "1080x1920.object.media", movedBy("small-03", 0, 12, 0))},
	{"ARC-LAY-17", "others along the edge in larger shares", picture(scenarios.Presentations, movedBy("small-02", 0, 0, 6))},
	{"ARC-LAY-07", "two small pictures of a crowd", picture(scenarios.Presentations, func(r *media.Report) {
		for _, large := range r.Picture.OfStream("small-05") {
			if large.Rect.Width == r.Picture.Width && large.Rect.Y == (r.Picture.Height-large.Rect.Height)/2 {
				r.Picture.Appearances = append(r.Picture.Appearances, media.Appearance{ID: "small-02", From: large.From, To: large.To, Rect: media.Rect{X: 96, Y: 64, Width: 96, Height: 72}})
			}
		}
	})},
	{"ARC-LAY-09", "who came last stands first", picture(onScreens, tape.Swapped("small-05", 0, "small-07", 0))},
	{"ARC-LAY-08", "does not show a second stream in focus", picture(scenarios.Presentations, func(r *media.Report) {
		for _, other := range []string{"small-10", "small-03"} { // who takes its places
			tape.Nth("small-08", 0, func(a *media.Appearance) { a.ID = other })(r)
		}
	})},
	{"ARC-LAY-09", "shows the camera of a client that shares a screen after others with a class", picture(onScreens, tape.Swapped("small-07", 4, "small-10", 4))},
	{"ARC-LAY-09", "shows other streams of a client that has one with a class after others", picture(onScreens, tape.Swapped("small-05", 1, "small-11", 3))},
	{"ARC-LAY-10", "ignores object-fit", picture(onLayouts, func(r *media.Report) {
		for i := range r.Picture.Appearances {
			if a := &r.Picture.Appearances[i]; a.Rect.Y < 0 {
				a.Rect, a.Visible = media.Rect{X: 160, Width: 320, Height: 240}, media.Rect{X: 160, Width: 320, Height: 240}
			}
		}
	})},
	{"ARC-LAY-10", "too wide a margin, which leaves no room for the last stream", picture(onLayouts, func(r *media.Report) {
		movedBy("small-02", 4, 28, 0)(r)
		r.Picture.Appearances = slices.DeleteFunc(r.Picture.Appearances, func(a media.Appearance) bool { return a.ID == "small-04" && a.Rect.Width == 96 })
	})},
	{"ARC-LAY-11", "reads the classes of before", tape.Set(onLayouts, "classes.changed.read", "items.0.layoutClassList", []string{"x"})},
	{"ARC-LAY-12", "shows a camera beside a screen that is alone", picture(onScreens, func(r *media.Report) {
		for _, a := range r.Picture.OfStream("small-08") {
			r.Picture.Appearances = append(r.Picture.Appearances, media.Appearance{ID: "small-05", From: a.From, To: a.To, Rect: media.Rect{Width: 160, Height: 120}})
		}
	})},
	{"ARC-LAY-13", "changes the layout of a finished archive", tape.Status(onLayouts, "late.layout", 200)},
	{"ARC-LAY-14", "fails on a property beyond the subset", tape.Status(onLayouts, "bad.sheet.property", 500)},
	{"ARC-SIM-03", "one layout for all archives", tape.Film(scenarios.Simultaneous, "second.object.media", tape.Nth("vp8-05", 0, tape.At(0, 0, 640, 480)))},
	{"ARC-SIM-03", "the layout of the second archive for the first", tape.Film(scenarios.Simultaneous, "first.object.media", tape.Nth("vp8-05", 0, tape.At(448, 48, 128, 96)))},
	{"ARC-SEL-06", "holds a 17th chosen stream", tape.Film(onMany, "chosen.object.media", tape.Also("small-03", 640-160, 480-120, 160, 120))},
	{"ARC-SEL-07", "leaves out who is preferred", picture(onMany, tape.Without("small-17"))},
	{"ARC-COMP-20", "shows fifteen streams", picture(onMany, tape.Without("small-16"))},
	{"ARC-COMP-21", "mixes 49 sounds", picture(onMany, tape.Without("tone-30"))},
	{"ARC-COMP-22", "mixes a 51st sound", picture(onMany, func(r *media.Report) {
		r.Sound.Tones = append(r.Sound.Tones, media.ToneSpan{ID: "tone-17", Level: -24, Span: media.Span{From: 0, To: r.Duration}})
	})},
	{"ARC-COMP-28", "the last picture stays during a mute", picture(onMutes, func(r *media.Report) {
		all := r.Picture.OfStream("small-09")
		back := 1
		for ; all[back].From < all[back-1].To+1; back++ {
		}
		tape.Nth("small-09", back-1, func(a *media.Appearance) {
			a.Freezes = append(a.Freezes, media.Freeze{Span: media.Span{From: a.To, To: all[back].From}, Mark: a.LastMark})
			a.To = all[back].From
		})(r)
	})},
	{"ARC-COMP-28", "keeps the last picture of a stream that is alone", picture(onMutes, func(r *media.Report) {
		last := len(r.Picture.OfStream("small-09")) - 1
		tape.Nth("small-09", last, func(a *media.Appearance) { a.To = r.Duration })(r)
	})},
	{"ARC-COMP-29", "goes on to sound during a mute", picture(onMutes, func(r *media.Report) {
		r.Sound.Tones = append(r.Sound.Tones, media.ToneSpan{ID: "tone-18", Level: -24, Span: media.Span{From: 0, To: r.Duration}})
	})},
	{"ARC-COMP-30", "stretches what changes its aspect", picture(onMutes, tape.Nth("aspect", 1, func(a *media.Appearance) { a.Rect.Width += 50 }))},
	{"ARC-COMP-31", "does not mix who is only heard", picture(onMutes, tape.Without("tone-19"))},
	{"ARC-COMP-32", "does not show who is only seen", picture(onMutes, tape.Without("aspect"))},
	{"ARC-COMP-33", "something beside the streams", pairFilm(tape.Beside)},
	{"ARC-COMP-31", "a tile for who is only heard", picture(onMutes, tape.Beside)},
	{"ARC-COMP-34", "a free place stays black", picture(onMany, staysAway)},
	{"ARC-COMP-34", "a sound stays away that was left out", picture(onMany, tape.Without("tone-17"))},
	{"ARC-RATE-06", "eight percent above the bitrate asked for", tape.Film(scenarios.Rates, "bitrate.object.media", tape.PerSecond(func(bits int) int { return bits * 108 / 100 }))},
	{"ARC-RATE-08", "eight percent below the bitrate asked for", tape.Film(scenarios.Rates, "bitrate.object.media", tape.PerSecond(func(bits int) int { return bits * 92 / 100 }))},
	{"ARC-POST-01", "consecutive archives of different profiles", tape.Film(scenarios.AutoDay, "consecutive.object.media", func(r *media.Report) {
		r.Video.Codec = "avc1.640028"
	})},
}

// staysAway removes the picture of a stream that was left out from when it is back.
func staysAway(r *media.Report) {
	all := r.Picture.OfStream("small-16")
	r.Picture.Appearances = slices.DeleteFunc(r.Picture.Appearances, func(a media.Appearance) bool {
		return a.ID == "small-16" && a.From > all[0].From
	})
}
