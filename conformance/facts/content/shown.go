package content

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"reelcheck/conformance/media"
)

// Found returns the stretches of the file in which a track was recognised.
func (x Recording) Found(t Due) []media.Span {
	var out []media.Span
	if t.Kind == "video" {
		for _, a := range x.Picture.OfStream(t.Fixture) {
			out = append(out, media.Span{From: a.From, To: a.To})
		}
		return out
	}
	if x.Sound == nil {
		return nil
	}
	for _, s := range x.Sound.OfTone(t.Fixture) {
		out = append(out, s.Span)
	}
	return out
}

// Over returns how and where a track's picture is turned over, or "".
func (x Recording) Over(t Due) string {
	var s []string
	if t.Kind == "video" && x.Picture != nil {
		for _, o := range x.Picture.Turned {
			if o.ID == t.Fixture {
				s = append(s, fmt.Sprintf("%s from %.1f to %.1f s", o.How, o.From, o.To))
			}
		}
	}
	return strings.Join(s, ", ")
}

// uncovered returns for how many seconds between from and to there is no span.
func uncovered(spans []media.Span, from, to float64) float64 {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b media.Span) int {
		if a.From < b.From {
			return -1
		}
		return 1
	})
	missing, at := 0.0, from
	for _, s := range sorted {
		if s.From > at {
			missing += math.Min(s.From, to) - at
		}
		at = math.Max(at, s.To)
		if at >= to {
			return missing
		}
	}
	return missing + math.Max(0, to-at)
}

func Describe(spans []media.Span) string {
	if len(spans) == 0 {
		return "nowhere in the file"
	}
	var s []string
	for _, x := range spans {
		s = append(s, fmt.Sprintf("%.1f to %.1f s", x.From, x.To))
	}
	return "found from " + strings.Join(s, ", ")
}
