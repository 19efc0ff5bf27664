package composed

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
	"reelcheck/fixtures"
)

var layoutChecks = []check.Check{
	check.New("ARC-LAY-01", check.In(scenarios.Pair), tiled),
	check.New("ARC-LAY-02", check.In(scenarios.Pair), arranged(byDefault)),
	check.New("ARC-LAY-03", check.In(scenarios.Pair, scenarios.Sizes, scenarios.Layouts), shaped),
	check.New("ARC-LAY-04", check.In(scenarios.Layouts), arranged(asStarted)),
	check.New("ARC-LAY-05", check.In(scenarios.Layouts), layoutChanges),
	check.New("ARC-LAY-07", check.In(scenarios.Layouts, scenarios.Presentations), arranged(ofType("pip"))),
	check.New("ARC-LAY-08", check.In(scenarios.Layouts, scenarios.Presentations), arranged(ofType("verticalPresentation", "horizontalPresentation"))),
	check.New("ARC-LAY-09", check.In(scenarios.Screens), arranged(ranked)),
	check.New("ARC-LAY-10", check.In(scenarios.Layouts), arranged(ofType("custom"))),
	check.New("ARC-LAY-11", check.In(scenarios.Layouts), classChanges),
	check.New("ARC-LAY-12", check.In(scenarios.Screens), arranged(sharing)),
	check.New("ARC-LAY-13", check.In(scenarios.Layouts), layoutsRefused),
	check.New("ARC-LAY-14", check.In(scenarios.Layouts), sheetsRefused),
}

// pick chooses scenes of an archive.
type pick func(x check.Exhibit, a expect.Act) bool

func byDefault(x check.Exhibit, _ expect.Act) bool { return x.Request["layout"] == nil }

func asStarted(x check.Exhibit, a expect.Act) bool {
	return x.Request["layout"] != nil && !slices.ContainsFunc(x.Play.Changes[:a.Changed], func(k expect.Change) bool { return k.Layout != nil })
}

func ofType(types ...string) pick {
	return func(_ check.Exhibit, a expect.Act) bool {
		return a.Layout.ScreenshareType == "" && slices.Contains(types, a.Layout.Type)
	}
}

// ranked scenes are those that show by their order, or by who is left out, who comes first.
func ranked(_ check.Exhibit, a expect.Act) bool {
	return a.Picture.Grid && len(a.Streams) > 1 || len(a.Streams) > len(a.Picture.Places)
}

func sharing(_ check.Exhibit, a expect.Act) bool { return a.Layout.ScreenshareType != "" }

// scenes are the moments at which the whole picture can be told.
func scenes(c *check.Case, which pick, each func(x check.Exhibit, a expect.Act)) {
	for _, x := range c.Exhibits() {
		if x.Request["hasVideo"] == false || x.Picture == nil {
			continue
		}
		for _, a := range x.Scenes {
			if a.Known && len(a.Picture.Places) > 0 && which(x, a) {
				each(x, a)
			}
		}
	}
}

// arranged compares the scenes that are picked with what the layout makes of the streams.
func arranged(which pick) func(*check.Case) {
	return func(c *check.Case) {
		scenes(c, which, func(x check.Exhibit, a expect.Act) { Pictured(c, x, a, true) })
	}
}

func tiled(c *check.Case) {
	grid := func(_ check.Exhibit, a expect.Act) bool { return a.Picture.Grid }
	scenes(c, grid, func(x check.Exhibit, a expect.Act) { Pictured(c, x, a, false) })
}

// Pictured wants what a scene shows, from its start to its end; with order also who stands before whom in a grid.
func Pictured(c *check.Case, x check.Exhibit, a expect.Act, order bool) {
	v := viewer{c, x, a, float64(c.Number("tolerance.tile"))}
	problem := ""
	for _, at := range v.moments() {
		if problem = v.look(at, order); problem != "" {
			problem = fmt.Sprintf("at %.1f s %s", at, problem)
			break
		}
	}
	if c.Excused(problem == "", c.Limit("tolerance.layout-change"), x.Takes...) {
		return
	}
	c.Want(problem == "", fmt.Sprintf("%s from %.1f to %.1f s: %s", named(a), a.From, a.To, v.expected()), problem, x.R)
}

