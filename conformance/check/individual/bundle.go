// Package individual judges individual archives: the ZIP, its manifest, and the frames of its files, which are compared with what
// the publishers sent.
package individual

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	zipped "reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
)

// bundle is an individual archive that was delivered, with the streams that it has to hold.
type bundle struct {
	*facts.History
	r        evidence.Record
	zip      zipped.Report
	manifest zipped.Manifest
	listed   bool // the manifest is there
	files    []*file
	streams  []*stream // in the order of their publication
}

// file is a media file of the ZIP.
type file struct {
	entry  zipped.Entry
	about  zipped.Object // what the manifest says of it
	listed bool
	id     string  // of its stream, by the manifest or else by its name
	stream *stream // nil: none that was published
	tracks []*track
}

// track is a track of a file, with what was published that each frame is.
type track struct {
	matroska.Track
	units []int64
	from  []*due // what the units are of; nil where there is none
}

// zero is when the file's time zero is, told by frame i; ok is false for a frame that was not sent.
func (t *track) zero(i int) (at time.Time, ok bool) {
	if t.from[i] == nil {
		return at, false
	}
	return t.captured(i).Add(-t.Presented(i)), true
}

// captured is when frame i was captured.
func (t *track) captured(i int) time.Time { return t.from[i].by.Published.Captured(t.units[i]) }

// known are the indices of frames that were sent.
func (t *track) known() []int {
	var out []int
	for i, d := range t.from {
		if d != nil {
			out = append(out, i)
		}
	}
	return out
}

// by is the evidence of what was published; ok is false when nothing in the track was.
func (t *track) by() (r evidence.Record, ok bool) {
	known := t.known()
	if len(known) == 0 {
		return r, false
	}
	return t.from[known[0]].by, true
}

// track is that of a type with frames, nil if there is none.
func (f *file) track(kind string) *track {
	i := slices.IndexFunc(f.tracks, func(t *track) bool { return t.Type == kind && len(t.Frames) > 0 })
	if i < 0 {
		return nil
	}
	return f.tracks[i]
}

// first is when the file's first frame was captured; ok is false when nothing in it was sent.
func (f *file) first() (at time.Time, ok bool) { return f.edge(false) }

// last is when its last frame was captured.
func (f *file) last() (at time.Time, ok bool) { return f.edge(true) }

func (f *file) edge(last bool) (at time.Time, ok bool) {
	for _, t := range f.tracks {
		for _, i := range t.known() {
			if c := t.captured(i); !ok || c.After(at) == last {
				at, ok = c, true
			}
		}
	}
	return at, ok
}

// bundles are the individual archives whose ZIP was read. One that has no readable ZIP is for ARC-IND-01 to complain of.
func bundles(c *check.Case) []*bundle {
	type all struct{}
	return facts.Once(c.Facts, all{}, func() []*bundle { return openAll(c) })
}

func openAll(c *check.Case) []*bundle {
	var out []*bundle
	for _, h := range c.StartedArchives() {
		if !h.IsIndividual() || len(h.Individual) == 0 {
			continue
		}
		r := h.Individual[len(h.Individual)-1]
		z, ok := c.Zip(r)
		if !ok {
			continue
		}
		out = append(out, open(c, h, r, z))
	}
	return out
}

func open(c *check.Case, h *facts.History, r evidence.Record, z zipped.Report) *bundle {
	b := &bundle{History: h, r: r, zip: z}
	b.manifest, b.listed = z.Manifest()
	b.streams = streams(c, h)
	for _, e := range z.MediaFiles() {
		f := &file{entry: e}
		for _, o := range b.manifest.Files {
			if name, _ := o["filename"].Text(); name == e.Name {
				f.about, f.listed = o, true
				f.id, _ = o["streamId"].Text()
			}
		}
		for _, s := range b.streams {
			if f.id == "" && strings.HasPrefix(e.Name, s.id) {
				f.id = s.id
			}
			if s.id == f.id {
				f.stream = s
			}
		}
		f.read(c, b)
		b.files = append(b.files, f)
	}
	return b
}

// read matches the frames: pictures first, for no two of them are the same.
func (f *file) read(c *check.Case, b *bundle) {
	hint, _ := b.offset(c, f, "startTimeOffset")
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		for _, m := range f.entry.Media.Tracks {
			if m.Type != kind {
				continue
			}
			t := &track{Track: m, units: strangers(len(m.Frames)), from: make([]*due, len(m.Frames))}
			if f.stream != nil {
				for _, d := range f.stream.due[kind] {
					t.take(c, d, hint)
				}
			}
			f.tracks = append(f.tracks, t)
			if known := t.known(); len(known) > 0 && kind == matroska.Video {
				hint, _ = t.zero(known[0])
			}
		}
	}
}

// take claims the frames that are units of what was published.
func (t *track) take(c *check.Case, d *due, begin time.Time) {
	for i, n := range unitsOf(c, t.Track, d.by.Published, begin) {
		if n != none && t.from[i] == nil {
			t.units[i], t.from[i] = n, d
		}
	}
}

// of are the files of a stream.
func (b *bundle) of(s *stream) []*file {
	var out []*file
	for _, f := range b.files {
		if f.stream == s {
			out = append(out, f)
		}
	}
	return out
}
