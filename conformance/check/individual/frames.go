package individual

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/scenario/name"
	"reelcheck/fixtures"
)

// frameChecks are about the frames of a file, wherever in time they are.
var frameChecks = []check.Check{
	check.New("ARC-IND-10", check.In(name.Kinds), codecAsSent("VP9", "V_VP9")),
	check.New("ARC-IND-11", check.In(name.Captures, name.Kinds, name.Matroska), asReceived),
	check.New("ARC-IND-13", check.In(name.Captures), declaredSize),
	check.New("ARC-IND-14", check.In(name.Captures), changingSize),
	check.New("ARC-IND-19", check.In(name.Captures), opus),
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
		if t.due == nil {
			c.Wrong("frames that were sent", fmt.Sprintf("%d frames of %s in %s, which nobody sent", len(t.Frames), t.Codec, f.entry.Name), b.r)
			return
		}
		what := fmt.Sprintf("%s of %s", t.Type, f.stream.client)
		known := t.known()
		c.Want(len(known) == len(t.Frames), fmt.Sprintf("%d frames as they were sent: %s", len(t.Frames), what), fmt.Sprintf("%d of them", len(known)), b.r, t.due.by)
		ascending := slices.IsSortedFunc(known, func(i, j int) int { return int(t.units[i] - t.units[j]) })
		c.Want(ascending, "frames in the order in which they were sent: "+what, "in another order", b.r, t.due.by)
	})
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			for kind, d := range s.due {
				complete(c, b, s, kind, d)
			}
		}
	}
}

// complete wants every unit of a track that was sent between the first and the last of a stretch that are in its files, once.
func complete(c *check.Case, b *bundle, s *stream, kind string, d *due) {
	found := b.found(s, kind)
	for _, span := range d.spans {
		m := newMatcher(d.by.Published, span.From, span.To)
		first, last := int64(none), int64(none)
		for n := m.lo; n <= m.hi; n++ {
			if found[n] > 0 {
				if first == none {
					first = n
				}
				last = n
			}
		}
		if first == none {
			continue
		}
		missing, twice := 0, 0
		for n := first; n <= last; n++ {
			switch {
			case found[n] > 1:
				twice++
			case found[n] == 0 && d.by.Published.Sent(n):
				missing++
			}
		}
		ok := missing == 0 && twice == 0
		if !c.Excused(ok, check.Stalled, check.Take{Published: *d.by.Published}) {
			c.Want(ok, fmt.Sprintf("%d units of %s of %s, each once", last-first+1, kind, s.client), fmt.Sprintf("%d missing, %d more than once", missing, twice), b.r, d.by)
		}
	}
}

// codecAsSent looks at pictures that were published in a codec other than the one preferred.
func codecAsSent(codec, id string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundles(c) {
			for _, s := range b.streams {
				d := s.due[matroska.Video]
				if d == nil || d.by.Published.Codec != codec || !s.holds(matroska.Video) {
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
						fmt.Sprintf("%s, %d of its frames as they were sent", f.contents(), len(t.known())), b.r, d.by)
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
func partsOf(id string) []fixtures.Part {
	m, err := fixtures.Load()
	if err != nil {
		return nil
	}
	v, err := m.Video(id)
	if err != nil {
		return nil
	}
	return v.Parts
}

// changingSize wants pictures of different sizes of one stream in one file, in the sizes in which they were sent.
func changingSize(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			d := s.due[matroska.Video]
			if d == nil || !s.holds(matroska.Video) || len(partsOf(d.by.Published.Fixture)) < 2 {
				continue
			}
			sizes := map[string]bool{}
			var wrong []string
			for _, f := range b.of(s) {
				if t := f.track(matroska.Video); t != nil {
					wrong = append(wrong, t.resized(sizes)...)
				}
			}
			if len(sizes) < 2 {
				continue // not long enough for two
			}
			if n := len(b.of(s)); n != len(s.segments) {
				wrong = append(wrong, fmt.Sprintf("%d files for %d segments", n, len(s.segments)))
			}
			c.Want(len(wrong) == 0, fmt.Sprintf("pictures of %d sizes of %s in one file, as they were sent", len(sizes), s.client), check.Clip(strings.Join(wrong, "; "), 300), b.r, d.by)
		}
	}
}

// resized compares the sizes of pictures with those that were sent, which it notes.
func (t *track) resized(sizes map[string]bool) (wrong []string) {
	parts := partsOf(t.due.by.Published.Fixture)
	loop := t.due.by.Published.LoopUnits
	for _, i := range t.known() {
		at := int(t.units[i]) % loop
		k := slices.IndexFunc(parts, func(p fixtures.Part) bool { return at >= p.From && at < p.To })
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
