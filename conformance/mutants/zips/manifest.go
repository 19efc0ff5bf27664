package zips

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/mutants/tape"
)

// Manifest returns the manifest of a ZIP, or one that is thrown away if it has none.
func Manifest(r *individual.Report) *individual.Manifest {
	for i := range r.Entries {
		if m := r.Entries[i].Manifest; m != nil {
			return m
		}
	}
	return &individual.Manifest{}
}

// Member changes what the manifest says of the archive.
func Member(key string, change func(individual.Value) individual.Value) func(*tape.Tape) {
	return MemberOf(scenarios.Captures, key, change)
}

func MemberOf(scenario, key string, change func(individual.Value) individual.Value) func(*tape.Tape) {
	return Spoil(scenario, func(r *individual.Report) { m := Manifest(r); m.Members[key] = change(m.Members[key]) })
}

// FileMember changes what the manifest says of a client's file.
func FileMember(client, key string, change func(individual.Value) individual.Value) func(*tape.Tape) {
	return InFile(scenarios.Captures, client, Told(key, change))
}

// Told changes what the manifest says of a file.
func Told(key string, change func(individual.Value) individual.Value) edit {
	return func(r *individual.Report, e *individual.Entry) {
		if o := Listing(r, e); o != nil {
			o[key] = change(o[key])
		}
	}
}

func Listing(r *individual.Report, e *individual.Entry) individual.Object {
	for _, o := range Manifest(r).Files {
		if filename, _ := o["filename"].Text(); filename == e.Name {
			return o
		}
	}
	return nil
}

func To(v individual.Value) func(individual.Value) individual.Value {
	return func(individual.Value) individual.Value { return v }
}

func More(n int64) func(individual.Value) individual.Value {
	return func(v individual.Value) individual.Value {
		old, _ := v.Whole()
		return individual.Value(strconv.FormatInt(old+n, 10))
	}
}

// Rename gives a file another name, in the ZIP and in the manifest.
func Rename(to func(string) string) edit {
	return func(r *individual.Report, e *individual.Entry) {
		o := Listing(r, e)
		e.Name = to(e.Name)
		if o != nil {
			o["filename"] = individual.Value(fmt.Sprintf("%q", e.Name))
		}
	}
}

func Ending(from, to string) func(string) string {
	return func(s string) string { return strings.TrimSuffix(s, from) + to }
}

// Exchange exchanges the content of two files, so that the manifest calls each the other.
func Exchange(from, to *individual.Entry) { from.Media, to.Media = to.Media, from.Media }

// Lend replaces a frame of the second file by one of the first.
func Lend(kind string) func(from, to *individual.Entry) {
	return func(from, to *individual.Entry) {
		lent, _ := from.Media.Of(kind)
		const i = 30 // away from the notches at the beginning of loops, which all sounds share
		Frame(kind, i, func(f *matroska.Frame) { f.Sum, f.Bytes = lent.Frames[i].Sum, lent.Frames[i].Bytes })(nil, to)
	}
}

func EachTrack(e *individual.Entry, spoil func(*matroska.Track)) {
	for i := range e.Media.Tracks {
		if t := &e.Media.Tracks[i]; len(t.Frames) > 0 {
			spoil(t)
		}
	}
}

// Shift moves the frames from a moment on.
func Shift(by, from time.Duration) func(*matroska.Track) {
	return func(t *matroska.Track) {
		for i := range t.Frames {
			if t.Frames[i].At >= from {
				t.Frames[i].At += by
			}
		}
	}
}

// Lose removes the tracks of a type from a file.
func Lose(kind string) edit {
	return func(_ *individual.Report, e *individual.Entry) {
		e.Media.Tracks = slices.DeleteFunc(e.Media.Tracks, func(t matroska.Track) bool { return t.Type == kind })
	}
}

// Since makes a file begin later, each track with the next frame that needs no other.
func Since(begin time.Duration) edit {
	return func(_ *individual.Report, e *individual.Entry) {
		EachTrack(e, func(t *matroska.Track) {
			if rest, ok := divided(t, begin); ok {
				*t = rest
			}
		})
	}
}

// UpTo cuts a file off.
func UpTo(end time.Duration) edit {
	return func(_ *individual.Report, e *individual.Entry) {
		EachTrack(e, func(t *matroska.Track) {
			t.Frames = slices.DeleteFunc(t.Frames, func(f matroska.Frame) bool { return f.At > end })
		})
	}
}

// Late makes a type of track begin later, with the next frame that needs no other.
func Late(kind string, by time.Duration) edit {
	return Frames(kind, func(all []matroska.Frame) []matroska.Frame { return all[keyFrom(all, all[0].At+by):] })
}

// keyFrom returns the index of the first frame from a moment on that needs no other.
func keyFrom(all []matroska.Frame, at time.Duration) int {
	i := slices.IndexFunc(all, func(f matroska.Frame) bool { return f.Intra && f.At >= at })
	if i < 0 {
		return len(all)
	}
	return i
}

