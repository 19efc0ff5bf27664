package tape

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
)

// Manifest is that of a ZIP; one that is lost if it has none.
func Manifest(r *individual.Report) *individual.Manifest {
	for i := range r.Entries {
		if m := r.Entries[i].Manifest; m != nil {
			return m
		}
	}
	return &individual.Manifest{}
}

// Member changes what the manifest says of the archive.
func Member(key string, change func(individual.Value) individual.Value) func(*Tape) {
	return MemberOf(scenarios.Captures, key, change)
}

func MemberOf(scenario, key string, change func(individual.Value) individual.Value) func(*Tape) {
	return Zip(scenario, func(r *individual.Report) { m := Manifest(r); m.Members[key] = change(m.Members[key]) })
}

// FileMember changes what it says of a client's file.
func FileMember(client, key string, change func(individual.Value) individual.Value) func(*Tape) {
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

// Exchange swaps what two files hold, so that each is told to be the other.
func Exchange(from, to *individual.Entry) { from.Media, to.Media = to.Media, from.Media }

// Lend has a frame of the first file stand where one of the second was.
func Lend(kind string) func(from, to *individual.Entry) {
	return func(from, to *individual.Entry) {
		lent, _ := from.Media.Of(kind)
		const i = 30 // away from the notches at the begin of loops, which all sounds share
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

// Shift moves frames from a moment on.
func Shift(by, from time.Duration) func(*matroska.Track) {
	return func(t *matroska.Track) {
		for i := range t.Frames {
			if t.Frames[i].At >= from {
				t.Frames[i].At += by
			}
		}
	}
}

// Lose takes the tracks of a type out of a file.
func Lose(kind string) edit {
	return func(_ *individual.Report, e *individual.Entry) {
		e.Media.Tracks = slices.DeleteFunc(e.Media.Tracks, func(t matroska.Track) bool { return t.Type == kind })
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

// Late has a type of track begin so much later.
func Late(kind string, by time.Duration) edit {
	return Frames(kind, func(all []matroska.Frame) []matroska.Frame {
		first := all[0].At
		return slices.DeleteFunc(all, func(f matroska.Frame) bool { return f.At < first+by })
	})
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

// Join puts what is in the second file at the end of the first, and takes the second away.
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

// Divide has a file end at a moment, and another go on from there.
func Divide(at time.Duration) edit {
	return func(r *individual.Report, e *individual.Entry) {
		second := *e
		media := *e.Media
		media.Tracks = nil
		for i := range e.Media.Tracks {
			t := &e.Media.Tracks[i]
			cut := slices.IndexFunc(t.Frames, func(f matroska.Frame) bool { return f.At > at })
			if cut < 0 {
				continue
			}
			rest := *t
			rest.Frames = slices.Clone(t.Frames[cut:])
			Shift(-at, 0)(&rest)
			t.Frames = t.Frames[:cut]
			media.Tracks = append(media.Tracks, rest)
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

// Filled has a frame every tenth of a second in the longest gap of the pictures.
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
