package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/media"
)

// File is an archive file as the forensics read it.
type File struct {
	media.Report
	err string
}

// File decodes a forensics record; ok is false when the bytes are no media.
func (c *Case) File(r evidence.Record) (File, bool) {
	f, known := c.files[string(r.Media.Report)]
	if !known {
		f.err = r.Media.Error
	}
	if f.err == "" && !known {
		if err := json.Unmarshal(r.Media.Report, &f.Report); err != nil {
			c.Unclear("forensics report of " + Ref(r) + ": " + err.Error())
			return f, false
		}
	}
	c.files[string(r.Media.Report)] = f
	return f, f.err == "" && !f.Has(media.Broken)
}

func (f File) MP4() bool {
	return len(f.Boxes) > 0 && f.Boxes[0].Type == "ftyp" &&
		slices.ContainsFunc(f.Boxes, func(b media.Box) bool { return b.Type == "moov" })
}

func FileKind(r evidence.Record, f File) string {
	if f.err != "" {
		return f.err
	}
	var boxes []string
	for _, b := range f.Boxes {
		boxes = append(boxes, b.Type)
	}
	return fmt.Sprintf("%d bytes with boxes [%s]%s", f.Size, strings.Join(boxes, " "), Details(f))
}

func Details(f File) string {
	var s string
	for _, found := range f.Findings {
		s += "; " + string(found.Kind) + ": " + found.Detail
	}
	return Clip(s, 300)
}

// Published tells whether anything was published while h recorded.
func (c *Case) Published(h *History) bool {
	return len(c.perform(h).Play.Tracks) > 0
}

// Take is a stretch of a published track that has to be seen or heard in an archive, on the file's time axis.
type Take struct {
	evidence.Published
	R        evidence.Record
	From, To float64 // seconds in the file
	Kept     bool    // long enough to be asked for: a second or more
}

// Performance is what the file of an archive has to hold.
type Performance struct {
	Parts  []Part // in the order of Play.Tracks
	Play   expect.Play
	Takes  []Take
	Acts   []expect.Act
	Scenes []expect.Act
}

// perform maps the publisher's log of the session onto the file of h. The file's
// time zero is the first media within the archive, and pauses leave no time in it.
// Streams that are there already are in the archive when the start is answered: its
// time zero may be any moment of the call, which takes long where the machine is busy.
func (c *Case) perform(h *History) Performance {
	if _, ok := c.Course(h); !ok {
		return Performance{} // one of chosen streams has its own rules
	}
	return c.Performed(h, func() Performance { return c.rehearse(h) })
}

// Performed works out once what the file of an archive has to hold.
func (f *Facts) Performed(h *History, rehearse func() Performance) Performance {
	p, known := f.performed[h]
	if !known {
		p = rehearse()
		f.performed[h] = p
	}
	return p
}

func (c *Case) rehearse(h *History) Performance {
	k, _ := c.Course(h)
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	begin := h.Start.Exchange.Started
	end, _ := c.RealEnd(h, k)
	var recorded []Span
	for _, u := range Union(s.Streams) {
		if cut, ok := u.Cut(begin, end); ok {
			recorded = append(recorded, cut)
		}
	}
	var parts []Part
	for _, u := range s.Streams {
		if cut, ok := u.Cut(Over(h.Start), end); ok && k.part(u.By.Published.Kind, h) {
			parts = append(parts, Part{u.By, []Span{cut}})
		}
	}
	return c.Perform(h, parts, recorded)
}

// Perform is what the file of an archive has to hold of the parts.
func (c *Case) Perform(h *History, parts []Part, recorded []Span) Performance {
	parts = Added(parts)
	p := Performance{Parts: parts, Play: c.Play(h, parts, recorded)}
	for i, due := range p.Play.Due() {
		for _, d := range due {
			t := Take{Published: *parts[i].By.Published, R: parts[i].By, From: d.From, To: d.To}
			t.Kept = t.To-t.From >= 1
			p.Takes = append(p.Takes, t)
		}
	}
	p.Acts, p.Scenes = p.Play.Acts(), p.Play.Scenes()
	return p
}

// part tells whether the archive was asked to hold the kind of track.
func (k Course) part(kind string, h *History) bool {
	key := "hasVideo"
	if kind == "audio" {
		key = "hasAudio"
	}
	return h.Request[key] != false
}

