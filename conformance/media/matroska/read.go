package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of what is read. The files of a run are far smaller.
const (
	maxFindings = 100
	maxTracks   = 64
	maxFrames   = 1 << 20
	maxBlock    = 16 << 20
	maxValue    = 64 << 10 // of any other element that is read as a whole
)

// defaultScale is the TimestampScale of a file without one, in nanoseconds.
const defaultScale = 1_000_000

// parser reads one file.
type parser struct {
	source
	report  Report
	next    *element // it ended an element of unknown size, and must be visited by those around it
	ended   bool     // the report already says that the file ends early
	frames  int
	scale   uint64
	seen    map[uint32]bool
	byTrack map[uint64]*track
	order   []*track

	cluster element
	base    uint64 // timestamp of the cluster, in units of the scale
	hasBase bool
	block   []byte // bytes of the current block
	value   []byte
}

// Read describes a file. It reads r to its end, or to where it cannot find the next element.
func Read(r io.Reader) Report {
	p := &parser{source: source{r: bufio.NewReaderSize(r, 64<<10)}, scale: defaultScale, seen: map[uint32]bool{}, byTrack: map[uint64]*track{}}
	p.file()
	p.report.Size = p.at
	for _, t := range p.order {
		p.report.Tracks = append(p.report.Tracks, t.Track)
	}
	return p.report
}

func (p *parser) note(k Kind, at int64, format string, args ...any) {
	switch n := len(p.report.Findings); {
	case n < maxFindings:
		p.report.Findings = append(p.report.Findings, Finding{k, at, fmt.Sprintf(format, args...)})
	case n == maxFindings:
		p.report.Findings = append(p.report.Findings, Finding{Limit, at, fmt.Sprintf("more than %d findings", maxFindings)})
	}
}

// errLost means that an element cannot be read, and that the start of the next one is unknown.
var errLost = errors.New("lost")

// file reads the outermost elements.
func (p *parser) file() {
	whole := element{size: unknown}
	first := true
	_ = p.children(whole, unknown, func(e element, end int64) (bool, error) {
		if first && e.id != idEBML {
			p.note(NotMatroska, 0, "it begins with %v", e)
			return true, errLost
		}
		first = false
		switch e.id {
		case idEBML:
			return true, p.once(e, end, p.readHead)
		case idSegment:
			p.report.SegmentUnknown = e.size == unknown
			return true, p.once(e, end, p.segment)
		default:
			return true, p.pass(e, end)
		}
	})
	switch {
	case first && !p.report.Has(NotMatroska):
		p.note(NotMatroska, 0, "it has %d bytes and no EBML head", p.at)
	case !p.seen[idSegment] && !first:
		p.note(Missing, p.at, "no Segment")
	case p.seen[idSegment] && !p.seen[idTracks]:
		p.note(Missing, p.at, "no Tracks")
	}
}

// visitor handles an element that ends at end, or whose end is unknown. belongs is false when it does not belong in the
// element around it.
type visitor func(e element, end int64) (belongs bool, err error)

// children visits the elements in parent, up to end. An error means that nothing more of the file can be read.
func (p *parser) children(parent element, end int64, visit visitor) error {
	for end == unknown || p.at < end || p.next != nil {
		e, err := p.begin(parent, end)
		if err != nil {
			return p.recover(parent, end, err)
		}
		last := end
		if e.size != unknown {
			last = e.end()
		}
		if end != unknown && last > end {
			p.note(Overrun, e.at, "%v of %d bytes, %d are left in %v", e, e.size, end-e.body, parent)
			e.size, last = max(0, end-e.body), end
		}
		belongs, err := visit(e, last)
		if !belongs {
			p.next = &e
			return nil
		}
		if err != nil {
			return p.recover(parent, end, err)
		}
	}
	return nil
}

// begin reads the header of the next element.
func (p *parser) begin(parent element, end int64) (element, error) {
	if e := p.next; e != nil {
		p.next = nil
		return *e, nil
	}
	e, err := p.head()
	var broken *brokenError
	switch {
	case errors.As(err, &broken):
		p.note(Broken, broken.at, "%s, in %v", broken.what, parent)
		return e, errLost
	case err != nil && (p.at > e.at || end != unknown):
		p.cut(e.at, parent)
	}
	return e, err
}

