package composed

import (
	"fmt"
	"math"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/media"
	"reelcheck/fixtures"
)

var SizeChecks = []check.Check{
	check.New("ARC-RES-01", check.In(check.Pair), defaultSize),
	check.New("ARC-RES-02", check.In(check.Sizes), sized("480x640")),
	check.New("ARC-RES-03", check.In(check.Sizes), sized("1280x720")),
	check.New("ARC-RES-04", check.In(check.Sizes), sized("720x1280")),
	check.New("ARC-RES-05", check.In(check.FullHD), sized("1920x1080")),
	check.New("ARC-RES-06", check.In(check.FullHD), sized("1080x1920")),
	check.New("ARC-RES-08", check.In(check.Pair, check.Sizes, check.FullHD), resolutionNamed),
	check.New("ARC-RATE-13", check.In(check.Rates), ratesNamed),
	check.New("ARC-RATE-14", check.In(check.Rates), qpAccepted),
	check.New("ARC-LAY-01", check.In(check.Pair, check.Many), bestFitTiles),
	check.New("ARC-LAY-02", check.In(check.Pair), bestFitTiles),
	check.New("ARC-LAY-03", check.In(check.Pair, check.Sizes), aspectKept),
}

// wantedSize is the resolution that a request asks for.
func wantedSize(c *check.Case, h *check.History) string {
	if s := h.Request.Text("resolution"); s != "" {
		return s
	}
	l, _ := c.Ledger.List("resolution")
	return l.Default
}

func sizeOfFile(c *check.Case, x check.Exhibit, want string) {
	if x.Video == nil {
		c.Wrong(want+" in the file", "no video track"+check.Details(x.File), x.R)
		return
	}
	header, coded := fmt.Sprintf("%dx%d", x.Video.Width, x.Video.Height), fmt.Sprintf("%dx%d", x.Video.CodedWidth, x.Video.CodedHeight)
	c.Want(header == want && coded == want, want+" in the file", fmt.Sprintf("%s in the header, %s in the bitstream", header, coded), x.R)
}

func defaultSize(c *check.Case) {
	want := fmt.Sprintf("%dx%d", c.Number("width.default"), c.Number("height.default"))
	for _, h := range c.StartedArchives() {
		if h.Request["resolution"] == nil && h.Request.Text("outputMode") != "individual" {
			for _, s := range h.Seen {
				c.Want(s.Text("resolution") == want, "resolution "+want, s.Show("resolution"), s.At)
			}
		}
	}
	for _, x := range c.Exhibits() {
		if x.Request["resolution"] == nil && x.Request["hasVideo"] != false {
			sizeOfFile(c, x, want)
		}
	}
}

func sized(want string) func(*check.Case) {
	return func(c *check.Case) {
		for _, x := range c.Exhibits() {
			if x.Request.Text("resolution") == want {
				sizeOfFile(c, x, want)
			}
		}
	}
}

func resolutionNamed(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if h.Request.Text("outputMode") == "individual" {
			continue
		}
		want := wantedSize(c, h)
		for _, s := range h.Seen {
			c.Want(s.Text("resolution") == want, "resolution "+want, s.Show("resolution"), s.At)
		}
	}
}

func ratesNamed(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, s := range h.Seen {
			for _, key := range []string{"maxBitrate", "quantizationParameter"} {
				want, given := h.Request[key]
				got, present := s.Object[key]
				if given {
					c.Want(present && check.SameJSON(got, want), fmt.Sprintf("%s %v", key, want), s.Show(key), s.At)
				} else {
					c.Want(!present || got == nil, "no "+key, s.Show(key), s.At)
				}
			}
		}
	}
}

func qpAccepted(c *check.Case) {
	for _, a := range c.Starts {
		if _, given := a.Body["quantizationParameter"]; given && a.Clean() {
			c.Status(a.Record, 200)
		}
	}
}

// scene is a stretch of a file during which the same streams are published, away from any change.
type scene struct {
	at    float64
	takes []check.Take
}