// Frames changes the frames of a type of track.
func Frames(kind string, spoil func([]matroska.Frame) []matroska.Frame) edit {
	return func(_ *individual.Report, e *individual.Entry) {
		EachTrack(e, func(t *matroska.Track) {
			if t.Type == kind {
				t.Frames = spoil(t.Frames)
			}
		})
	}
}

func Frame(kind string, i int, spoil func(*matroska.Frame)) edit {
	return Frames(kind, func(all []matroska.Frame) []matroska.Frame {
		spoil(&all[i])
		return all
	})
}

// Join moves the content of the second file to the end of the first, and removes the second.
func Join(r *individual.Report, first, second *individual.Entry) {
	offset := startOf(r, second) - startOf(r, first)
	for _, t := range second.Media.Tracks {
		Shift(offset, 0)(&t)
		i := slices.IndexFunc(first.Media.Tracks, func(o matroska.Track) bool { return o.Type == t.Type && o.Codec == t.Codec })
		if i < 0 {
			first.Media.Tracks = append(first.Media.Tracks, t)
			continue
		}
		first.Media.Tracks[i].Frames = append(first.Media.Tracks[i].Frames, t.Frames...)
	}
	m, gone := Manifest(r), second.Name
	m.Files = slices.DeleteFunc(m.Files, func(o individual.Object) bool { filename, _ := o["filename"].Text(); return filename == gone })
	r.Entries = slices.DeleteFunc(r.Entries, func(e individual.Entry) bool { return e.Name == gone })
}

func startOf(r *individual.Report, e *individual.Entry) time.Duration {
	n, _ := Listing(r, e)["startTimeOffset"].Whole()
	return time.Duration(n) * time.Millisecond
}

// Divide ends a file at the first key frame from a moment on and continues it in another one.
func Divide(at time.Duration) edit {
	return func(r *individual.Report, e *individual.Entry) {
		at := at
		if v, ok := e.Media.Of(matroska.Video); ok {
			if i := keyFrom(v.Frames, at); i < len(v.Frames) {
				at = v.Frames[i].At
			}
		}
		second := *e
		media := *e.Media
		media.Tracks = nil
		for i := range e.Media.Tracks {
			if rest, ok := divided(&e.Media.Tracks[i], at); ok {
				media.Tracks = append(media.Tracks, rest)
			}
		}
		second.Media = &media
		o := individual.Object{}
		for k, v := range Listing(r, e) {
			o[k] = v
		}
		second.Name = strings.TrimSuffix(e.Name, e.Ext()) + "-2" + e.Ext()
		o["filename"] = individual.Value(fmt.Sprintf("%q", second.Name))
		o["startTimeOffset"] = More(at.Milliseconds())(o["startTimeOffset"])
		m := Manifest(r)
		m.Files = append(m.Files, o)
		r.Entries = append(r.Entries, second)
	}
}

// divided ends a track at a moment. It returns the rest from its first key frame on, if there is any, as a track of a file that begins then.
func divided(t *matroska.Track, at time.Duration) (rest matroska.Track, ok bool) {
	cut := keyFrom(t.Frames, at)
	if cut == len(t.Frames) {
		return rest, false
	}
	rest = *t
	rest.Frames, rest.Sizes = slices.Clone(t.Frames[cut:]), nil
	Shift(-at, 0)(&rest)
	if width, height := t.SizeAt(cut); width > 0 {
		rest.Sizes = []matroska.Size{{Width: width, Height: height}}
	}
	for _, s := range t.Sizes {
		if s.Frame > cut {
			rest.Sizes = append(rest.Sizes, matroska.Size{Frame: s.Frame - cut, Width: s.Width, Height: s.Height})
		}
	}
	t.Frames = slices.DeleteFunc(t.Frames[:cut], func(f matroska.Frame) bool { return f.At >= at })
	t.Sizes = slices.DeleteFunc(slices.Clone(t.Sizes), func(s matroska.Size) bool { return s.Frame >= cut })
	return rest, true
}

// Filled adds a frame every tenth of a second in the longest gap of the pictures.
func Filled(_ *individual.Report, e *individual.Entry) {
	EachTrack(e, func(t *matroska.Track) {
		if t.Type != matroska.Video {
			return
		}
		at := 1
		for i := range t.Frames {
			if i > 0 && t.Frames[i].At-t.Frames[i-1].At > t.Frames[at].At-t.Frames[at-1].At {
				at = i
			}
		}
		var black []matroska.Frame
		for when := t.Frames[at-1].At + 100*time.Millisecond; when < t.Frames[at].At; when += 100 * time.Millisecond {
			black = append(black, matroska.Frame{At: when, Bytes: 100, Sum: "b1acb1acb1acb1ac"})
		}
		t.Frames = slices.Insert(t.Frames, at, black...)
	})
}
