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

// Item is a sample, or what is known of samples of its kind without being one. A mark promises that nothing before Time follows. A report
// says that the timestamp Stamp was captured at Captured; it holds for the guessed samples before it.
type Item struct {
	av.Sample
	Video        bool // its kind, if not audio
	Mark, Report bool
}

// Position is a place in a stream's log.
type Position struct {
	Segment int   `json:"segment"` // file of the log, from 1
	Offset  int64 `json:"offset"`  // bytes into it
}

// First is the place of the first item of every log.
var First = Position{1, firstRecord}

// Before reports whether p comes before q in the same log.
func (p Position) Before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Damage is a part of a stream's log that cannot be read. What was timed from From to To is lost, all or some of it.
type Damage struct {
	Stream   string
	From, To av.Instant // Unknown and Forever where nothing is known before or after it
	Err      *TornError
}

const (
	Unknown = av.Instant(math.MinInt64)
	Forever = av.Instant(math.MaxInt64)
)

// Reader reads media of one stream and follows it while it is written. Not for concurrent use.
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
	limit int64  // so many bytes of the segment may be read, at least

	stream  string
	newest  av.Instant // of what was read
	torn    *TornError // not yet told: what follows has not been read
	told    map[string]bool
	damaged func(Damage)
}

// Reader reads the audio or the video of a stream, without samples that are older than from, and without reports.
func (j *Journal) Reader(stream string, isVideo bool, from av.Instant) (*Reader, error) {
	at, err := j.Near(stream, from)
	if err != nil {
		return nil, err
	}
	return j.reader(stream, trackOf(isVideo), from, at)
}

// Both reads the audio and the video of a stream in the order in which it was appended. An item's Data is good until the next call of
// Next.
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

// apart is more than the two kinds of a stream are apart in its log: what is silent is marked at most 1.2 s behind real time, and nothing
// is timed later than that by more than 2 s.
const apart = 10 * time.Second

// Near returns a place in the stream's log where reading may begin for what is not older than t: the beginning of the file of the log that t is
// in, or of one before. All that comes before the place is older than t.
func (j *Journal) Near(stream string, t av.Instant) (Position, error) {
	l, err := j.log(stream)
	if err != nil {
		return First, err
	}
	older, later := 1, l.current()+1 // files that begin before t, and not
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

// begins returns the time of the first sample or mark of a file of the log, if that can be read.
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

// Close releases the reader's file.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	return f.Close()
}

// Position is where the item returned last begins.
func (r *Reader) Position() Position { return r.last }

// Seek makes p the place of the next item.
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

// Next returns the next item, waiting for it if the log is still written. It returns io.EOF at the log's end, and a
// *TornError, once, where a segment is damaged; reading then goes on in the next segment, or with what is appended later. Before it returns
// what follows the damage, [Options.Damaged] is told.
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

// tell tells of damage before an item, or before the end of the log, unless it is read again.
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

// visible waits until there is something at the place of the next record, and returns how much of the segment may be read.
func (r *Reader) visible(ctx context.Context) (limit int64, err error) {
	if r.at.Offset < r.limit { // what was there stays
		return r.limit, nil
	}
	r.limit, err = r.log.visible(ctx, r.at.Segment, r.at.Offset)
	return r.limit, err
}

// step reads one record of a segment of which limit bytes are there.
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
	if r.box == nil { // what is not wanted is not read
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

// wants reports whether the record is one of the reader's.
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

// open opens the segment.
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

// record reads the whole record whose body takes n bytes.
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