// scenes are the stretches between changes that leave time to settle.
func scenes(x check.Exhibit, settle float64) []scene {
	var edges []float64
	for _, t := range x.Takes {
		edges = append(edges, t.From, t.To)
	}
	slices.Sort(edges)
	var out []scene
	for i := 1; i < len(edges); i++ {
		from, to := edges[i-1], edges[i]
		if to-from < settle+1 { // not settled before the next change
			continue
		}
		s := scene{at: math.Max((from+to)/2, from+settle)}
		for _, t := range x.Takes {
			if t.Kind == "video" && t.From <= from+0.01 && t.To >= to-0.01 {
				s.takes = append(s.takes, t)
			}
		}
		if len(s.takes) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// tileAt is where a stream is shown at a moment.
func tileAt(x check.Exhibit, id string, at float64) (media.Rect, bool) {
	for _, a := range x.Picture.OfStream(id) {
		if a.From <= at && at <= a.To {
			return a.Rect, true
		}
	}
	return media.Rect{}, false
}

func bestFit(h *check.History) bool {
	layout, given := h.Request["layout"].(map[string]any)
	return !given || check.Object(layout).Text("type") == "bestFit"
}

// bestFitTiles compares the tiles of each scene with the grid for that many streams.
func bestFitTiles(c *check.Case) {
	allow := int(c.Number("tolerance.tile"))
	for _, x := range c.Exhibits() {
		if !bestFit(x.History) || x.Request["hasVideo"] == false || x.Picture == nil {
			continue
		}
		for _, s := range scenes(x, c.Limit("tolerance.stream-edge").Seconds()) {
			tiles, ok := tiles(c, x, s)
			if ok {
				problem := gridProblem(tiles, x.Picture.Width, x.Picture.Height, allow)
				c.Want(problem == "", fmt.Sprintf("%d streams at %.1f s in tiles of equal size, in rows, without overlap", len(tiles), s.at), problem, x.R)
			}
		}
	}
}

// tiles are the rectangles of the streams of a scene; one that is missing is noted.
func tiles(c *check.Case, x check.Exhibit, s scene) ([]media.Rect, bool) {
	var out []media.Rect
	for _, t := range s.takes {
		r, ok := tileAt(x, t.Fixture, s.at)
		if !ok {
			c.Blocked(fmt.Sprintf("stream %s in its tile at %.1f s", t.Fixture, s.at), "the stream is not in the picture", x.R, t.R)
			return nil, false
		}
		out = append(out, r)
	}
	return out, true
}

// gridProblem says what is wrong with tiles of 4:3 streams in a picture of w by h, empty if nothing.
func gridProblem(tiles []media.Rect, w, h, allow int) string {
	columns, rows := grid(len(tiles))
	cellW, cellH := w/columns, h/rows
	wantW, wantH := fit(4, 3, cellW, cellH)
	for i, t := range tiles {
		if abs(t.Width-wantW) > allow || abs(t.Height-wantH) > allow {
			return fmt.Sprintf("tile %d is %dx%d, want %dx%d", i+1, t.Width, t.Height, wantW, wantH)
		}
		if t.X < -allow || t.Y < -allow || t.X+t.Width > w+allow || t.Y+t.Height > h+allow {
			return fmt.Sprintf("tile %d at %d,%d leaves the picture", i+1, t.X, t.Y)
		}
		for j, o := range tiles[:i] {
			if overlap(t.X, t.Width, o.X, o.Width) > allow && overlap(t.Y, t.Height, o.Y, o.Height) > allow {
				return fmt.Sprintf("tiles %d and %d overlap", j+1, i+1)
			}
			sameRow := abs(t.Y-o.Y) <= allow
			if !sameRow && overlap(t.Y, t.Height, o.Y, o.Height) > allow {
				return fmt.Sprintf("tiles %d and %d are not in rows", j+1, i+1)
			}
		}
	}
	return ""
}

// grid is the published one: 1, 2x1, 2x2, 3x3, and 4x4 beyond.
func grid(n int) (columns, rows int) {
	switch {
	case n <= 1:
		return 1, 1
	case n == 2:
		return 2, 1
	case n <= 4:
		return 2, 2
	case n <= 9:
		return 3, 3
	}
	return 4, 4
}

// fit is the largest size of an aspect ratio inside a box.
func fit(aw, ah, w, h int) (int, int) {
	if w*ah <= h*aw {
		return w, w * ah / aw
	}
	return h * aw / ah, h
}

func overlap(a, aw, b, bw int) int { return min(a+aw, b+bw) - max(a, b) }

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// aspectKept compares each appearance with the aspect ratio of its fixture, and a single stream with the middle of the picture.
func aspectKept(c *check.Case) {
	allow := int(c.Number("tolerance.tile"))
	manifest, err := fixtures.Load()
	if err != nil {
		c.Unclear(err.Error())
		return
	}
	for _, x := range c.Exhibits() {
		if !bestFit(x.History) || x.Picture == nil {
			continue
		}
		for _, s := range scenes(x, c.Limit("tolerance.stream-edge").Seconds()) {
			tiles, ok := tiles(c, x, s)
			if !ok {
				continue
			}
			for i, t := range tiles {
				w, h := aspectOf(manifest, s.takes[i].Fixture)
				if w == 0 {
					continue
				}
				wantW, wantH := fit(w, h, t.Width+allow, t.Height+allow)
				kept := wantW >= t.Width-allow && wantH >= t.Height-allow
				columns, rows := grid(len(tiles))
				centred := centredIn(t.X, t.Width, x.Picture.Width, columns, allow) && centredIn(t.Y, t.Height, x.Picture.Height, rows, allow) || len(tiles) > 4
				c.Want(kept && centred, fmt.Sprintf("%s as %d:%d in the middle of its tile", s.takes[i].Fixture, w, h),
					fmt.Sprintf("%dx%d at %d,%d of %dx%d", t.Width, t.Height, t.X, t.Y, x.Picture.Width, x.Picture.Height), x.R)
			}
		}
	}
}

// centredIn: the middle of a stretch is the middle of one of n equal parts of the whole, or of two of them together.
func centredIn(at, size, whole, n, allow int) bool {
	middle := 2*at + size
	for i := 1; i < 2*n; i++ {
		if abs(middle-whole*i/n) <= 2*allow {
			return true
		}
	}
	return false
}

func aspectOf(m fixtures.Manifest, id string) (w, h int) {
	for _, v := range m.Videos {
		if v.ID == id && len(v.Parts) == 1 {
			return v.Width, v.Height
		}
	}
	return 0, 0
}
