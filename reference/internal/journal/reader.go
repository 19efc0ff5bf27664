package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

const readAhead = 128 << 10

// Item is a sample, a mark or a report of one kind of media. A mark promises that nothing before Time follows. A report
// says that the timestamp Stamp was captured at Captured; it applies to the samples before it whose origin was guessed.
type Item struct {
	av.Sample
	Video        bool // the kind: video, or else audio
	Mark, Report bool
}

// Position is a place in a stream's log.
type Position struct {
	Segment int   `json:"segment"` // number of the file in the log, from 1
	Offset  int64 `json:"offset"`  // in bytes
}

// First is the position of the first item of every log.
var First = Position{1, firstRecord}

// Before reports whether p comes before q in the same log.
func (p Position) Before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

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
	log   *segments
	track track // or tracks: both kinds, with reports
	from  av.Instant
	f     *os.File
	at    Position  // of the next record
	last  Position  // of the record returned last
	box   *seal.Box // of the segment that is open; nil = it is plain
	buf   []byte    // bytes of the segment from bufAt on
	bufAt int64
	body  []byte // of the record read last, where it was sealed
	limit int64  // at least this many bytes of the segment may be read

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
	return j.reader(stream, trackOf(isVideo), from, at)
}

// Both returns a reader for audio and video of a stream in the order in which they were appended. The Data of an item
// is valid until the next call of Next.
func (j *Journal) Both(stream string) (*Reader, error) {
	return j.reader(stream, tracks, Unknown, First)
}

func (j *Journal) reader(stream string, kind track, from av.Instant, at Position) (*Reader, error) {
	l, err := j.log(stream)
	if err != nil {
		return nil, err
	}
	return &Reader{log: l, track: kind, from: from, at: at, stream: stream, newest: Unknown, damaged: j.options.Damaged}, nil
}

func (j *Journal) log(stream string) (*segments, error) {
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
	older, later := 1, l.current()+1 // the last file known to begin before t, and the first one not known to
	for older+1 < later {
		middle := (older + later) / 2
		if begins, known := l.begins(middle); known && begins.Add(apart) < t {
			older = middle
		} else {
			later = middle
		}
	}
	return Position{older, firstRecord}, nil
}

// begins returns the time of the first sample or mark in a file of the log. known is false if it cannot be read.
func (l *segments) begins(seq int) (t av.Instant, known bool) {
	enough := errors.New("the first was read")
	err := readEarlier(l.dir, seq, l.opener(), func(r record) error {
		if r.kind != typeSample && r.kind != typeMark {
			return nil
		}
		t = r.time
		return enough
	})
	return t, errors.Is(err, enough)
}

// Close closes the reader's file.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	return f.Close()
}

// Position returns the position of the item that Next returned last.
func (r *Reader) Position() Position { return r.last }

// Seek makes p the position of the next item.
func (r *Reader) Seek(p Position) error {
	if p.Segment != r.at.Segment {
		if err := r.Close(); err != nil {
			return err
		}
		r.buf, r.limit = r.buf[:0], 0
	}
	r.at = p
	return nil
}

// Next returns the next item. It waits for one if the log is still written. It returns io.EOF at the end of the log.
// Where a segment is damaged, it returns a *TornError once; reading then goes on in the next segment, or with records
// that are appended later. Next calls [Options.Damaged] before it returns the first item after the damage.
func (r *Reader) Next(ctx context.Context) (Item, error) {
	for {
		limit, err := r.visible(ctx)
		var it Item
		var found bool
		if err == nil {
			it, found, err = r.step(limit)
		}
		if torn := (*TornError)(nil); errors.As(err, &torn) {
			r.torn = cmp.Or(r.torn, torn)
			next := Position{r.at.Segment, max(limit, r.at.Offset)}
			if r.at.Segment < r.log.current() {
				next = Position{r.at.Segment + 1, firstRecord}
			}
			if skip := r.Seek(next); skip != nil {
				return Item{}, skip
			}
		}
		if found && !it.Report || errors.Is(err, io.EOF) {
			r.tell(it, err)
		}
		if err != nil || found {
			return it, err
		}
	}
}

// tell reports damage before an item or before the end of the log, unless this reader has reported it already.
func (r *Reader) tell(it Item, end error) {
	to := it.Time
	if end != nil {
		to = Forever
	}
	if torn := r.torn; torn != nil && r.damaged != nil && !r.told[torn.place()] {
		if r.told == nil {
			r.told = map[string]bool{}
		}
		r.told[torn.place()] = true
		r.damaged(Damage{r.stream, r.newest, max(to, r.newest), torn})
	}
	r.torn = nil
	if end == nil {
		r.newest = max(r.newest, it.Time)
	}
}

