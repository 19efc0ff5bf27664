package individual

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media/matroska"
	"reelcheck/fixtures"
)

// frameChecks are about the frames of a file, wherever in time they are.
var frameChecks = []check.Check{
	check.New("ARC-IND-10", codecAsSent("VP9", "V_VP9"), scenarios.Kinds),
	check.New("ARC-IND-11", asReceived, scenarios.Captures, scenarios.Kinds, scenarios.Matroska),
	check.New("ARC-IND-13", declaredSize, scenarios.Captures),
	check.New("ARC-IND-14", changingSize, scenarios.Captures),
	check.New("ARC-IND-19", opus, scenarios.Captures),
}

// tracks goes through the tracks with frames of all files.
func tracks(c *check.Case, each func(b *bundle, f *file, t *track)) {
	for _, b := range bundles(c) {
		for _, f := range b.files {
			for _, t := range f.tracks {
				if len(t.Frames) > 0 {
					each(b, f, t)
				}
			}
		}
	}
}

// asReceived: each frame was sent, once and in order, and nothing between the first and the last of a stretch is missing.
func asReceived(c *check.Case) {
	tracks(c, func(b *bundle, f *file, t *track) {
		by, ok := t.by()
		if !ok {
			c.Wrong("frames that were sent", fmt.Sprintf("%d frames of %s in %s, which nobody sent", len(t.Frames), t.Codec, f.entry.Name), b.r)
			return
		}
		what := fmt.Sprintf("%s of %s", t.Type, f.stream.client)
		known := t.known()
		c.Want(len(known) == len(t.Frames), fmt.Sprintf("%d frames as they were sent: %s", len(t.Frames), what), fmt.Sprintf("%d of them", len(known)), b.r, by)
		ascending := slices.IsSortedFunc(known, func(i, j int) int { return t.captured(i).Compare(t.captured(j)) })
		c.Want(ascending, "frames in the order in which they were sent: "+what, "in another order", b.r, by)
	})
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			for _, d := range s.all() {
				complete(c, b, s, d)
			}
		}
	}
}

// complete wants every unit of a track that was sent between the first and the last of a stretch that are in its files, once.
func complete(c *check.Case, b *bundle, s *stream, d *due) {
	p := d.by.Published
	found := b.found(s, d)
	for _, span := range d.spans {
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
		if len(units) > 0 && !c.Excused(ok, check.Stalled, content.Take{Published: *p}) {
			c.Want(ok, fmt.Sprintf("%s of %s, each unit once", p.Kind, s.client), fmt.Sprintf("%d found, %d missing between them, %d more than once", len(units), missing, twice), b.r, d.by)
		}
	}
}

// codecAsSent looks at pictures that were published in a codec other than the one preferred.
func codecAsSent(codec, id string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundles(c) {
			for _, s := range b.streams {
				published := len(s.due[matroska.Video]) == 1 && s.due[matroska.Video][0].by.Published.Codec == codec
				if !published || !s.holds(matroska.Video) {
					continue
				}
				recorded(c, b, s, matroska.Video)
				for _, f := range b.of(s) {
					t := f.track(matroska.Video)
					if t == nil {
						continue
					}
					ext, _ := container(preferred(c, b.History), f)
					c.Want(t.Codec == id && len(t.known()) == len(t.Frames) && f.entry.Ext() == ext, fmt.Sprintf("%s as it was sent, in a %s file", codec, ext),
						fmt.Sprintf("%s, %d of its frames as they were sent", f.contents(), len(t.known())), b.r, s.record())
				}
			}
		}
	}
}

// declaredSize: the usual one, or a right one.
func declaredSize(c *check.Case) {
	width, height := int(c.Number("individual.header-width")), int(c.Number("individual.header-height"))
	tracks(c, func(b *bundle, f *file, t *track) {
		if t.Type != matroska.Video {
			return
		}
		ok := t.Width == width && t.Height == height || slices.ContainsFunc(t.Sizes, func(s matroska.Size) bool { return s.Width == t.Width && s.Height == t.Height })
		c.Want(ok, fmt.Sprintf("a header of %dx%d, or a size that the pictures have", width, height), fmt.Sprintf("%s says %dx%d", f.entry.Name, t.Width, t.Height), b.r)
	})
}

// partsOf are the stretches of different size of a fixture.
func partsOf(c *check.Case, id string) []fixtures.Part {
	type key string
	return facts.Keep(c.Facts, key(id), func() []fixtures.Part {
		m, err := fixtures.Load()
		if err != nil {
			return nil
		}
		v, err := m.Video(id)
		if err != nil {
			return nil
		}
		return v.Parts
	})
}

// changingSize wants pictures of different sizes of one stream in one file, in the sizes in which they were sent.
func changingSize(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			sizes := map[string]bool{}
			var wrong []string
			for _, f := range b.of(s) {
				if t := f.track(matroska.Video); t != nil {
					wrong = append(wrong, t.resized(c, sizes)...)
				}
			}
			if len(sizes) < 2 {
				continue // not long enough for two
			}
			if n := len(b.of(s)); n != len(s.segments) {
				wrong = append(wrong, fmt.Sprintf("%d files for %d segments", n, len(s.segments)))
			}
			c.Want(len(wrong) == 0, fmt.Sprintf("pictures of %d sizes of %s in one file, as they were sent", len(sizes), s.client), facts.Clip(strings.Join(wrong, "; "), 300), b.r, s.record())
		}
	}
}

// resized compares the sizes of pictures with those that were sent, which it notes.
func (t *track) resized(c *check.Case, sizes map[string]bool) (wrong []string) {
	for _, i := range t.known() {
		p := t.from[i].by.Published
		parts, at := partsOf(c, p.Fixture), int(t.units[i])%p.LoopUnits
		k := slices.IndexFunc(parts, func(part fixtures.Part) bool { return at >= part.From && at < part.To })
		if k < 0 {
			continue
		}
		width, height := t.SizeAt(i)
		sizes[fmt.Sprintf("%dx%d", parts[k].Width, parts[k].Height)] = true
		if width != parts[k].Width || height != parts[k].Height {
			wrong = append(wrong, fmt.Sprintf("frame %d is %dx%d", i, width, height))
		}
	}
	return wrong
}

func opus(c *check.Case) {
	tracks(c, func(b *bundle, f *file, t *track) {
		if t.Type == matroska.Audio {
			c.Want(t.Codec == "A_OPUS", "Opus", t.Codec+" in "+f.entry.Name, b.r)
		}
	})
}
