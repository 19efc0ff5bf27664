package individual

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	zipped "reelcheck/conformance/media/individual"
	"reelcheck/conformance/media/matroska"
)

// Checks are those of the chapter.
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

// fetched are the individual archives whose object was downloaded. One that is no ZIP has no bundle.
func fetched(c *check.Case) []*facts.History {
	var out []*facts.History
	for _, h := range c.StartedArchives() {
		if h.IsIndividual() && slices.ContainsFunc(h.Objects, func(r evidence.Record) bool { return r.Object.SHA256 != "" }) {
			out = append(out, h)
		}
	}
	return out
}

func bundleOf(c *check.Case, h *facts.History) *bundle {
	for _, b := range bundles(c) {
		if b.History == h {
			return b
		}
	}
	return nil
}

// deliveredAsZIP wants what was fetched to be a ZIP. Those of nothing are the business of ARC-IND-28.
func deliveredAsZIP(c *check.Case) {
	for _, h := range fetched(c) {
		if !somebodyPublished(c, h) {
			continue
		}
		object := h.Objects[len(h.Objects)-1]
		b := bundleOf(c, h)
		ok := b != nil && !slices.ContainsFunc(b.zip.Findings, func(f zipped.Finding) bool { return f.Kind == zipped.Empty || f.Kind == zipped.Broken })
		c.Want(ok, "a ZIP file", describe(object, b), object)
	}
}

func describe(object evidence.Record, b *bundle) string {
	s := fmt.Sprintf("%s of %d bytes", object.Object.Key, object.Object.Size)
	if b == nil {
		return s
	}
	return facts.Clip(s+"; "+strings.Join(b.zip.Problems(), "; "), 300)
}

func somebodyPublished(c *check.Case, h *facts.History) bool {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	end, ok := ended(c, h)
	return s != nil && ok && facts.AnyDuring(s.Streams, h.Start.Sent(), end.late)
}

// flaws are what is wrong with the ZIP itself. What is merely large, or compressed well, is not.
func flaws(b *bundle) []string {
	var out []string
	bad := func(f zipped.Finding) bool { return f.Kind != zipped.Ratio && f.Kind != zipped.Limit }
	for _, f := range b.zip.Findings {
		if bad(f) {
			out = append(out, f.String())
		}
	}
	for _, e := range b.zip.Entries {
		for _, f := range e.Findings {
			if bad(f) {
				out = append(out, e.Name+": "+f.String())
			}
		}
	}
	return out
}

