package individual

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence/scenarios"
	zipped "reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
	"reelcheck/conformance/text"
)

// manifestChecks are about the content of the manifest, except times.
var manifestChecks = []check.Check{
	check.New("ARC-MAN-01", manifestIsJSON, scenarios.Captures),
	check.New("ARC-MAN-02", manifests(func(_ *check.Case, b *bundle.Bundle) (string, string, bool) {
		return textOf(b, "id", b.ID)
	}), scenarios.Captures),
	check.New("ARC-MAN-03", manifests(partner), scenarios.Captures),
	check.New("ARC-MAN-04", manifests(func(_ *check.Case, b *bundle.Bundle) (string, string, bool) {
		return textOf(b, "sessionId", b.Request.Text("sessionId"))
	}), scenarios.Captures),
	check.New("ARC-MAN-05", manifests(func(_ *check.Case, b *bundle.Bundle) (string, string, bool) {
		want := b.Request.Text("name")
		expected, actual, ok := textOf(b, "name", want)
		return expected, actual, ok || want == "" && b.Manifest.Members["name"].Kind() == zipped.JSONNull
	}), scenarios.Captures, scenarios.VP9),
	check.New("ARC-MAN-07", filesListed, scenarios.Captures),
	check.New("ARC-MAN-08", streamIDs, scenarios.Captures),
	check.New("ARC-MAN-09", filenames, scenarios.Captures, scenarios.Matroska),
	check.New("ARC-MAN-10", sizes, scenarios.Captures),
	check.New("ARC-MAN-13", connectionData, scenarios.Captures, scenarios.Chosen),
	check.New("ARC-MAN-14", videoTypes, scenarios.Captures, scenarios.Kinds),
}

func manifestIsJSON(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		if !b.Listed {
			c.Wrong("one manifest", fmt.Sprintf("%d", len(b.Zip.Manifests())), b.R)
			continue
		}
		var wrong []string
		for _, f := range b.Manifest.Findings {
			wrong = append(wrong, f.String())
		}
		for _, m := range []struct {
			key   string
			kinds []string
		}{
			{"id", []string{zipped.JSONString}}, {"partnerId", []string{zipped.JSONString, zipped.JSONNumber}}, {"sessionId", []string{zipped.JSONString}},
			{"name", []string{zipped.JSONString, zipped.JSONNull}}, {"createdAt", []string{zipped.JSONNumber}}, {"files", []string{zipped.JSONArray}},
		} {
			if kind := b.Manifest.Members[m.key].Kind(); !slices.Contains(m.kinds, kind) {
				wrong = append(wrong, m.key+" is "+kind)
			}
		}
		c.Want(len(wrong) == 0, "an object with id, partnerId, sessionId, name, createdAt and files", text.Clip(strings.Join(wrong, "; "), 300), b.R)
	}
}

// manifests judges each manifest that was read.
func manifests(of func(*check.Case, *bundle.Bundle) (expected, actual string, ok bool)) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundle.Bundles(c) {
			if b.Listed {
				expected, actual, ok := of(c, b)
				c.Want(ok, expected, actual, b.R, b.Start)
			}
		}
	}
}

func textOf(b *bundle.Bundle, key, want string) (expected, actual string, ok bool) {
	v := b.Manifest.Members[key]
	got, isText := v.Text()
	return fmt.Sprintf("%s %q", key, want), v.Show(), isText && got == want
}

func partner(c *check.Case, b *bundle.Bundle) (expected, actual string, ok bool) {
	want := []string{b.App(), c.Apps[b.App()].Key}
	v := b.Manifest.Members["partnerId"]
	got, isText := v.Text()
	if n, isNumber := v.Whole(); isNumber {
		got, isText = fmt.Sprint(n), true
	}
	return "partnerId " + strings.Join(want, " or "), v.Show(), isText && got != "" && slices.Contains(want, got)
}