// RealEnd brackets when h ended in real time: during its stop call, or during
// the advance that made it end. Zero times leave it open.
func (c *Case) RealEnd(h *History, k Course) (first, last time.Time) {
	if k.stop.Exchange != nil {
		return Sent(k.stop), Over(k.stop)
	}
	app := h.Start.IDs[evidence.Application]
	for _, w := range c.walks {
		if w.app == app && !c.Latest(app, w.To).Before(k.End) {
			return w.From, w.To
		}
	}
	return time.Time{}, time.Time{}
}

// Cut is the part of s within from and to; an open end of the archive cuts nothing.
func (s Span) Cut(from, to time.Time) (Span, bool) {
	if s.From.Before(from) {
		s.From = from
	}
	if !to.IsZero() && (s.To.IsZero() || s.To.After(to)) {
		s.To = to
	}
	return s, !s.To.IsZero() && s.To.After(s.From)
}

// FileTime is where a real moment lies in a file that holds just the recorded spans.
func FileTime(recorded []Span, at time.Time) float64 {
	var sum time.Duration
	for _, r := range recorded {
		switch {
		case !at.After(r.From):
			return sum.Seconds()
		case !at.After(r.To):
			return (sum + at.Sub(r.From)).Seconds()
		}
		sum += r.To.Sub(r.From)
	}
	return sum.Seconds()
}

// Missing is how many seconds of the take no span holds, apart from a tolerance at
// either end. Of a take too short to leave a middle some of it has to be there.
func (t Take) Missing(spans []media.Span, edge float64) float64 {
	there := slices.ContainsFunc(spans, func(s media.Span) bool { return s.From < t.To+edge && s.To > t.From-edge })
	if !there {
		return t.To - t.From
	}
	return uncovered(spans, t.From+edge, max(t.From+edge, t.To-edge))
}

// Blink is how many missing seconds are forgiven: the forensics read pictures at intervals.
const Blink = 0.3

// Exhibit is a composed archive with media and its file.
type Exhibit struct {
	*History
	File
	R evidence.Record
	Performance
}

// Exhibits are the composed archives that recorded something and whose file was
// delivered and read. One that should have a file and has an unreadable one is
// noted as a contradiction.
func (c *Case) Exhibits() []Exhibit {
	var out []Exhibit
	for _, h := range c.StartedArchives() {
		p := c.perform(h)
		if h.IsIndividual() || len(p.Play.Tracks) == 0 || len(h.Media) == 0 || c.Encrypted(h) {
			continue
		}
		r := h.Media[len(h.Media)-1]
		f, ok := c.File(r)
		if !ok {
			c.Wrong("a readable MP4 file", FileKind(r, f), r)
			continue
		}
		out = append(out, Exhibit{h, f, r, p})
	}
	return out
}

// Judge runs want for each exhibit: what it should be, what it is, and whether that is well.
func Judge(of func(*Case, Exhibit) (expected, actual string, ok bool)) func(*Case) {
	return func(c *Case) {
		for _, x := range c.Exhibits() {
			expected, actual, ok := of(c, x)
			if expected != "" {
				c.Want(ok, expected, actual, x.R)
			}
		}
	}
}

// Video and audio are for archives that were asked to hold it.
func Video(of func(*Case, Exhibit, media.Video) (expected, actual string, ok bool)) func(*Case) {
	return Judge(func(c *Case, x Exhibit) (string, string, bool) {
		switch {
		case x.Request["hasVideo"] == false:
			return "", "", true
		case x.Video == nil:
			return "a video track", "tracks " + strings.Join(x.Tracks, ", ") + Details(x.File), false
		}
		return of(c, x, *x.Video)
	})
}

func Audio(of func(*Case, Exhibit, media.Audio) (expected, actual string, ok bool)) func(*Case) {
	return Judge(func(c *Case, x Exhibit) (string, string, bool) {
		switch {
		case x.Request["hasAudio"] == false:
			return "", "", true
		case x.Audio == nil:
			return "an audio track", "tracks " + strings.Join(x.Tracks, ", ") + Details(x.File), false
		}
		return of(c, x, *x.Audio)
	})
}