// cut notes that the file ends in an element. Only the innermost one is noted.
func (p *parser) cut(at int64, e element) {
	if !p.ended {
		p.note(Truncated, at, "the file ends at byte %d, in %v", p.at, e)
	}
	p.ended = true
}

// recover continues after parent when something in it is lost and the end of parent is known.
func (p *parser) recover(parent element, end int64, err error) error {
	if !errors.Is(err, errLost) || parent.size == unknown || end < p.at {
		return err
	}
	p.next = nil
	return p.skipTo(end, parent)
}

func (p *parser) skipTo(end int64, e element) error {
	err := p.skip(max(0, end-p.at))
	if err != nil {
		p.cut(e.at, e)
	}
	return err
}

// pass skips an element.
func (p *parser) pass(e element, end int64) error {
	if e.size == unknown {
		p.note(Broken, e.at, "%v does not tell its size", e)
		return errLost
	}
	return p.skipTo(end, e)
}

// once reads an element that may occur only once. It notes a second one and reads it too.
func (p *parser) once(e element, end int64, read func(e element, end int64) error) error {
	if p.seen[e.id] {
		p.note(Twice, e.at, "another %v", e)
	}
	p.seen[e.id] = true
	return read(e, end)
}

// fields says what is read of an element: take handles the values in it, enter the elements that hold others. Elements
// that neither knows are skipped.
type fields struct {
	take  map[uint32]func(b []byte) (ok bool)
	enter map[uint32]func(e element, end int64) error
}

// read reads an element of known size.
func (p *parser) read(parent element, end int64, f fields) error {
	if parent.size == unknown {
		return p.pass(parent, end)
	}
	return p.children(parent, end, func(e element, last int64) (bool, error) {
		if enter := f.enter[e.id]; enter != nil {
			return true, enter(e, last)
		}
		take := f.take[e.id]
		if take == nil {
			return true, p.pass(e, last)
		}
		b, ok, err := p.bytes(e, maxValue, &p.value)
		if err == nil && ok && !take(b) {
			p.note(Broken, e.at, "%v cannot be read: % X", e, b[:min(len(b), 16)])
		}
		return true, err
	})
}

// bytes reads the content of an element into a buffer. ok is false when it is too large.
func (p *parser) bytes(e element, limit int64, into *[]byte) (b []byte, ok bool, err error) {
	switch {
	case e.size == unknown:
		return nil, false, p.pass(e, unknown)
	case e.size > limit:
		p.note(Limit, e.at, "%v of %d bytes; those over %d are not looked at", e, e.size, limit)
		return nil, false, p.skipTo(e.end(), e)
	}
	b, err = p.grown((*into)[:0], e)
	*into = b
	return b, err == nil, err
}

// grown appends the bytes of e in steps, so that a false size in a file costs no memory.
func (p *parser) grown(b []byte, e element) ([]byte, error) {
	const step = 64 << 10
	for left := int(e.size); left > 0; {
		n := min(left, step)
		at := len(b)
		if cap(b) >= at+n {
			b = b[:at+n]
		} else {
			b = append(b, make([]byte, n)...)
		}
		if err := p.fill(b[at:]); err != nil {
			p.cut(e.at, e)
			return b[:at], err
		}
		left -= n
	}
	return b, nil
}

func set[T ~int | ~int64 | ~uint64](to *T) func(b []byte) bool {
	return func(b []byte) bool {
		v, ok := number(b)
		if ok && v > 1<<62 {
			return false
		}
		*to = T(v)
		return ok
	}
}

// setID returns a setter for numbers of up to 64 bits.
func setID(to *uint64) func(b []byte) bool {
	return func(b []byte) (ok bool) {
		*to, ok = number(b)
		return ok
	}
}

func setText(to *string) func(b []byte) bool {
	return func(b []byte) bool {
		// A string may be followed by zeros (RFC 8794 section 7.4).
		text, _, _ := strings.Cut(string(b[:min(len(b), 256)]), "\x00")
		*to = strings.ToValidUTF8(text, "\uFFFD")
		return true
	}
}

func setFloat(to *float64) func(b []byte) bool {
	return func(b []byte) (ok bool) {
		*to, ok = float(b)
		if !ok {
			*to = 0
		}
		return ok
	}
}