func named(a expect.Act) string {
	if a.Layout.ScreenshareType != "" {
		return a.Layout.Type + " with " + a.Layout.ScreenshareType + " for screens"
	}
	return a.Layout.Type
}

// manifest is read once.
var manifest = sync.OnceValues(fixtures.Load)

// shapes are the sizes of the pictures of a video fixture.
func shapes(c *check.Case, id string) []fixtures.Part {
	m, err := manifest()
	if err != nil {
		c.Unclear(err.Error())
		return nil
	}
	v, _ := m.Video(id) // what is none has no shapes
	return v.Parts
}

// viewer looks at a scene.
type viewer struct {
	c     *check.Case
	x     check.Exhibit
	act   expect.Act
	allow float64 // pixels
}

// fixture is what a stream of the scene looks like.
func (v viewer) fixture(stream string) string {
	for _, t := range v.x.Takes {
		if t.Kind == "video" && t.R.IDs[evidence.Stream] == stream {
			return t.Fixture
		}
	}
	return ""
}

func (v viewer) expected() string {
	var s []string
	for _, p := range v.act.Picture.Places {
		text := fmt.Sprintf("%s in %.0fx%.0f", v.fixture(p.Stream), p.Rect.Width, p.Rect.Height)
		if !v.act.Picture.Grid {
			text += fmt.Sprintf(" at %.0f,%.0f", p.Rect.X, p.Rect.Y)
		}
		s = append(s, text)
	}
	return check.Clip(strings.Join(s, "; "), 400)
}

// moments are the start and the end of the scene, and the middle of every stretch between them in which nothing in the picture
// comes, goes or moves.
func (v viewer) moments() []float64 {
	edges := []float64{v.act.From, v.act.To}
	for _, a := range v.x.Picture.Appearances {
		for _, at := range []float64{a.From, a.To} {
			if at > v.act.From && at < v.act.To {
				edges = append(edges, at)
			}
		}
	}
	slices.Sort(edges)
	out := []float64{v.act.From, v.act.To}
	for i := 1; i < len(edges); i++ {
		if edges[i]-edges[i-1] >= check.Blink || len(edges) == 2 {
			out = append(out, (edges[i]+edges[i-1])/2)
		}
	}
	slices.Sort(out)
	return out
}

// blur is how far, in seconds, an appearance may be from a moment and still be seen at it.
const blur = 0.1

func (v viewer) at(at float64) map[string][]media.Appearance {
	out := map[string][]media.Appearance{}
	for _, a := range v.x.Picture.Appearances {
		if a.From-blur <= at && at <= a.To+blur {
			out[a.ID] = append(out[a.ID], a)
		}
	}
	return out
}

// twice tells whether two of the appearances of a stream are there at once; one that moves has one after the other.
func twice(all []media.Appearance) bool {
	for i, a := range all {
		for _, b := range all[:i] {
			if min(a.To, b.To)-max(a.From, b.From) > blur {
				return true
			}
		}
	}
	return false
}

// look says what is wrong with the picture at a moment, "" if nothing.
func (v viewer) look(at float64, order bool) string {
	shown := v.at(at)
	var tiles []media.Rect
	for _, p := range v.act.Picture.Places {
		id := v.fixture(p.Stream)
		all := shown[id]
		if len(all) == 0 {
			return id + " is not in the picture"
		}
		if twice(all) {
			return id + " is in the picture twice"
		}
		i := slices.IndexFunc(all, func(a media.Appearance) bool { return v.stands(p, a.Rect, id) })
		if i < 0 {
			return id + " is " + where(all[0].Rect)
		}
		tiles = append(tiles, all[i].Rect)
		delete(shown, id)
	}
	for id, all := range shown {
		return id + " is in the picture, " + where(all[0].Rect)
	}
	if v.act.Picture.Grid {
		return v.grid(tiles, order)
	}
	return ""
}

