package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/individual"
)

// File returns the forensics report of a file. ok is false when the file is not readable as media, and when the evidence
// cannot be read, which it notes.
func (c *Case) File(r evidence.Record) (f content.File, ok bool) {
	f, err := content.FileOf(c.Facts, r)
	if err != nil {
		c.Unclear(err.Error())
		return f, false
	}
	return f, f.Readable()
}

// Zip returns the report on a ZIP. ok is false when the evidence cannot be read, which it notes.
func (c *Case) Zip(r evidence.Record) (z individual.Report, ok bool) {
	z, err := content.ZipOf(c.Facts, r)
	if err != nil {
		c.Unclear(err.Error())
	}
	return z, err == nil
}

// Decrypted returns the encrypted composed archives that recorded something, with the report on the decrypted file. It
// notes a contradiction for an archive that could not be decrypted or read.
func (c *Case) Decrypted() []content.Recording { return c.decrypted(c.Wrong) }

// Opened returns those of [Case.Decrypted] that can be read, and leaves the others to ARC-SEC-06.
func (c *Case) Opened() []content.Recording {
	return c.decrypted(func(string, string, ...evidence.Record) {})
}

func (c *Case) decrypted(wrong func(expected, actual string, at ...evidence.Record)) []content.Recording {
	var out []content.Recording
	for _, h := range c.EveryArchive() {
		p := content.ExpectedOf(c.Facts, h)
		if !c.Encrypted(h) || h.IsIndividual() || len(h.Opened) == 0 || len(p.Timeline.Tracks) == 0 {
			continue
		}
		opened := h.Opened[len(h.Opened)-1]
		if opened.Opened.Error != "" || len(h.Media) == 0 {
			wrong("an object that the holder of the private key can decrypt", opened.Opened.Error, opened)
			continue
		}
		r := h.Media[len(h.Media)-1]
		f, ok := c.File(r)
		if !ok {
			wrong("a readable transport stream", content.FileKind(r, f), opened, r)
			continue
		}
		out = append(out, content.Recording{History: h, File: f, R: r, Expected: p})
	}
	return out
}

// Recordings returns the composed archives that recorded something and whose file was delivered and read. It notes a
// contradiction for a delivered file that is unreadable. Encrypted archives are left to [Case.Decrypted].
func (c *Case) Recordings() []content.Recording {
	var out []content.Recording
	for _, h := range c.EveryArchive() {
		if p := content.ExpectedOf(c.Facts, h); !h.IsIndividual() && p.Enough(c.Facts) && !c.Encrypted(h) {
			out = append(out, c.recorded(h, p)...)
		}
	}
	return out
}

// Covers reports whether the spans in which a track was found fill a stretch of it, apart from its edges.
func (c *Case) Covers(t content.Due, spans []media.Span) bool {
	return t.Missing(spans, c.Limit("tolerance.stream-edge").Seconds()) < c.Limit("tolerance.blink").Seconds()
}

// Lacking returns the clause that is broken by the way in which a published track is not in the file, with where it was
// found. It returns "" if nothing is missing. A stream may be there but not throughout, without one of its tracks, or not at
// all.
func (c *Case) Lacking(x content.Recording, t content.Due) (clause string, spans []media.Span) {
	spans = x.Found(t)
	others := slices.ContainsFunc(x.Due, func(u content.Due) bool {
		return u.Kind != t.Kind && u.R.IDs[evidence.Stream] == t.R.IDs[evidence.Stream] && len(x.Found(u)) > 0
	})
	switch {
	case c.Covers(t, spans):
		return "", spans
	case x.Over(t) != "":
		return "ARC-COMP-35", spans
	case len(spans) > 0 && t.Still():
		return "ARC-COMP-28", spans
	case len(spans) > 0:
		return "ARC-START-04", spans
	case others && t.Kind == "video":
		return "ARC-COMP-12", spans
	case others:
		return "ARC-COMP-13", spans
	case c.Automatic(x.History):
		return "ARC-AUTO-04", spans
	}
	return "ARC-SEL-01", spans
}

