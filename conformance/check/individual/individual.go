// Package individual judges individual archives: the ZIP, its manifest, and the frames of its files, which it compares
// with what the publishers sent.
package individual

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	zipped "reelcheck/conformance/media/individual"
	"reelcheck/conformance/text"
)

// Checks are the checks of this package.
var Checks = slices.Concat(zipChecks, streamChecks, frameChecks, timeChecks, limitChecks, manifestChecks, offsetChecks, choiceChecks, objectChecks)

var zipChecks = []check.Check{
	check.New("ARC-STOP-04", deliveredAsZIP, scenarios.Captures),
	check.New("ARC-IND-01", oneZIP, scenarios.Captures),
	check.New("ARC-IND-02", chosenAtStart, scenarios.Captures),
	check.New("ARC-IND-05", namedByStream, scenarios.Captures),
	check.New("ARC-IND-07", indexed, scenarios.Interrupted, scenarios.Chosen),
	check.New("ARC-IND-08", kindOf("VP8"), scenarios.Captures),
	check.New("ARC-IND-09", kindOf("H264"), scenarios.Matroska),
	check.New("ARC-IND-20", objectKey, scenarios.Captures),
	check.New("ARC-IND-28", nothingPublished, scenarios.IndividualNobody),
}

// fetched returns the individual archives whose object was downloaded. An object that is not a ZIP has no bundle.
func fetched(c *check.Case) []*facts.History {
	var out []*facts.History
	for _, h := range c.StartedArchives() {
		if h.IsIndividual() && slices.ContainsFunc(h.Objects, func(r evidence.Record) bool { return r.Object.SHA256 != "" }) {
			out = append(out, h)
		}
	}
	return out
}

func bundleOf(c *check.Case, h *facts.History) *bundle.Bundle {
	for _, b := range bundle.Bundles(c) {
		if b.History == h {
			return b
		}
	}
	return nil
}

// deliveredAsZIP checks that a downloaded object is a ZIP. ARC-IND-28 judges archives of nothing.
func deliveredAsZIP(c *check.Case) {
	for _, h := range fetched(c) {
		if !somebodyPublished(c, h) {
			continue
		}
		object := h.Objects[len(h.Objects)-1]
		b := bundleOf(c, h)
		ok := b != nil && !slices.ContainsFunc(b.Zip.Findings, func(f zipped.Finding) bool { return f.Kind == zipped.Empty || f.Kind == zipped.Broken })
		c.Want(ok, "a ZIP file", describe(object, b), object)
	}
}

func describe(object evidence.Record, b *bundle.Bundle) string {
	s := fmt.Sprintf("%s of %d bytes", object.Object.Key, object.Object.Size)
	if b == nil {
		return s
	}
	return text.Clip(s+"; "+strings.Join(b.Zip.Problems(), "; "), 300)
}

func somebodyPublished(c *check.Case, h *facts.History) bool {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	end, ok := bundle.Ended(c, h)
	return s != nil && ok && facts.AnyDuring(s.Streams, h.Start.Sent(), end.Late)
}

// flaws returns what is wrong with the ZIP itself. Large or well compressed entries are not flaws.
func flaws(b *bundle.Bundle) []string {
	var out []string
	bad := func(f zipped.Finding) bool { return f.Kind != zipped.Ratio && f.Kind != zipped.Limit }
	for _, f := range b.Zip.Findings {
		if bad(f) {
			out = append(out, f.String())
		}
	}
	for _, e := range b.Zip.Entries {
		for _, f := range e.Findings {
			if bad(f) {
				out = append(out, e.Name+": "+f.String())
			}
		}
	}
	return out
}