// stands tells whether a stream's picture is what its place makes of one of the fixture's shapes; in a grid size alone counts.
func (v viewer) stands(p layout.Place, r media.Rect, fixture string) bool {
	return slices.ContainsFunc(shapes(v.c, fixture), func(shape fixtures.Part) bool {
		want := p.Stands(shape.Width, shape.Height)
		near := func(a int, b, reach float64) bool { return math.Abs(float64(a)-b) <= v.allow+reach }
		dx, dy := reach(want.Width, shape.Width, shape.Mark.Width), reach(want.Height, shape.Height, shape.Mark.Height)
		size := near(r.Width, want.Width, dx) && near(r.Height, want.Height, dy)
		return size && (v.act.Picture.Grid || near(r.X, want.X, dx) && near(r.Y, want.Y, dy))
	})
}

// reach is how far off an edge may be reckoned that is not seen but told from the mark: where a picture is enlarged, half a pixel of
// its own on either side of the mark, by half, depends on the filter.
func reach(shown float64, own, mark int) float64 {
	if shown <= float64(own) {
		return 0
	}
	return shown / float64(own) / 4 * float64(own) / float64(mark)
}

// grid says what is wrong with where tiles stand, given by priority.
func (v viewer) grid(tiles []media.Rect, order bool) string {
	cell := v.act.Picture.Places[0].Rect
	w, h := float64(v.x.Picture.Width), float64(v.x.Picture.Height)
	full := math.Round(w/cell.Width*h/cell.Height) == float64(len(tiles))
	for i, t := range tiles {
		x, y := middle(t)
		if x < cell.Width/2-v.allow || y < cell.Height/2-v.allow || x > w-cell.Width/2+v.allow || y > h-cell.Height/2+v.allow {
			return fmt.Sprintf("tile %d leaves the picture", i+1)
		}
		if full && (v.off(x, cell.Width) || v.off(y, cell.Height)) {
			return fmt.Sprintf("tile %d is not in the middle of its place", i+1)
		}
		for j, o := range tiles[:i] {
			ox, oy := middle(o)
			sameRow := math.Abs(y-oy) <= v.allow
			switch {
			case !sameRow && math.Abs(y-oy) < cell.Height-v.allow:
				return fmt.Sprintf("tiles %d and %d are not in rows", j+1, i+1)
			case sameRow && math.Abs(x-ox) < cell.Width-v.allow:
				return fmt.Sprintf("tiles %d and %d overlap", j+1, i+1)
			case order && (y < oy-v.allow || sameRow && x < ox):
				return fmt.Sprintf("%s stands before %s", v.fixture(v.act.Picture.Places[i].Stream), v.fixture(v.act.Picture.Places[j].Stream))
			}
		}
	}
	return ""
}

func where(r media.Rect) string { return fmt.Sprintf("%dx%d at %d,%d", r.Width, r.Height, r.X, r.Y) }

func middle(r media.Rect) (x, y float64) {
	return float64(r.X) + float64(r.Width)/2, float64(r.Y) + float64(r.Height)/2
}

// off tells whether at is not the middle of one of the parts of a length.
func (v viewer) off(at, part float64) bool {
	d := math.Mod(at, part) - part/2
	return math.Abs(d) > v.allow
}

// shaped compares every stream of every scene with the aspect ratios of its fixture; where it stands is in the middle of its place.
func shaped(c *check.Case) {
	scenes(c, func(check.Exhibit, expect.Act) bool { return true }, func(x check.Exhibit, a expect.Act) {
		v := viewer{c, x, a, float64(c.Number("tolerance.tile"))}
		for _, p := range a.Picture.Places {
			id := v.fixture(p.Stream)
			shown := v.at(a.Middle())[id]
			if c.Excused(len(shown) > 0, c.Limit("tolerance.layout-change"), x.Takes...) {
				continue
			}
			if len(shown) == 0 {
				c.Blocked(fmt.Sprintf("stream %s in its place at %.1f s", id, a.Middle()), "the stream is not in the picture", x.R)
				continue
			}
			ok := slices.ContainsFunc(shown, func(s media.Appearance) bool { return v.stands(p, s.Rect, id) })
			if c.Excused(ok, c.Limit("tolerance.layout-change"), x.Takes...) {
				continue
			}
			c.Want(ok, fmt.Sprintf("%s whole and in its aspect in the middle of %.0fx%.0f at %.1f s", id, p.Rect.Width, p.Rect.Height, a.Middle()), where(shown[0].Rect), x.R)
		}
	})
}
