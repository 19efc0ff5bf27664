package composed

import (
	"fmt"
	"math"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
)

var sizeChecks = []check.Check{
	check.New("ARC-RES-01", defaultSize, scenarios.Pair),
	check.New("ARC-RES-02", sized("480x640"), scenarios.Sizes),
	check.New("ARC-RES-03", sized("1280x720"), scenarios.Sizes),
	check.New("ARC-RES-04", sized("720x1280"), scenarios.Sizes),
	check.New("ARC-RES-05", sized("1920x1080"), scenarios.FullHD),
	check.New("ARC-RES-06", sized("1080x1920"), scenarios.FullHD),
	check.New("ARC-RES-08", resolutionNamed, scenarios.Pair, scenarios.Sizes, scenarios.FullHD, scenarios.AudioOnly),
}

// wantedSize returns the resolution that a request asks for.
func wantedSize(c *check.Case, h *facts.History) string {
	if s := h.Request.Text("resolution"); s != "" {
		return s
	}
	l, _ := c.Ledger.List("resolution")
	return l.Default
}

func sizeOfFile(c *check.Case, x content.Recording, want string) {
	if x.Video == nil {
		c.Wrong(want+" in the file", "no video track"+content.Details(x.File), x.R)
		return
	}
	v := x.Video
	square := v.PixelAspect == 0 || math.Abs(v.PixelAspect-1) < c.Share("tolerance.pixel-aspect-percent")
	shown := fmt.Sprintf("%.0fx%.0f", v.ShownWidth, v.ShownHeight)
	c.Want(square && !v.Turned && (v.ShownWidth == 0 || shown == want), "a player shows "+want, fmt.Sprintf("shown as %s with pixels of %.3f:1, turned %v", shown, v.PixelAspect, v.Turned), x.R)
	header, coded := fmt.Sprintf("%dx%d", x.Video.Width, x.Video.Height), fmt.Sprintf("%dx%d", x.Video.CodedWidth, x.Video.CodedHeight)
	c.Want(header == want && coded == want, want+" in the file", fmt.Sprintf("%s in the header, %s in the bitstream", header, coded), x.R)
}

func defaultSize(c *check.Case) {
	want := fmt.Sprintf("%dx%d", c.Number("width.default"), c.Number("height.default"))
	for _, h := range c.EveryArchive() {
		if h.Request["resolution"] == nil && !h.IsIndividual() {
			for _, s := range h.Seen {
				c.Want(s.Text("resolution") == want, "resolution "+want, s.Show("resolution"), s.At)
			}
		}
	}
	for _, x := range c.Recordings() {
		if x.Request["resolution"] == nil && x.Request.Asks("video") {
			sizeOfFile(c, x, want)
		}
	}
}

func sized(want string) func(*check.Case) {
	return func(c *check.Case) {
		for _, x := range c.Recordings() {
			if x.Request.Text("resolution") == want {
				sizeOfFile(c, x, want)
			}
		}
	}
}

func resolutionNamed(c *check.Case) {
	for _, h := range c.EveryArchive() {
		if h.IsIndividual() {
			continue
		}
		want := wantedSize(c, h)
		for _, s := range h.Seen {
			c.Want(s.Text("resolution") == want, "resolution "+want, s.Show("resolution"), s.At)
		}
	}
}
