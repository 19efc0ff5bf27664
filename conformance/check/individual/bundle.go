// Package individual judges individual archives: the ZIP, its manifest, and the frames of its files, which are compared with what
// the publishers sent.
package individual

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	zipped "reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
)

// bundle is an individual archive that was delivered, with the streams that it has to hold.
type bundle struct {
	*check.History
	r        evidence.Record
	zip      check.Zip
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

// track is a track of a file, with the unit of what was published that each frame is.
type track struct {
	matroska.Track
	due   *due // nil: the stream has no such track
	units []int64
}

// zero is when the file's time zero is, told by frame i; ok is false for a frame that was not sent.
func (t *track) zero(i int) (at time.Time, ok bool) {
	if t.due == nil || t.units[i] == none {
		return at, false
	}
	return t.captured(i).Add(-t.Presented(i)), true
}

// captured is when frame i was captured.
func (t *track) captured(i int) time.Time { return t.due.by.Published.Captured(t.units[i]) }

// known are the indices of frames that were sent.
func (t *track) known() []int {
	var out []int
	for i, n := range t.units {
		if n != none {
			out = append(out, i)
		}
	}
	return out
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
	return check.Once(c.Facts, all{}, func() []*bundle { return openAll(c) })
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

func open(c *check.Case, h *check.History, r evidence.Record, z check.Zip) *bundle {
	b := &bundle{History: h, r: r, zip: z}
	b.manifest, b.listed = z.Manifest()
	b.streams = streams(c, h)
	from, to := b.span(c)
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
		f.read(c, b, from, to)
		b.files = append(b.files, f)
	}
	return b
}

// margin is how far beyond an archive frames are looked for that may be in it.
const margin = 2 * time.Second

// span is the stretch of real time in which what the archive holds was captured.
func (b *bundle) span(c *check.Case) (from, to time.Time) {
	from, to = check.Sent(b.Start), b.r.Time
	if end, ok := ended(c, b.History); ok {
		to = end.late
	}
	return from.Add(-margin), to.Add(margin)
}

// read matches the frames: pictures first, for no two of them are the same.
func (f *file) read(c *check.Case, b *bundle, from, to time.Time) {
	var hint time.Time
	if created, ok := b.manifest.Members["createdAt"].Whole(); ok {
		offset, _ := f.about["startTimeOffset"].Whole()
		hint = time.UnixMilli(created + offset)
	}
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		for _, m := range f.entry.Media.Tracks {
			if m.Type != kind {
				continue
			}
			t := &track{Track: m, units: strangers(len(m.Frames))}
			if f.stream != nil {
				t.due = f.stream.due[kind]
			}
			if t.due != nil {
				t.units = units(c, m, t.due.by.Published, from, to, hint)
			}
			f.tracks = append(f.tracks, t)
			if known := t.known(); len(known) > 0 && kind == matroska.Video {
				hint, _ = t.zero(known[0])
			}
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
