package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
)

// file is an archive file as the forensics read it.
type file struct {
	media.Report
	err string
}

// file decodes a forensics record; ok is false when the bytes are no media.
func (c *Case) file(r evidence.Record) (file, bool) {
	f, known := c.files[string(r.Media.Report)]
	if !known {
		f.err = r.Media.Error
	}
	if f.err == "" && !known {
		if err := json.Unmarshal(r.Media.Report, &f.Report); err != nil {
			c.unclear("forensics report of " + Ref(r) + ": " + err.Error())
			return f, false
		}
	}
	c.files[string(r.Media.Report)] = f
	return f, f.err == "" && !f.Has(media.Broken)
}

func (f file) mp4() bool {
	return len(f.Boxes) > 0 && f.Boxes[0].Type == "ftyp" &&
		slices.ContainsFunc(f.Boxes, func(b media.Box) bool { return b.Type == "moov" })
}

func fileKind(r evidence.Record, f file) string {
	if f.err != "" {
		return f.err
	}
	var boxes []string
	for _, b := range f.Boxes {
		boxes = append(boxes, b.Type)
	}
	return fmt.Sprintf("%d bytes with boxes [%s]%s", f.Size, strings.Join(boxes, " "), details(f))
}

func details(f file) string {
	var s string
	for _, found := range f.Findings {
		s += "; " + string(found.Kind) + ": " + found.Detail
	}
	return clip(s, 300)
}

// published tells whether anything was published while h recorded.
func (c *Case) published(h *history) bool {
	return len(c.takes(h)) > 0
}

// take is a published track as far as it falls into an archive, on the file's time axis.
type take struct {
	evidence.Published
	r        evidence.Record
	from, to float64 // seconds in the file
	kept     bool    // long enough to be asked for: a second or more
}

// takes maps the publisher's log of the session onto the file of h. The file's
// time zero is the first media within the archive, and pauses leave no time in it.
func (c *Case) takes(h *history) []take {
	k, ok := c.course(h)
	s := c.sessions[h.start.IDs[evidence.Session]]
	if !ok || s == nil {
		return nil
	}
	begin := h.start.Exchange.Started
	end, _ := c.realEnd(h, k)
	var recorded []span
	for _, u := range union(s.streams) {
		if cut, ok := u.cut(begin, end); ok {
			recorded = append(recorded, cut)
		}
	}
	var out []take
	for _, u := range s.streams {
		cut, ok := u.cut(begin, end)
		if !ok {
			continue
		}
		t := take{Published: *u.by.Published, r: u.by, from: fileTime(recorded, cut.from), to: fileTime(recorded, cut.to)}
		t.kept = t.to-t.from >= 1
		if k.part(t.Kind, h) {
			out = append(out, t)
		}
	}
	return out
}

// part tells whether the archive was asked to hold the kind of track.
func (k course) part(kind string, h *history) bool {
	key := "hasVideo"
	if kind == "audio" {
		key = "hasAudio"
	}
	return h.request[key] != false
}

// realEnd brackets when h ended in real time: during its stop call, or during
// the advance that made it end. Zero times leave it open.
func (c *Case) realEnd(h *history, k course) (first, last time.Time) {
	if k.stop.Exchange != nil {
		return sent(k.stop), over(k.stop)
	}
	app := h.start.IDs[evidence.Application]
	for _, w := range c.walks {
		if w.app == app && !c.latest(app, w.to).Before(k.end) {
			return w.from, w.to
		}
	}
	return time.Time{}, time.Time{}
}

// cut is the part of s within from and to; an open end of the archive cuts nothing.
func (s span) cut(from, to time.Time) (span, bool) {
	if s.from.Before(from) {
		s.from = from
	}
	if !to.IsZero() && (s.to.IsZero() || s.to.After(to)) {
		s.to = to
	}
	return s, !s.to.IsZero() && s.to.After(s.from)
}

// fileTime is where a real moment lies in a file that holds just the recorded spans.
func fileTime(recorded []span, at time.Time) float64 {
	var sum time.Duration
	for _, r := range recorded {
		switch {
		case !at.After(r.from):
			return sum.Seconds()
		case !at.After(r.to):
			return (sum + at.Sub(r.from)).Seconds()
		}
		sum += r.to.Sub(r.from)
	}
	return sum.Seconds()
}

// missing is how many seconds of the take no span holds, apart from a tolerance at
// either end. Of a take too short to leave a middle some of it has to be there.
func (t take) missing(spans []media.Span, edge float64) float64 {
	there := slices.ContainsFunc(spans, func(s media.Span) bool { return s.From < t.to+edge && s.To > t.from-edge })
	if !there {
		return t.to - t.from
	}
	return uncovered(spans, t.from+edge, max(t.from+edge, t.to-edge))
}

// blink is how many missing seconds are forgiven: the forensics read pictures at intervals.
const blink = 0.3

// exhibit is a composed archive with media and its file.
type exhibit struct {
	*history
	file
	r     evidence.Record
	takes []take
}

// exhibits are the composed archives that recorded something and whose file was
// delivered and read. One that should have a file and has an unreadable one is
// noted as a contradiction.
func (c *Case) exhibits() []exhibit {
	var out []exhibit
	for _, h := range c.startedArchives() {
		takes := c.takes(h)
		if h.request.text("outputMode") == "individual" || len(takes) == 0 || len(h.media) == 0 {
			continue
		}
		r := h.media[len(h.media)-1]
		f, ok := c.file(r)
		if !ok {
			c.wrong("a readable MP4 file", fileKind(r, f), r)
			continue
		}
		out = append(out, exhibit{h, f, r, takes})
	}
	return out
}

// judge runs want for each exhibit: what it should be, what it is, and whether that is well.
func judge(of func(*Case, exhibit) (expected, actual string, ok bool)) func(*Case) {
	return func(c *Case) {
		for _, x := range c.exhibits() {
			expected, actual, ok := of(c, x)
			if expected != "" {
				c.want(ok, expected, actual, x.r)
			}
		}
	}
}

// video and audio are for archives that were asked to hold it.
func video(of func(*Case, exhibit, media.Video) (expected, actual string, ok bool)) func(*Case) {
	return judge(func(c *Case, x exhibit) (string, string, bool) {
		switch {
		case x.request["hasVideo"] == false:
			return "", "", true
		case x.Video == nil:
			return "a video track", "tracks " + strings.Join(x.Tracks, ", ") + details(x.file), false
		}
		return of(c, x, *x.Video)
	})
}

func audio(of func(*Case, exhibit, media.Audio) (expected, actual string, ok bool)) func(*Case) {
	return judge(func(c *Case, x exhibit) (string, string, bool) {
		switch {
		case x.request["hasAudio"] == false:
			return "", "", true
		case x.Audio == nil:
			return "an audio track", "tracks " + strings.Join(x.Tracks, ", ") + details(x.file), false
		}
		return of(c, x, *x.Audio)
	})
}
