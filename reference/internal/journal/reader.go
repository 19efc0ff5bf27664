package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal/segment"
)

// Item is a sample, a mark or a report of one kind of media. A mark promises that nothing before Time follows. A report
// says that the timestamp Stamp was captured at Captured; it applies to the samples before it whose origin was guessed.
type Item struct {
	av.Sample
	Video        bool // the kind: video, or else audio
	Mark, Report bool
}

// Position is a place in a stream's log.
type Position = segment.Position

// First is the position of the first item of every log.
var First = segment.First

// TornError says from which offset a segment cannot be read.
type TornError = segment.TornError

// Damage is a part of a stream's log that cannot be read. Some or all media from From to To is lost.
type Damage struct {
	Stream   string
	From, To av.Instant // Unknown or Forever if no media is known before or after the damage
	Err      *TornError
}

const (
	Unknown = av.Instant(math.MinInt64)
	Forever = av.Instant(math.MaxInt64)
)

// Reader reads the media of one stream and follows it while it is written. It is not safe for concurrent use.
type Reader struct {
	records *segment.Reader
	track   segment.Track // or segment.Tracks: both kinds, with reports
	from    av.Instant

	stream  string
	newest  av.Instant // newest time of what was read
	torn    *TornError // damage not yet reported: nothing after it has been read
	told    map[string]bool
	damaged func(Damage)
}

// Reader returns a reader for the audio or the video of a stream. It returns no samples before from and no reports.
func (j *Journal) Reader(stream string, isVideo bool, from av.Instant) (*Reader, error) {
	at, err := j.Near(stream, from)
	if err != nil {
		return nil, err
	}
	return j.reader(stream, segment.TrackOf(isVideo), from, at)
}

// Both returns a reader for audio and video of a stream in the order in which they were appended. The Data of an item
// is valid until the next call of Next.
func (j *Journal) Both(stream string) (*Reader, error) {
	return j.reader(stream, segment.Tracks, Unknown, First)
}

func (j *Journal) reader(stream string, kind segment.Track, from av.Instant, at Position) (*Reader, error) {
	l, err := j.log(stream)
	if err != nil {
		return nil, err
	}
	return &Reader{records: segment.NewReader(l, at), track: kind, from: from, stream: stream, newest: Unknown, damaged: j.options.Damaged}, nil
}

func (j *Journal) log(stream string) (*segment.Log, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if l := j.streams[stream]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("stream %q has no log", stream)
}

// apart is an upper limit for the difference in time between the two kinds at one place of a log. The marks of a silent
// kind are at most 1.2 s behind real time, and no time is more than 2 s ahead of it.
const apart = 10 * time.Second

// Near returns a position in the stream's log from which to read media that is not older than t: the beginning of the
// file that contains t, or of the file before it. Everything before the position is older than t.
func (j *Journal) Near(stream string, t av.Instant) (Position, error) {
	l, err := j.log(stream)
	if err != nil {
		return First, err
	}
	older, later := 1, l.Current()+1 // the last file known to begin before t, and the first one not known to
	for older+1 < later {
		middle := (older + later) / 2
		if begins, known := l.Begins(middle); known && begins.Add(apart) < t {
			older = middle
		} else {
			later = middle
		}
	}
	return Position{Segment: older, Offset: First.Offset}, nil
}

// Close closes the reader's file.
func (r *Reader) Close() error { return r.records.Close() }

// Position returns the position of the item that Next returned last.
func (r *Reader) Position() Position { return r.records.Position() }

// Seek makes p the position of the next item.
func (r *Reader) Seek(p Position) error { return r.records.Seek(p) }

// Next returns the next item. It waits for one if the log is still written. It returns io.EOF at the end of the log.
// Where a segment is damaged, it returns a *TornError once; reading then goes on in the next segment, or with records
// that are appended later. Next calls [Options.Damaged] before it returns the first item after the damage.
func (r *Reader) Next(ctx context.Context) (Item, error) {
	rec, err := r.records.Next(ctx, r.wants)
	if torn := (*TornError)(nil); errors.As(err, &torn) {
		r.torn = cmp.Or(r.torn, torn)
		if skip := r.records.Skip(); skip != nil {
			return Item{}, skip
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			r.tell(Forever)
		}
		return Item{}, err
	}
	it := Item{Sample: rec.Sample, Video: rec.Track == segment.Video, Mark: rec.Kind == segment.Mark, Report: rec.Kind == segment.Report}
	if rec.Kind == segment.Sample && r.track != segment.Tracks {
		it.Data = append([]byte(nil), rec.Data...)
	}
	if !it.Report {
		r.tell(it.Time)
		r.newest = max(r.newest, it.Time)
	}
	return it, nil
}

// tell reports damage before an item at the instant to or before the end of the log, unless this reader has reported it
// already.
func (r *Reader) tell(to av.Instant) {
	if torn := r.torn; torn != nil && r.damaged != nil && !r.told[torn.Place()] {
		if r.told == nil {
			r.told = map[string]bool{}
		}
		r.told[torn.Place()] = true
		r.damaged(Damage{r.stream, r.newest, max(to, r.newest), torn})
	}
	r.torn = nil
}

// wants reports whether the reader returns this record.
func (r *Reader) wants(rec segment.Record) bool {
	if r.track != segment.Tracks && rec.Track != r.track {
		return false
	}
	switch rec.Kind {
	case segment.Sample:
		return rec.Time >= r.from
	case segment.Mark:
		return true
	case segment.Report:
		return r.track == segment.Tracks
	default:
		return false
	}
}
