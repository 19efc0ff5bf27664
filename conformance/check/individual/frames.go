package individual

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/text"
)

// frameChecks are about the frames of a file, apart from their times.
var frameChecks = []check.Check{
	check.New("ARC-IND-10", codecAsSent("VP9", "V_VP9"), scenarios.Kinds, scenarios.VP9),
	check.New("ARC-IND-11", asReceived, scenarios.Captures, scenarios.Kinds, scenarios.Matroska),
	check.New("ARC-IND-13", declaredSize, scenarios.Captures),
	check.New("ARC-IND-14", changingSize, scenarios.Captures),
	check.New("ARC-IND-19", opus, scenarios.Captures),
}

// tracks calls each with the tracks with frames of all files.
func tracks(c *check.Case, each func(b *bundle.Bundle, f *bundle.File, t *bundle.Track)) {
	for _, b := range bundle.Bundles(c) {
		for _, f := range b.Files {
			for _, t := range f.Tracks {
				if len(t.Frames) > 0 {
					each(b, f, t)
				}
			}
		}
	}
}

// asReceived checks that each frame was sent, appears once and in order, and that nothing is missing between the first
// and the last frame of a stretch.
func asReceived(c *check.Case) {
	tracks(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track) {
		by, ok := t.By()
		if !ok {
			c.Wrong("frames that were sent", fmt.Sprintf("%d frames of %s in %s, which nobody sent", len(t.Frames), t.Codec, f.Entry.Name), b.R)
			return
		}
		what := fmt.Sprintf("%s of %s", t.Type, f.Stream.Client)
		known := t.Known()
		c.Want(len(known) == len(t.Frames), fmt.Sprintf("%d frames as they were sent: %s", len(t.Frames), what), fmt.Sprintf("%d of them", len(known)), b.R, by)
		ascending := slices.IsSortedFunc(known, func(i, j int) int { return t.Captured(i).Compare(t.Captured(j)) })
		c.Want(ascending, "frames in the order in which they were sent: "+what, "in another order", b.R, by)
	})
	for _, b := range bundle.Bundles(c) {
		for _, s := range b.Streams {
			for _, d := range s.All() {
				complete(c, b, s, d)
			}
		}
	}
}

// complete checks that a track's files hold every unit once that was sent between the first and the last unit of a
// stretch in them.
func complete(c *check.Case, b *bundle.Bundle, s *bundle.Stream, d *bundle.Due) {
	p := d.By.Published
	found := b.Found(s, d)
	for _, span := range d.Spans {
		var units []int64
		twice := 0
		for n, times := range found {
			if span.Covers(p.Captured(n)) {
				units = append(units, n)
			}
			if times > 1 {
				twice++
			}
		}
		missing := len(content.Missing(units, p))
		ok := missing == 0 && twice == 0
		if len(units) > 0 && !c.Excused(ok, c.Limit("tolerance.publisher-late"), content.Due{Published: *p}) {
			c.Want(ok, fmt.Sprintf("%s of %s, each unit once", p.Kind, s.Client), fmt.Sprintf("%d found, %d missing between them, %d more than once", len(units), missing, twice), b.R, d.By)
		}
	}
}

// codecAsSent judges pictures that were published in another codec than the preferred one.
func codecAsSent(codec, id string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundle.Bundles(c) {
			for _, s := range b.Streams {
				published := len(s.Due[matroska.Video]) == 1 && s.Due[matroska.Video][0].By.Published.Codec == codec
				if !published || !s.Holds(matroska.Video) {
					continue
				}
				recorded(c, b, s, matroska.Video)
				for _, f := range b.Of(s) {
					t := f.Track(matroska.Video)
					if t == nil {
						continue
					}
					ext, _ := container(preferred(c, b.History), f)
					c.Want(t.Codec == id && len(t.Known()) == len(t.Frames) && f.Entry.Ext() == ext, fmt.Sprintf("%s as it was sent, in a %s file", codec, ext),
						fmt.Sprintf("%s, %d of its frames as they were sent", f.Contents(), len(t.Known())), b.R, s.Record())
				}
			}
		}
	}
}

// declaredSize allows the usual size and the right one.
func declaredSize(c *check.Case) {
	width, height := int(c.Number("individual.header-width")), int(c.Number("individual.header-height"))
	tracks(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track) {
		if t.Type != matroska.Video {
			return
		}
		ok := t.Width == width && t.Height == height || slices.ContainsFunc(t.Sizes, func(s matroska.Size) bool { return s.Width == t.Width && s.Height == t.Height })
		c.Want(ok, fmt.Sprintf("a header of %dx%d, or a size that the pictures have", width, height), fmt.Sprintf("%s says %dx%d", f.Entry.Name, t.Width, t.Height), b.R)
	})
}

// changingSize checks that a stream whose pictures change their size is in one file, and that each picture has the size
// in which it was sent.
func changingSize(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		for _, s := range b.Streams {
			sizes := map[string]bool{}
			var wrong []string
			for _, f := range b.Of(s) {
				if t := f.Track(matroska.Video); t != nil {
					wrong = append(wrong, t.Resized(c, sizes)...)
				}
			}
			if len(sizes) < 2 {
				continue // too short for two sizes
			}
			if n := len(b.Of(s)); n != len(s.Segments) {
				wrong = append(wrong, fmt.Sprintf("%d files for %d segments", n, len(s.Segments)))
			}
			c.Want(len(wrong) == 0, fmt.Sprintf("pictures of %d sizes of %s in one file, as they were sent", len(sizes), s.Client), text.Clip(strings.Join(wrong, "; "), 300), b.R, s.Record())
		}
	}
}

func opus(c *check.Case) {
	tracks(c, func(b *bundle.Bundle, f *bundle.File, t *bundle.Track) {
		if t.Type == matroska.Audio {
			c.Want(t.Codec == "A_OPUS", "Opus", t.Codec+" in "+f.Entry.Name, b.R)
		}
	})
}