// oneZIP: one manifest, beside it media files alone, and a ZIP that tools open without complaint.
func oneZIP(c *check.Case) {
	for _, b := range bundles(c) {
		if b.zip.Size == 0 && !somebodyPublished(c, b.History) {
			continue
		}
		wrong := flaws(b)
		for _, e := range b.zip.Entries {
			if !slices.Contains([]string{".json", ".webm", ".mkv"}, e.Ext()) || strings.ContainsAny(e.Name, `/\`) {
				wrong = append(wrong, "an entry "+e.Name)
			}
		}
		if n := len(b.zip.Manifests()); n != 1 {
			wrong = append(wrong, fmt.Sprintf("%d .json entries", n))
		}
		c.Want(len(wrong) == 0, "a ZIP with one manifest and media files in its root", facts.Clip(strings.Join(wrong, "; "), 300), b.r)
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

// index is the number after the stream id in the name of a file; ok is false where the name has another form.
func (f *file) index() (n int, numbered, ok bool) {
	rest, found := strings.CutPrefix(strings.TrimSuffix(f.entry.Name, f.entry.Ext()), f.id)
	m := regexp.MustCompile(`^[^0-9A-Za-z]?([0-9]*)$`).FindStringSubmatch(rest)
	if !found || f.id == "" || m == nil {
		return 0, false, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil, true
}

func namedByStream(c *check.Case) {
	for _, b := range bundles(c) {
		for _, f := range b.files {
			_, _, ok := f.index()
			c.Want(ok && f.stream != nil && f.listed, "a file named by a stream id that the manifest declares", f.entry.Name+" with streamId "+f.about["streamId"].Show(), b.r)
		}
		for _, s := range b.streams {
			if s.long(c) {
				declared := slices.ContainsFunc(b.of(s), func(f *file) bool { return f.listed })
				c.Want(declared, "the manifest to declare stream "+s.id, "it does not", b.r, s.record())
			}
		}
	}
}

// indexed holds the numbers in the names of a stream's files against the order of what is in them.
func indexed(c *check.Case) {
	for _, b := range bundles(c) {
		for _, s := range b.streams {
			files := b.of(s)
			if len(files) < 2 {
				continue
			}
			slices.SortStableFunc(files, func(x, y *file) int {
				a, _ := x.first()
				b, _ := y.first()
				return a.Compare(b)
			})
			last, ascending := -1, true
			var names []string
			for i, f := range files {
				n, numbered, ok := f.index()
				ascending = ascending && ok && (numbered && n > last || i == 0 && !numbered)
				last = n
				names = append(names, f.entry.Name)
			}
			c.Want(ascending, "numbers after the stream id that ascend with the segments", strings.Join(names, ", "), b.r, s.record())
		}
	}
}

// preferred is the video codec that the application of an archive prefers.
func preferred(c *check.Case, h *facts.History) string {
	if codec := c.Apps[h.App()].Codec; codec != "" {
		return codec
	}
	return "VP8"
}

// kindOf judges names and kinds of files of applications that prefer a codec.
func kindOf(codec string) func(*check.Case) {
	return func(c *check.Case) {
		for _, b := range bundles(c) {
			if preferred(c, b.History) != codec {
				continue
			}
			for _, f := range b.files {
				ext, types := container(codec, f)
				ok := f.entry.Ext() == ext && slices.Contains(types, f.entry.Media.DocType) && len(f.flaws()) == 0
				c.Want(ok, fmt.Sprintf("a %s file of type %s", ext, strings.Join(types, " or ")),
					facts.Clip(fmt.Sprintf("%s of type %q; %s", f.entry.Name, f.entry.Media.DocType, strings.Join(f.flaws(), "; ")), 300), b.r)
			}
		}
	}
}

// container is how a file has to be named, and what it may say that it is.
func container(codec string, f *file) (ext string, types []string) {
	if codec == "H264" {
		return ".mkv", []string{"matroska"}
	}
	foreign := slices.ContainsFunc(f.tracks, func(t *track) bool { return !slices.Contains([]string{"V_VP8", "V_VP9", "A_OPUS"}, t.Codec) })
	if foreign {
		return ".webm", []string{"webm", "matroska"}
	}
	return ".webm", []string{"webm"}
}

// flaws are what keeps a file from being Matroska.
func (f *file) flaws() []string {
	var out []string
	for _, found := range f.entry.Media.Findings {
		if found.Kind != matroska.Limit && found.Kind != matroska.Unsupported {
			out = append(out, found.String())
		}
	}
	return out
}

func objectKey(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if !h.IsIndividual() {
			continue
		}
		var want []string
		for _, id := range slices.Compact([]string{h.App(), facts.Project(h.Start)}) {
			want = append(want, id+"/"+h.ID+"/archive.zip")
		}
		for _, r := range h.Stored(false) {
			c.Want(slices.Contains(want, r.Object.Key), "key "+strings.Join(want, " or "), r.Object.Key, r)
		}
	}
}

// nothingPublished looks at archives that ended because nobody published.
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

// emptyOne judges what was delivered of an archive of nothing against its size.
func emptyOne(c *check.Case, h *facts.History, s facts.Sighting) {
	size, known := s.Whole("size")
	b := bundleOf(c, h)
	if b == nil || b.zip.Size == 0 {
		c.Want(known && size == 0, "no file, or one of 0 bytes, with size 0", s.Show("size"), append(h.Stored(true), s.At)...)
		return
	}
	empty := b.listed && b.manifest.Members["files"].Kind() == zipped.JSONArray && len(b.manifest.Files) == 0 && len(b.zip.Entries) == 1 && len(flaws(b)) == 0
	c.Want(empty && size == b.zip.Size, "a ZIP with a manifest of no files, and its size", fmt.Sprintf("%d entries, %d files in the manifest; %s of %d bytes",
		len(b.zip.Entries), len(b.manifest.Files), s.Show("size"), b.zip.Size), b.r, s.At)
}