// visible waits until there are bytes at the next position, and returns how many bytes of the segment may be read.
func (r *Reader) visible(ctx context.Context) (limit int64, err error) {
	if r.at.Offset < r.limit { // segments only grow
		return r.limit, nil
	}
	r.limit, err = r.log.visible(ctx, r.at.Segment, r.at.Offset)
	return r.limit, err
}

// step reads one record. limit is the number of bytes of the segment that may be read.
func (r *Reader) step(limit int64) (it Item, found bool, err error) {
	if r.f == nil {
		if err := r.open(); err != nil {
			return Item{}, false, err
		}
	}
	head, err := r.peek(headerSize+sampleHead+originSize, limit)
	if err != nil {
		return Item{}, false, err
	}
	n, sum, err := parseHeader(head)
	if err == nil && r.at.Offset+headerSize+n > limit {
		err = errShort
	}
	if err != nil {
		return Item{}, false, r.damage(err)
	}
	var rec record
	if r.box == nil { // the data of an unwanted record is not read
		rec, err = decode(head[headerSize:headerSize+min(n, int64(len(head)-headerSize))], true)
		if err != nil {
			return Item{}, false, r.damage(err)
		}
	} else if rec, err = r.record(n, sum, limit); err != nil {
		return Item{}, false, err
	}
	switch {
	case rec.kind == typeRoll:
		return Item{}, false, r.Seek(Position{r.at.Segment + 1, firstRecord})
	case !r.wants(rec):
		r.at.Offset += headerSize + n
		return Item{}, false, nil
	}
	if r.box == nil {
		if rec, err = r.record(n, sum, limit); err != nil {
			return Item{}, false, err
		}
	}
	r.last = r.at
	r.at.Offset += headerSize + n
	it = Item{Sample: av.Sample{Time: rec.time, Gap: rec.flags&flagGap != 0, Origin: rec.origin}, Video: rec.track == video,
		Mark: rec.kind == typeMark, Report: rec.kind == typeReport}
	if rec.kind == typeSample {
		it.Codec, it.Key = rec.codec, rec.flags&flagKey != 0
		it.Data = rec.data
		if r.track != tracks {
			it.Data = append([]byte(nil), rec.data...)
		}
	}
	return it, true, nil
}

// wants reports whether the reader returns this record.
func (r *Reader) wants(rec record) bool {
	if r.track != tracks && rec.track != r.track {
		return false
	}
	switch rec.kind {
	case typeSample:
		return rec.time >= r.from
	case typeMark:
		return true
	case typeReport:
		return r.track == tracks
	default:
		return false
	}
}

// open opens the present segment.
func (r *Reader) open() error {
	f, err := os.Open(segmentPath(r.log.dir, r.at.Segment))
	if err != nil {
		return err
	}
	var begin [len(magic)]byte
	if _, err := f.ReadAt(begin[:], 0); errors.Is(err, io.EOF) {
		return errors.Join(r.damage(errShort), f.Close())
	} else if err != nil {
		return errors.Join(fmt.Errorf("reading journal: %w", err), f.Close())
	}
	r.f, r.buf, r.box = f, r.buf[:0], nil
	if string(begin[:]) == magicSealed {
		r.box = r.log.opener()
	}
	return nil
}

// record reads the whole record. n is the size of its body in bytes.
func (r *Reader) record(n int64, sum uint32, limit int64) (record, error) {
	whole, err := r.peek(headerSize+n, limit)
	if err != nil {
		return record{}, err
	}
	body, err := parseBody(whole[headerSize:headerSize+n], sum, r.box, seal.Place{Segment: r.at.Segment, Offset: r.at.Offset}, r.body[:0])
	if err != nil {
		return record{}, r.damage(err)
	}
	if r.box != nil {
		r.body = body
	}
	rec, err := decode(body, false)
	if err != nil {
		return record{}, r.damage(err)
	}
	return rec, nil
}

func (r *Reader) damage(err error) error {
	return &TornError{segmentPath(r.log.dir, r.at.Segment), r.at.Offset, err}
}

// peek returns n bytes from the current offset, fewer only where limit cuts them off.
func (r *Reader) peek(n, limit int64) ([]byte, error) {
	n = min(n, limit-r.at.Offset)
	skip := r.at.Offset - r.bufAt
	if skip >= 0 && skip+n <= int64(len(r.buf)) {
		return r.buf[skip : skip+n], nil
	}
	want := min(max(n, readAhead), limit-r.at.Offset)
	if int64(cap(r.buf)) < want {
		r.buf = make([]byte, want)
	}
	r.buf = r.buf[:want]
	r.bufAt = r.at.Offset
	if _, err := r.f.ReadAt(r.buf, r.at.Offset); err != nil {
		r.buf = r.buf[:0]
		if errors.Is(err, io.EOF) { // what was there is not; it is no end of the log
			return nil, r.damage(errShort)
		}
		return nil, fmt.Errorf("reading journal: %w", err)
	}
	return r.buf[:n], nil
}
