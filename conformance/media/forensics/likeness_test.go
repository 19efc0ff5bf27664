package forensics

import (
	"path/filepath"
	"testing"

	"reelcheck/conformance/media"
	"reelcheck/fixtures/ffmpegtest"
)

// recoded makes another file of a clip with FFmpeg.
func recoded(t *testing.T, path string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "recoded.mp4")
	ffmpegtest.Run(t, append(append([]string{"-i", path}, args...), out)...)
	return out
}

func TestLikenessAtEverySize(t *testing.T) {
	for _, c := range []struct {
		ids     []string
		columns int
		w, h    int
		qp      string
	}{
		{[]string{"vp8-01", "vp8-02"}, 2, 640, 480, "19"},
		{[]string{"vp8-01", "h264-02", "vp8-03", "vp8-04"}, 2, 320, 240, "40"},
		{[]string{"small-01", "small-02", "small-03", "small-04"}, 2, 128, 96, "19"},
		{[]string{"small-05", "small-06", "small-07", "small-08"}, 2, 160, 120, "40"},
	} {
		r := analyze(t, clip(t, c.ids, grid(len(c.ids), c.columns, c.w, c.h, "v"), "-qp", c.qp), Options{})
		for _, id := range c.ids {
			a := only(t, r, id)
			if a.Tint > 6 || !about(a.Black, 16, 5) || !about(a.White, 235, 9) || a.Marred > 0.005 {
				t.Errorf("%s %dx%d QP %s: tint %.0f black %.0f white %.0f marred %.3f", id, c.w, c.h, c.qp, a.Tint, a.Black, a.White, a.Marred)
			}
		}
	}
}

func TestPicturesThatAreNotAsPublished(t *testing.T) {
	for name, c := range map[string]struct {
		graph string
		wrong func(a media.Appearance) bool
	}{
		"levels stretched":  {"scale=in_range=limited:out_range=full,setparams=range=limited", func(a media.Appearance) bool { return a.Black < 6 && a.White > 245 }},
		"levels squeezed":   {"scale=in_range=full:out_range=limited,setparams=range=limited", func(a media.Appearance) bool { return a.Black > 26 && a.White < 225 }},
		"colours exchanged": {"shuffleplanes=0:2:1:3", func(a media.Appearance) bool { return a.Tint > 30 }},
		"colours dulled":    {"hue=s=0.6", func(a media.Appearance) bool { return a.Tint > 15 }},
		"cut off":           {"crop=600:480:0:0,pad=640:480", func(a media.Appearance) bool { return a.Marred > 0.04 && a.Marred < 0.08 }},
		"a caption":         {"drawbox=x=20:y=420:w=200:h=40:color=white:t=fill", func(a media.Appearance) bool { return a.Marred > 0.02 && a.Marred < 0.06 }},
	} {
		r := analyze(t, clip(t, []string{"vp8-01"}, "[0:v]"+c.graph+"[v]"), Options{})
		if a := only(t, r, "vp8-01"); !c.wrong(a) {
			t.Errorf("%s: tint %.0f black %.0f white %.0f marred %.3f", name, a.Tint, a.Black, a.White, a.Marred)
		}
	}
}

// TestTurnedPictures checks that a stream that is turned over is told from one that is missing.
func TestTurnedPictures(t *testing.T) {
	for graph, how := range map[string]string{"hflip": "mirrored", "vflip": "upside down and mirrored", "hflip,vflip": "upside down"} {
		r := analyze(t, clip(t, []string{"vp8-01"}, "[0:v]"+graph+"[v]"), Options{})
		turned := r.Picture.Turned
		if len(r.Picture.Appearances) > 0 || len(turned) != 1 || turned[0].ID != "vp8-01" || turned[0].How != how || turned[0].To < r.Duration-1 {
			t.Errorf("%s: %+v, and %d appearances", graph, turned, len(r.Picture.Appearances))
		}
	}
}