// oneZIP checks that the ZIP holds one manifest, beside it only media files, and that tools open it without a complaint.
func oneZIP(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		if b.Zip.Size == 0 && !somebodyPublished(c, b.History) {
			continue
		}
		wrong := flaws(b)
		for _, e := range b.Zip.Entries {
			if !slices.Contains([]string{".json", ".webm", ".mkv"}, e.Ext()) || strings.ContainsAny(e.Name, `/\`) {
				wrong = append(wrong, "an entry "+e.Name)
			}
		}
		if n := len(b.Zip.Manifests()); n != 1 {
			wrong = append(wrong, fmt.Sprintf("%d .json entries", n))
		}
		c.Want(len(wrong) == 0, "a ZIP with one manifest and media files in its root", text.Clip(strings.Join(wrong, "; "), 300), b.R)
	}
}

func chosenAtStart(c *check.Case) {
	for _, a := range c.Starts {
		if !a.Clean() || !a.Individual() || c.InForce(a.Record) || !c.Status(a.Record, 200) {
			continue
		}
		o, _ := c.Decode(facts.AnswerText(a.Record))
		c.Want(o.Text("outputMode") == "individual", "outputMode individual", o.Show("outputMode"), a.Record)
	}
	for _, h := range fetched(c) {
		object := h.Objects[len(h.Objects)-1]
		c.Want(bundleOf(c, h) != nil || object.Object.Size == 0, "a ZIP file", describe(object, nil), h.Start, object)
	}
}

func namedByStream(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		for _, f := range b.Files {
			_, _, ok := f.Index()
			c.Want(ok && f.Stream != nil && f.Listed, "a file named by a stream id that the manifest declares", f.Entry.Name+" with streamId "+f.About["streamId"].Show(), b.R)
		}
		for _, s := range b.Streams {
			if s.Long(c) {
				declared := slices.ContainsFunc(b.Of(s), func(f *bundle.File) bool { return f.Listed })
				c.Want(declared, "the manifest to declare stream "+s.ID, "it does not", b.R, s.Record())
			}
		}
	}
}

// indexed compares the numbers in the names of a stream's files with the order of their content.
func indexed(c *check.Case) {
	for _, b := range bundle.Bundles(c) {
		for _, s := range b.Streams {
			files := b.Of(s)
			if len(files) < 2 {
				continue
			}
			slices.SortStableFunc(files, func(x, y *bundle.File) int {
				a, _ := x.First()
				b, _ := y.First()
				return a.Compare(b)
			})
			last, ascending := -1, true
			var names []string
			for i, f := range files {
				n, numbered, ok := f.Index()
				ascending = ascending && ok && (numbered && n > last || i == 0 && !numbered)
				last = n
				names = append(names, f.Entry.Name)
			}
			c.Want(ascending, "numbers after the stream id that ascend with the segments", strings.Join(names, ", "), b.R, s.Record())
		}
	}
}

// preferred returns the video codec that the application of an archive prefers.
func preferred(c *check.Case, h *facts.History) string {
	if codec := c.Apps[h.App()].Codec; codec != "" {
		return codec
	}
	return "VP8"
}

// kindOf judges the names and types of files in applications that prefer a codec.
func kindOf(codec string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundle.Bundles(c) {
			if preferred(c, b.History) != codec {
				continue
			}
			for _, f := range b.Files {
				ext, types := container(codec, f)
				ok := f.Entry.Ext() == ext && slices.Contains(types, f.Entry.Media.DocType) && len(f.Flaws()) == 0
				c.Want(ok, fmt.Sprintf("a %s file of type %s", ext, strings.Join(types, " or ")),
					text.Clip(fmt.Sprintf("%s of type %q; %s", f.Entry.Name, f.Entry.Media.DocType, strings.Join(f.Flaws(), "; ")), 300), b.R)
			}
		}
	}
}

// container returns the extension that a file must have, and the types that it may have.
func container(codec string, f *bundle.File) (ext string, types []string) {
	if codec == "H264" {
		return ".mkv", []string{"matroska"}
	}
	foreign := slices.ContainsFunc(f.Tracks, func(t *bundle.Track) bool { return !slices.Contains([]string{"V_VP8", "V_VP9", "A_OPUS"}, t.Codec) })
	if foreign {
		return ".webm", []string{"webm", "matroska"}
	}
	return ".webm", []string{"webm"}
}

func objectKey(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if h.IsIndividual() {
			c.Keyed(h)
		}
	}
}

// nothingPublished judges archives that ended because nobody published.
func nothingPublished(c *check.Case) {
	for _, h := range c.StartedArchives() {
		k, ok := course.Of(c.Facts, h)
		if !ok || !h.IsIndividual() || k.Rule != course.ByMinute || len(h.Delivered()) == 0 {
			continue
		}
		for _, s := range h.Delivered() {
			emptyOne(c, h, s)
		}
	}
}

// emptyOne compares what was delivered for an archive of nothing with its size property.
func emptyOne(c *check.Case, h *facts.History, s facts.Sighting) {
	size, known := s.Whole("size")
	b := bundleOf(c, h)
	if b == nil || b.Zip.Size == 0 {
		c.Want(known && size == 0, "no file, or one of 0 bytes, with size 0", s.Show("size"), append(h.Stored(true), s.At)...)
		return
	}
	empty := b.Listed && b.Manifest.Members["files"].Kind() == zipped.JSONArray && len(b.Manifest.Files) == 0 && len(b.Zip.Entries) == 1 && len(flaws(b)) == 0
	c.Want(empty && size == b.Zip.Size, "a ZIP with a manifest of no files, and its size", fmt.Sprintf("%d entries, %d files in the manifest; %s of %d bytes",
		len(b.Zip.Entries), len(b.Manifest.Files), s.Show("size"), b.Zip.Size), b.R, s.At)
}
