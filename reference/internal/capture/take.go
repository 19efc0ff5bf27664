package capture

import (
	"math"
	"slices"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

const (
	forever = av.Instant(math.MaxInt64)
	always  = av.Instant(math.MinInt64)
)

// Take is an interval in which an archive takes a stream.
type Take struct {
	Stream   timeline.Event `json:"stream"` // the event that added the stream
	From     av.Instant     `json:"from"`   // samples before it are not taken
	To       av.Instant     `json:"to"`     // samples from it on are not taken
	Choices  []Choice       `json:"choices"`
	finished bool           // its files are complete
}

// Choice says which kinds of media of the stream are taken from From on.
type Choice struct {
	From  av.Instant `json:"from"`
	Audio bool       `json:"audio,omitempty"`
	Video bool       `json:"video,omitempty"`
}

// wants reports whether the audio or the video at the instant at is taken.
func (t *Take) wants(video bool, at av.Instant) bool {
	if at < t.From || at >= t.To {
		return false
	}
	wanted := false
	for _, c := range t.Choices {
		if at < c.From {
			break
		}
		wanted = c.Audio
		if video {
			wanted = c.Video
		}
	}
	return wanted
}

// Wanted reports whether an archive with these events takes anything of a stream between two instants.
func Wanted(events []timeline.Event, archiveID, stream string, from, to av.Instant) bool {
	r := newRoll(archiveID, true, true)
	for _, e := range events {
		r.see(e)
	}
	return slices.ContainsFunc(r.takes, func(t *Take) bool { return t.Stream.Stream == stream && t.From <= to && from < t.To })
}

// roll derives the takes from the events of a timeline.
type roll struct {
	archive      string
	audio, video bool // what the archive takes of every stream

	origin    av.Instant // when recording began
	begun     bool
	recording bool
	stopped   bool
	present   []timeline.Event // events of the published streams, oldest first
	selected  map[string]timeline.Selection
	selective bool // only streams in selected are taken

	takes []*Take
	open  map[string]*Take
}

func newRoll(archive string, audio, video bool) *roll {
	return &roll{archive: archive, audio: audio, video: video, open: map[string]*Take{}}
}

// see handles the next event of the timeline.
func (r *roll) see(e timeline.Event) {
	switch e.Kind {
	case timeline.StreamAdded:
		r.present = append(r.present, e)
	case timeline.StreamRemoved:
		r.remove(e.Stream)
	case timeline.Recording, timeline.Paused, timeline.Stopped, timeline.Selected:
		if e.Archive != r.archive {
			return
		}
		r.seeArchive(e)
	default:
		return
	}
	r.update(e.At)
}

func (r *roll) seeArchive(e timeline.Event) {
	switch e.Kind {
	case timeline.Recording:
		r.recording = true
		if !r.begun {
			r.begun, r.origin = true, e.Happened() // ARC-MAN-06
		}
	case timeline.Paused:
		r.recording = false
	case timeline.Stopped:
		r.recording, r.stopped = false, true
	case timeline.Selected:
		r.selective, r.selected = true, map[string]timeline.Selection{}
		for _, s := range e.Selection {
			r.selected[s.Stream] = s
		}
	default: // see passes no others
	}
}

func (r *roll) remove(stream string) {
	left := r.present[:0:0]
	for _, e := range r.present {
		if e.Stream != stream {
			left = append(left, e)
		}
	}
	r.present = left
}

// update opens, changes and closes takes according to what is wanted from at on. A stream that is taken again gets another take, and so another
// file (ARC-IND-29).
func (r *roll) update(at av.Instant) {
	wanted := map[string]bool{}
	for _, e := range r.present {
		audio, video, taken := r.choice(e.Stream)
		if !taken {
			continue
		}
		wanted[e.Stream] = true
		if r.open[e.Stream] == nil {
			r.begin(e, at)
		}
		r.open[e.Stream].choose(Choice{From: at, Audio: audio, Video: video})
	}
	for id, t := range r.open {
		if !wanted[id] {
			t.To = at
			delete(r.open, id)
		}
	}
}

func (r *roll) choice(stream string) (audio, video, taken bool) {
	if !r.recording {
		return false, false, false
	}
	if !r.selective {
		return r.audio, r.video, true // ARC-IND-25, ARC-SEL-01
	}
	s, taken := r.selected[stream]
	return r.audio && s.HasAudio, r.video && s.HasVideo, taken // ARC-SEL-12, ARC-SEL-13, ARC-SEL-14
}

// begin opens a take. It has no lower limit for a stream that was just added, because the first packet need not be the first one captured.
func (r *roll) begin(e timeline.Event, at av.Instant) {
	t := &Take{Stream: e, From: at, To: forever}
	if e.Happened() >= at || e.At >= at {
		t.From = always
	}
	r.takes = append(r.takes, t) // ARC-IND-04
	r.open[e.Stream] = t
}

func (t *Take) choose(c Choice) {
	if n := len(t.Choices); n == 0 {
		c.From = t.From
	} else if last := t.Choices[n-1]; last.Audio == c.Audio && last.Video == c.Video {
		return
	}
	t.Choices = append(t.Choices, c) // ARC-IND-30, ARC-IND-32
}