// Held notes whether a published track is in the file as long as it was published. If that breaks another clause, the
// contradiction follows from it.
func (c *Case) Held(x content.Recording, t content.Due) {
	expected := fmt.Sprintf("%s of %s (%s) from %.1f to %.1f s, give or take %.0f s", t.Kind, t.Client, t.Fixture, t.From, t.To, c.Limit("tolerance.stream-edge").Seconds())
	broken, spans := c.Lacking(x, t)
	switch broken {
	case "", c.clause:
		c.Want(broken == "", expected, content.Describe(spans), x.R, t.R)
	default:
		c.Follows(broken, expected, cmp.Or(x.Over(t), content.Describe(spans)), x.R, t.R)
	}
}

// Absent notes that something cannot be shown because a published track is not in the file.
func (c *Case) Absent(x content.Recording, t content.Due, expected string) {
	actual := cmp.Or(x.Over(t), "it is not in the file")
	if broken, _ := c.Lacking(x, t); broken != "" && broken != c.clause {
		c.Follows(broken, expected, actual, x.R, t.R)
		return
	}
	c.Blocked(expected, actual, x.R, t.R)
}

// Chosen is Recordings for the archives of chosen streams.
func (c *Case) Chosen() []content.Recording {
	var out []content.Recording
	for _, h := range c.StartedArchives() {
		if h.IsManual() && !h.IsIndividual() && c.Sessions[h.Start.IDs[evidence.Session]] != nil {
			out = append(out, c.recorded(h, content.ExpectedOfChosen(c.Facts, h))...)
		}
	}
	return out
}

// recorded returns what is known of a delivered file. If the file cannot be read, it notes a contradiction.
func (c *Case) recorded(h *facts.History, p content.Expected) []content.Recording {
	if len(h.Media) == 0 {
		return nil
	}
	r := h.Media[len(h.Media)-1]
	f, ok := c.File(r)
	if !ok {
		c.Wrong("a readable MP4 file", content.FileKind(r, f), r)
		return nil
	}
	return []content.Recording{{History: h, File: f, R: r, Expected: p}}
}

// Judge returns a check that calls of for each recording. The function returns what the recording should be, what it is,
// and whether it is right. If expected is empty, the clause does not concern the recording.
func Judge(of func(*Case, content.Recording) (expected, actual string, ok bool)) func(*Case) {
	return func(c *Case) {
		for _, x := range c.Recordings() {
			expected, actual, ok := of(c, x)
			if expected != "" {
				c.Want(ok, expected, actual, x.R)
			}
		}
	}
}

// Video and Audio are Judge for the archives that were asked to hold video or audio.
func Video(of func(*Case, content.Recording, media.Video) (expected, actual string, ok bool)) func(*Case) {
	return Judge(func(c *Case, x content.Recording) (string, string, bool) {
		switch {
		case !x.Request.Asks("video"):
			return "", "", true
		case x.Video == nil:
			return "a video track", "tracks " + strings.Join(x.Tracks, ", ") + content.Details(x.File), false
		}
		return of(c, x, *x.Video)
	})
}

func Audio(of func(*Case, content.Recording, media.Audio) (expected, actual string, ok bool)) func(*Case) {
	return Judge(func(c *Case, x content.Recording) (string, string, bool) {
		switch {
		case !x.Request.Asks("audio"):
			return "", "", true
		case x.Audio == nil:
			return "an audio track", "tracks " + strings.Join(x.Tracks, ", ") + content.Details(x.File), false
		}
		return of(c, x, *x.Audio)
	})
}

// Quantized reports whether the slices of a video have the quantization parameter qp. Intra slices may have a lower one, and
// slices of B-frames a higher one.
func (c *Case) Quantized(v media.Video, qp int) bool {
	lower, higher := int(c.Number("tolerance.intra-qp")), 0
	if v.BFrames > 0 {
		higher = int(c.Number("tolerance.b-qp"))
	}
	given := v.QP.Intra[qp]+v.QP.Inter[qp] > 0
	for q := range v.QP.Intra {
		given = given && q <= qp && q >= qp-lower
	}
	for q := range v.QP.Inter {
		given = given && q >= qp && q <= qp+higher
	}
	return given
}