func filesListed(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		if !b.Listed {
			continue
		}
		var held, told []string
		for _, e := range b.Zip.MediaFiles() {
			held = append(held, e.Name)
		}
		for _, o := range b.Manifest.Files {
			filename, _ := o["filename"].Text()
			told = append(told, filename)
		}
		slices.Sort(held)
		slices.Sort(told)
		c.Want(slices.Equal(held, told), text.Clip("files "+strings.Join(held, ", "), 300), text.Clip(strings.Join(told, ", "), 300), b.R)
	}
}

// listed calls each with the files that the manifest lists.
func listed(c *check.Case, each func(b *bundle.Bundle, f *bundle.File)) {
	for _, b := range bundle.Bundles(c) {
		for _, f := range b.Files {
			if f.Listed {
				each(b, f)
			}
		}
	}
}

// streamIDs checks that the stream that the manifest names sent frames of the file, and that no other stream did. Frames
// that nobody sent do not count here; ARC-IND-11 is about them.
func streamIDs(c *check.Case) {
	listed(c, func(b *bundle.Bundle, f *bundle.File) {
		frames, known := 0, 0
		for _, t := range f.Tracks {
			frames, known = frames+len(t.Frames), known+len(t.Known())
		}
		others := b.Strays(c, f)
		ok := f.Stream != nil && (frames == 0 || known > 0) && len(others) == 0
		actual := fmt.Sprintf("%d of %d frames in %s are of %s", known, frames, f.Entry.Name, f.About["streamId"].Show())
		if len(others) > 0 {
			actual += ", and some of " + strings.Join(others, ", ")
		}
		c.Want(ok, "frames of the stream that streamId names alone", actual, b.R)
	})
}

func filenames(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		for i, o := range b.Manifest.Files {
			filename, isText := o["filename"].Text()
			e, there := b.Zip.Entry(filename)
			ext := ".webm"
			if preferred(c, b.History) == "H264" {
				ext = ".mkv"
			}
			c.Want(isText && there && e.Media != nil && e.Ext() == ext, "filename of a "+ext+" file in the ZIP", fmt.Sprintf("file %d: %s", i, o["filename"].Show()), b.R)
		}
	}
}

func sizes(c *check.Case) {
	listed(c, func(b *bundle.Bundle, f *bundle.File) {
		n, ok := f.About["size"].Whole()
		c.Want(ok && n >= 0 && uint64(n) == f.Entry.Size, fmt.Sprintf("size %d of %s", f.Entry.Size, f.Entry.Name), f.About["size"].Show(), b.R)
	})
}

func connectionData(c *check.Case) {
	listed(c, func(b *bundle.Bundle, f *bundle.File) {
		if f.Stream == nil {
			return
		}
		want := f.Stream.Record().Published.ConnectionData
		got, ok := f.About["connectionData"].Text()
		expected, actual := text.Apart(strconv.Quote(want), strconv.Quote(got), 120)
		if !ok {
			actual = f.About["connectionData"].Show()
		}
		c.Want(ok && got == want, "connectionData "+expected, actual, b.R, f.Stream.Record())
	})
}

// videoTypes checks that the type is what the client declared, or camera if it declared nothing. A file without video
// may have no type.
func videoTypes(c *check.Case) {
	listed(c, func(b *bundle.Bundle, f *bundle.File) {
		if f.Stream == nil {
			return
		}
		r := f.Stream.Record()
		want := r.Published.VideoType
		if want == "" {
			want = "camera"
		}
		v := f.About["videoType"]
		got, isText := v.Text()
		ok := isText && got == want
		if !f.Stream.Holds(matroska.Video) {
			ok = ok || v.Kind() == zipped.JSONAbsent || v.Kind() == zipped.JSONNull || isText && (got == "" || got == "camera")
			want += ", or none, of what is not seen"
		}
		c.Want(ok, "videoType "+want, v.Show(), b.R, r)
	})
}
