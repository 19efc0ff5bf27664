package check

import (
	"fmt"
	"math"
	"slices"

	"reelcheck/conformance/media"
	"reelcheck/fixtures"
)

var sizeChecks = []Check{
	{"ARC-RES-01", in(pair), defaultSize},
	{"ARC-RES-02", in(sizes), sized("480x640")},
	{"ARC-RES-03", in(sizes), sized("1280x720")},
	{"ARC-RES-04", in(sizes), sized("720x1280")},
	{"ARC-RES-05", in(fullHD), sized("1920x1080")},
	{"ARC-RES-06", in(fullHD), sized("1080x1920")},
	{"ARC-RES-08", in(pair, sizes, fullHD), resolutionNamed},
	{"ARC-RATE-13", in(rates), ratesNamed},
	{"ARC-RATE-14", in(rates), qpAccepted},
	{"ARC-LAY-01", in(pair), bestFitTiles},
	{"ARC-LAY-02", in(pair), bestFitTiles},
	{"ARC-LAY-03", in(pair, sizes), aspectKept},
}

// wantedSize is the resolution that a request asks for.
func (c *Case) wantedSize(h *history) string {
	if s := h.request.text("resolution"); s != "" {
		return s
	}
	l, _ := c.ledger.List("resolution")
	return l.Default
}

func (c *Case) sizeOfFile(x exhibit, want string) {
	if x.Video == nil {
		c.wrong(want+" in the file", "no video track"+details(x.file), x.r)
		return
	}
	header, coded := fmt.Sprintf("%dx%d", x.Video.Width, x.Video.Height), fmt.Sprintf("%dx%d", x.Video.CodedWidth, x.Video.CodedHeight)
	c.want(header == want && coded == want, want+" in the file", fmt.Sprintf("%s in the header, %s in the bitstream", header, coded), x.r)
}

func defaultSize(c *Case) {
	want := fmt.Sprintf("%dx%d", c.number("width.default"), c.number("height.default"))
	for _, h := range c.startedArchives() {
		if h.request["resolution"] == nil && h.request.text("outputMode") != "individual" {
			for _, s := range h.seen {
				c.want(s.text("resolution") == want, "resolution "+want, s.show("resolution"), s.at)
			}
		}
	}
	for _, x := range c.exhibits() {
		if x.request["resolution"] == nil && x.request["hasVideo"] != false {
			c.sizeOfFile(x, want)
		}
	}
}

func sized(want string) func(*Case) {
	return func(c *Case) {
		for _, x := range c.exhibits() {
			if x.request.text("resolution") == want {
				c.sizeOfFile(x, want)
			}
		}
	}
}

func resolutionNamed(c *Case) {
	for _, h := range c.startedArchives() {
		if h.request.text("outputMode") == "individual" {
			continue
		}
		want := c.wantedSize(h)
		for _, s := range h.seen {
			c.want(s.text("resolution") == want, "resolution "+want, s.show("resolution"), s.at)
		}
	}
}

func ratesNamed(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			for _, key := range []string{"maxBitrate", "quantizationParameter"} {
				want, given := h.request[key]
				got, present := s.object[key]
				if given {
					c.want(present && sameJSON(got, want), fmt.Sprintf("%s %v", key, want), s.show(key), s.at)
				} else {
					c.want(!present || got == nil, "no "+key, s.show(key), s.at)
				}
			}
		}
	}
}

func qpAccepted(c *Case) {
	for _, a := range c.starts {
		if _, given := a.body["quantizationParameter"]; given && a.clean() {
			c.status(a.Record, 200)
		}
	}
}

// scene is a stretch of a file during which the same streams are published, away from any change.
type scene struct {
	at    float64
	takes []take
}

// scenes are the stretches between changes that leave time to settle.
func (x exhibit) scenes(settle float64) []scene {
	var edges []float64
	for _, t := range x.takes {
		edges = append(edges, t.from, t.to)
	}
	slices.Sort(edges)
	var out []scene
	for i := 1; i < len(edges); i++ {
		from, to := edges[i-1], edges[i]
		if to-from < settle+1 { // not settled before the next change
			continue
		}
		s := scene{at: math.Max((from+to)/2, from+settle)}
		for _, t := range x.takes {
			if t.Kind == "video" && t.from <= from+0.01 && t.to >= to-0.01 {
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
func (x exhibit) tileAt(id string, at float64) (media.Rect, bool) {
	for _, a := range x.Picture.OfStream(id) {
		if a.From <= at && at <= a.To {
			return a.Rect, true
		}
	}
	return media.Rect{}, false
}

func bestFit(h *history) bool {
	layout, given := h.request["layout"].(map[string]any)
	return !given || object(layout).text("type") == "bestFit"
}

// bestFitTiles compares the tiles of each scene with the grid for that many streams.
func bestFitTiles(c *Case) {
	allow := int(c.number("tolerance.tile"))
	for _, x := range c.exhibits() {
		if !bestFit(x.history) || x.request["hasVideo"] == false || x.Picture == nil {
			continue
		}
		for _, s := range x.scenes(c.limit("tolerance.stream-edge").Seconds()) {
			tiles, ok := c.tiles(x, s)
			if ok {
				problem := gridProblem(tiles, x.Picture.Width, x.Picture.Height, allow)
				c.want(problem == "", fmt.Sprintf("%d streams at %.1f s in tiles of equal size, in rows, without overlap", len(tiles), s.at), problem, x.r)
			}
		}
	}
}

// tiles are the rectangles of the streams of a scene; one that is missing is noted.
func (c *Case) tiles(x exhibit, s scene) ([]media.Rect, bool) {
	var out []media.Rect
	for _, t := range s.takes {
		r, ok := x.tileAt(t.Fixture, s.at)
		if !ok {
			c.blocked(fmt.Sprintf("stream %s in its tile at %.1f s", t.Fixture, s.at), "the stream is not in the picture", x.r, t.r)
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
func aspectKept(c *Case) {
	allow := int(c.number("tolerance.tile"))
	manifest, err := fixtures.Load()
	if err != nil {
		c.unclear(err.Error())
		return
	}
	for _, x := range c.exhibits() {
		if !bestFit(x.history) || x.Picture == nil {
			continue
		}
		for _, s := range x.scenes(c.limit("tolerance.stream-edge").Seconds()) {
			tiles, ok := c.tiles(x, s)
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
				c.want(kept && centred, fmt.Sprintf("%s as %d:%d in the middle of its tile", s.takes[i].Fixture, w, h),
					fmt.Sprintf("%dx%d at %d,%d of %dx%d", t.Width, t.Height, t.X, t.Y, x.Picture.Width, x.Picture.Height), x.r)
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