// TestOtherColourSpacesAreAsPublished checks that recorders may convert to BT.709, and may use full range if they say
// so.
func TestOtherColourSpacesAreAsPublished(t *testing.T) {
	for name, graph := range map[string]string{
		"bt709":      "scale=in_color_matrix=bt601:out_color_matrix=bt709",
		"full range": "scale=in_range=limited:out_range=full,format=yuvj420p",
	} {
		args := []string{}
		if name == "full range" {
			args = []string{"-pix_fmt", "yuvj420p", "-color_range", "pc"}
		}
		r := analyze(t, clip(t, []string{"vp8-04"}, "[0:v]"+graph+"[v]", args...), Options{})
		if a := only(t, r, "vp8-04"); a.Tint > 10 || !about(a.Black, 16, 5) || !about(a.White, 235, 5) || a.Marred > 0 {
			t.Errorf("%s: tint %.0f black %.0f white %.0f marred %.3f", name, a.Tint, a.Black, a.White, a.Marred)
		}
	}
}

func TestHowAPlayerShowsThePicture(t *testing.T) {
	plain := clip(t, []string{"vp8-01"}, "[0:v]null[v]")
	if v := analyze(t, plain, Options{NoDecode: true}).Video; v.ShownWidth != 640 || v.ShownHeight != 480 || v.Turned || v.PixelAspect > 0 && v.PixelAspect != 1 {
		t.Errorf("plain: %+v", v)
	}
	if v := analyze(t, recoded(t, plain, "-c", "copy", "-metadata:s:v", "rotate=90"), Options{NoDecode: true}).Video; !v.Turned {
		t.Errorf("turned: %+v", v)
	}
	if v := analyze(t, recoded(t, plain, "-c", "copy", "-aspect", "16:9"), Options{NoDecode: true}).Video; !about(v.PixelAspect, 4.0/3, 0.01) || about(v.ShownWidth, 640, 1) {
		t.Errorf("wide pixels: %+v", v)
	}
}

func TestBitstreamsBeyondBaseline(t *testing.T) {
	r := analyze(t, clip(t, []string{"vp8-01"}, "[0:v]null[v]", "-preset", "veryfast", "-x264-params", "interlaced=1:cabac=1"), Options{NoDecode: true})
	if !r.Video.Arithmetic || !r.Video.Interlaced || r.Video.FalseKeys != 0 {
		t.Errorf("%+v", r.Video)
	}
	open := analyze(t, clip(t, []string{"vp8-01"}, "[0:v]null[v]", "-preset", "veryfast", "-bf", "2", "-g", "25", "-x264-params", "open-gop=1"), Options{NoDecode: true})
	if open.Video.FalseKeys == 0 || open.Video.FalseKeys >= open.Video.KeyFrames {
		t.Errorf("open groups of pictures: %+v", open.Video)
	}
}

func TestGreyIsNotBlack(t *testing.T) {
	r := analyze(t, clip(t, []string{"vp8-01"}, "[0:v]scale=320:240,pad=640:480:160:120:color=0x161616[v]"), Options{})
	if len(r.Picture.Stray) != 1 {
		t.Errorf("bars of grey: stray %v", r.Picture.Stray)
	}
	r = analyze(t, clip(t, []string{"vp8-01"}, "[0:v]drawbox=t=fill:color=0x141414[v]"), Options{})
	if len(r.Picture.Black) != 0 {
		t.Errorf("a grey picture: black %v", r.Picture.Black)
	}
}

func TestBreaksOfATone(t *testing.T) {
	r := analyze(t, clip(t, []string{"vp8-01", "tone-01"}, "[0:v]null[v];[1:a]volume=0:enable='between(t,1.3,1.55)'[a]"), Options{})
	tones := r.Sound.OfTone("tone-01")
	if len(tones) != 1 || len(tones[0].Breaks) != 1 || !about(tones[0].Breaks[0].From, 1.3, 0.03) || !about(tones[0].Breaks[0].To, 1.55, 0.03) {
		t.Errorf("%+v", tones)
	}
	if plain := analyze(t, clip(t, []string{"vp8-01", "tone-01"}, "[0:v]null[v];[1:a]anull[a]"), Options{}).Sound.OfTone("tone-01"); len(plain) != 1 || plain[0].Breaks != nil {
		t.Errorf("%+v", plain)
	}
}
