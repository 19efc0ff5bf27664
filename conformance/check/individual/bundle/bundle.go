// Package bundle is what individual archives hold: their files, frame by frame with the unit of the publication that each is, and what
// they have to hold of each stream.
package bundle

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

// Bundle is an individual archive that was delivered, with the streams that it has to hold.
type Bundle struct {
	*facts.History
	R        evidence.Record
	Zip      zipped.Report
	Manifest zipped.Manifest
	Listed   bool // the manifest is there
	Files    []*File
	Streams  []*Stream // in the order of their publication
}

// File is a media file of the ZIP.
type File struct {
	Entry  zipped.Entry
	About  zipped.Object // what the manifest says of it
	Listed bool
	id     string  // of its stream, by the manifest or else by its name
	Stream *Stream // nil: none that was published
	Tracks []*Track
}

// Track is a track of a file, with what was published that each frame is.
type Track struct {
	matroska.Track
	units []int64
	From  []*Due // what the units are of; nil where there is none
}

// Zero is when the file's time zero is, told by frame i; ok is false for a frame that was not sent.
func (t *Track) Zero(i int) (at time.Time, ok bool) {
	if t.From[i] == nil {
		return at, false
	}
	return t.Captured(i).Add(-t.Presented(i)), true
}

// Captured is when frame i was captured.
func (t *Track) Captured(i int) time.Time { return t.From[i].By.Published.Captured(t.units[i]) }

// Known are the indices of frames that were sent.
func (t *Track) Known() []int {
	var out []int
	for i, d := range t.From {
		if d != nil {
			out = append(out, i)
		}
	}
	return out
}

// By is the evidence of what was published; ok is false when nothing in the track was.
func (t *Track) By() (r evidence.Record, ok bool) {
	known := t.Known()
	if len(known) == 0 {
		return r, false
	}
	return t.From[known[0]].By, true
}

// Track is that of a type with frames, nil if there is none.
func (f *File) Track(kind string) *Track {
	i := slices.IndexFunc(f.Tracks, func(t *Track) bool { return t.Type == kind && len(t.Frames) > 0 })
	if i < 0 {
		return nil
	}
	return f.Tracks[i]
}

// First is when the file's first frame was captured; ok is false when nothing in it was sent.
func (f *File) First() (at time.Time, ok bool) { return f.edge(false) }

// Last is when its last frame was captured.
func (f *File) Last() (at time.Time, ok bool) { return f.edge(true) }

func (f *File) edge(last bool) (at time.Time, ok bool) {
	for _, t := range f.Tracks {
		for _, i := range t.Known() {
			if c := t.Captured(i); !ok || c.After(at) == last {
				at, ok = c, true
			}
		}
	}
	return at, ok
}

// Bundles are the individual archives whose ZIP was read. One that has no readable ZIP is for ARC-IND-01 to complain of.
func Bundles(c *check.Case) []*Bundle {
	type all struct{}
	return facts.Once(c.Facts, all{}, func() []*Bundle { return openAll(c) })
}

func openAll(c *check.Case) []*Bundle {
	var out []*Bundle
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

func open(c *check.Case, h *facts.History, r evidence.Record, z zipped.Report) *Bundle {
	b := &Bundle{History: h, R: r, Zip: z}
	b.Manifest, b.Listed = z.Manifest()
	b.Streams = Streams(c, h)
	for _, e := range z.MediaFiles() {
		f := &File{Entry: e}
		for _, o := range b.Manifest.Files {
			if name, _ := o["filename"].Text(); name == e.Name {
				f.About, f.Listed = o, true
				f.id, _ = o["streamId"].Text()
			}
		}
		for _, s := range b.Streams {
			if f.id == "" && strings.HasPrefix(e.Name, s.ID) {
				f.id = s.ID
			}
			if s.ID == f.id {
				f.Stream = s
			}
		}
		f.read(c, b)
		b.Files = append(b.Files, f)
	}
	return b
}

// read matches the frames: pictures first, for no two of them are the same.
func (f *File) read(c *check.Case, b *Bundle) {
	hint, _ := b.Offset(c, f, "startTimeOffset")
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		for _, m := range f.Entry.Media.Tracks {
			if m.Type != kind {
				continue
			}
			t := &Track{Track: m, units: strangers(len(m.Frames)), From: make([]*Due, len(m.Frames))}
			if f.Stream != nil {
				for _, d := range f.Stream.Due[kind] {
					t.take(c, d, hint)
				}
			}
			f.Tracks = append(f.Tracks, t)
			if known := t.Known(); len(known) > 0 && kind == matroska.Video {
				hint, _ = t.Zero(known[0])
			}
		}
	}
}

// take claims the frames that are units of what was published.
func (t *Track) take(c *check.Case, d *Due, begin time.Time) {
	for i, n := range unitsOf(c, t.Track, d.By.Published, begin) {
		if n != none && t.From[i] == nil {
			t.units[i], t.From[i] = n, d
		}
	}
}

// Of are the files of a stream.
func (b *Bundle) Of(s *Stream) []*File {
	var out []*File
	for _, f := range b.Files {
		if f.Stream == s {
			out = append(out, f)
		}
	}
	return out
}
