package individual

import (
	"cmp"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

// Rules for video that is not in the picture (decision 17), as they apply to files.
const (
	// grace is how long a publisher that lost its connection may take to return with the same stream.
	grace = 30 * time.Second
	// exact is how close to its last block a file of another recorder must end to count as ended by a lost connection.
	exact = 2 * time.Millisecond
	// overlap is how far two files of a stream may overlap, because their offsets are not exact.
	overlap = 500 * time.Millisecond

	screen = "screen"
)

// interval is an interval of the recording.
type interval struct{ from, to time.Duration }

// part is a stream in the journal, made from one or more files.
type part struct {
	File
	id      string // id in the journal
	classes []string
	client  string // connection id of its client, if its files have it
	w       *journal.Writer
	spans   []interval // intervals with a file, or with a lost connection
	dark    []interval // intervals without video
	has     [2]bool
	reached [2]time.Duration // times of its last blocks, by kind
	cut     bool             // its last file says that the connection was lost
	ended   time.Duration    // end of its last file

	// Fields for the video.
	last    time.Duration // presentation time of the last frame
	cadence av.Cadence
	shown   bool // there was a frame
	away    bool // since left, the stream or at least its video is not in the recording
	left    time.Duration
	anew    bool // no frame of the present file has come
}

// takes reports whether the file can follow the part's blocks.
func (p *part) takes(f File, s *contents, zero time.Duration) bool {
	for kind, has := range p.has {
		if first, _ := s.times(kind); has && len(s.index[kind]) > 0 && f.start()-zero+first < p.reached[kind]-overlap {
			return false
		}
	}
	return true
}

// begin adds a file. A second file begins a new segment of the stream. Before it, either the stream was removed from the recording, or its
// connection was lost, so that the earlier file ended with its last block.
func (p *part) begin(from, to time.Duration, hasVideo bool) {
	n := len(p.spans)
	p.anew = true
	if n == 0 {
		p.last = from
		p.spans = append(p.spans, interval{from, to})
		return
	}
	if last := &p.spans[n-1]; p.lost(from) {
		last.to = max(last.to, to)
		if hasVideo && from-p.last <= p.cadence.Patience() { // video came back, but not with a key frame at once
			p.last = max(p.last, from)
		}
	} else {
		p.spans = append(p.spans, interval{from, to})
		if !p.away {
			p.away, p.left = true, p.ended
		}
	}
	if p.away && hasVideo {
		p.resume(from)
	}
}

// lost reports whether the stream's connection was lost before the file that begins at from, so that the recording goes on meanwhile. Files of
// this recorder say so. Of others, a file that ends with its last block may have been cut off; one that ends later was ended.
func (p *part) lost(from time.Duration) bool {
	last := max(p.reached[audio], p.reached[video])
	if from-last > grace {
		return false
	}
	if p.client != "" {
		return p.cut
	}
	return from <= p.ended || p.ended <= last+exact
}

// resume ends the time in which the stream was not in the recording. The stream gets its place before its first picture.
func (p *part) resume(at time.Duration) {
	from, _ := p.stopped(at)
	if p.has[video] {
		p.dark = append(p.dark, interval{from, at})
	}
	p.away, p.last = false, at
}

// sample returns a block as a sample and updates the part. from is the beginning of the block's file.
func (p *part) sample(kind int, codec av.Codec, e entry, from time.Duration, data []byte) av.Sample {
	at, shown := max(from+e.at, p.reached[kind]), from+e.time
	p.has[kind], p.reached[kind] = true, at
	span := &p.spans[len(p.spans)-1]
	span.to = max(span.to, shown)
	s := av.Sample{Codec: codec, Time: begin.Add(at), Key: e.key, Data: data}
	if kind == audio {
		return s
	}
	if shown > at {
		s.Captured = begin.Add(shown)
	}
	s.Gap = p.anew && p.shown
	p.picture(at, max(at, shown))
	return s
}

// picture handles a frame. It ends a stop, because a complete file has lost nothing and the frame can be decoded.
func (p *part) picture(at, shown time.Duration) {
	if from, stopped := p.stopped(at); stopped {
		p.dark = append(p.dark, interval{from, at})
	}
	p.cadence.Next(at - p.last)
	p.last, p.shown, p.anew = max(p.last, shown), true, false
}

// stopped reports whether there was no video just before at, and since when. A shared screen without changes need not send anything, so its
// picture stays.
func (p *part) stopped(at time.Duration) (from time.Duration, is bool) {
	from = at
	if patience := p.cadence.Patience(); at-p.last > patience && (p.VideoType != screen || !p.shown || p.anew) {
		from = p.last + patience
	}
	if p.away {
		from = min(from, p.left)
	}
	return from, from < at
}

// end handles the end of a file. A still picture is shown until then.
func (p *part) end(to time.Duration, still bool) {
	if still {
		p.reached[video], p.last = max(p.reached[video], to), max(p.last, to)
	}
	p.ended = max(to, p.reached[audio], p.reached[video])
}

// finish ends the part.
func (p *part) finish() error {
	p.anew = false
	if from, stopped := p.stopped(p.to()); stopped && p.has[video] {
		p.dark = append(p.dark, interval{from, p.to()})
	}
	return p.w.Close()
}

func (p *part) from() time.Duration { return p.spans[0].from }

// added returns when the stream came: at the beginning of the recording, if it began together with it.
func (p *part) added() time.Duration {
	if p.from() < together {
		return 0
	}
	return p.from()
}

func (p *part) to() time.Duration { return p.spans[len(p.spans)-1].to }

// events returns the events of the stream. client is its connection, and added is when it got its place.
func (p *part) events(client string, added time.Duration) []timeline.Event {
	list := []timeline.Event{{
		Kind: timeline.StreamAdded, At: begin.Add(added), Stream: p.id, VideoType: p.VideoType, HasAudio: p.has[audio], HasVideo: p.has[video],
		Classes: p.classes, Connection: client,
	}}
	dark := p.dark
	if added < p.added() && p.has[video] {
		dark = slices.Insert(slices.Clone(dark), 0, interval{added, p.from()})
	}
	for _, d := range dark {
		list = append(list, timeline.Event{Kind: timeline.VideoStopped, At: begin.Add(d.from), Stream: p.id})
		if d.to < p.to() {
			list = append(list, timeline.Event{Kind: timeline.VideoResumed, At: begin.Add(d.to), Stream: p.id})
		}
	}
	return append(list, timeline.Event{Kind: timeline.StreamRemoved, At: begin.Add(p.to()), Stream: p.id, Reason: "ended"})
}

// holes returns the intervals without any stream.
func holes(parts []*part) (list []interval) {
	var spans []interval
	for _, p := range parts {
		spans = append(spans, p.spans...)
	}
	slices.SortFunc(spans, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	reached := time.Duration(0)
	for i, s := range spans {
		if s.from > reached && i > 0 {
			list = append(list, interval{reached, s.from})
		}
		reached = max(reached, s.to)
	}
	return list
}
