package picture

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

const (
	start = av.Instant(1_000_000_000_000)
	frame = 40 * time.Millisecond // one of the output
)

// written is a sample that a decoder was given.
type written struct {
	id   byte
	show bool
}

// fake stands for a decoder. It answers every sample that is to be shown with a picture.
type fake struct {
	shape shape
	dies  func(id byte) error // of a sample, unless it returns nil
	hold  int                 // how many pictures it keeps until others follow
	test  *test

	written  []written
	numbers  []int64
	closed   bool
	pictures chan ffmpeg.Frame
	death    error
}

func (d *fake) Write(number int64, show bool, data []byte) error {
	if d.closed {
		return io.ErrClosedPipe
	}
	id := data[len(data)-1]
	d.written = append(d.written, written{id, show})
	if d.death = d.dies(id); d.death != nil {
		d.close()
		<-d.test.feeder.child.done // so that it is noticed at once
		return io.ErrClosedPipe
	}
	if show && int(id) != d.test.mute {
		d.test.mu.Lock()
		d.test.ids[number] = id
		d.test.mu.Unlock()
		d.numbers = append(d.numbers, number)
	}
	d.send(d.hold)
	return nil
}

func (d *fake) send(hold int) {
	for len(d.numbers) > hold {
		d.pictures <- ffmpeg.Frame{Number: d.numbers[0], Memory: d.test}
		d.numbers = d.numbers[1:]
	}
}

func (d *fake) close() {
	if !d.closed {
		d.closed = true
		close(d.pictures)
	}
}

func (d *fake) CloseInput() error {
	if !d.closed {
		d.send(0)
	}
	d.close()
	return nil
}

func (d *fake) Read(context.Context) (ffmpeg.Frame, error) {
	if f, ok := <-d.pictures; ok {
		return f, nil
	}
	return ffmpeg.Frame{}, io.EOF
}

func (d *fake) Kill()       {}
func (d *fake) Wait() error { return d.death }

// test is a session with one stream whose samples have ids, in steps of a frame of the output unless step says otherwise.
type test struct {
	*testing.T
	stream *Stream
	feeder *feeder
	events []timeline.Event // when the stream has a place, if not always
	step   time.Duration
	rests  map[int]time.Duration // before samples
	dies   func(child int, id byte) error
	hold   int
	mute   int // the id of a sample that gives no picture; none if negative

	children []*fake
	mu       sync.Mutex
	ids      map[int64]byte // by number
	released int
}

func newTest(t *testing.T) *test {
	return &test{
		T: t, step: frame, mute: -1, dies: func(int, byte) error { return nil }, ids: map[int64]byte{},
		stream: &Stream{ID: "s", CatchUp: CatchUp, Log: slog.New(slog.DiscardHandler)},
	}
}

// Release is of [ffmpeg.Memory].
func (t *test) Release(byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.released++
}

func (t *test) decode(_ context.Context, s shape) (decoder, error) {
	n := len(t.children)
	d := &fake{shape: s, test: t, hold: t.hold, pictures: make(chan ffmpeg.Frame, 1000), dies: func(id byte) error { return t.dies(n, id) }}
	t.children = append(t.children, d)
	return d, nil
}

// key and inter are samples; a gap is one before which others were lost.
func key(w, h byte) av.Sample {
	return av.Sample{Key: true, Data: []byte{0x50, 1, 0, 0x9d, 1, 0x2a, w, 0, h, 0}}
}
func inter() av.Sample { return av.Sample{Data: []byte{0x51, 0}} }
func gap() av.Sample   { return av.Sample{Gap: true, Data: []byte{0x51, 0}} }

// stream of so many samples with a key frame every gop.
func gops(n, gop int) (list []av.Sample) {
	for i := range n {
		if i%gop == 0 {
			list = append(list, key(64, 48))
		} else {
			list = append(list, inter())
		}
	}
	return list
}

// run records the samples, decodes them all, and returns the ids of the pictures in their order.
func (t *test) run(samples []av.Sample) (ids []byte) {
	t.Helper()
	j, err := journal.Open(filepath.Join(t.TempDir(), "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	t.record(j, samples)
	t.stream.Plan = &plan.Plan{Archive: "a", Width: 64, Height: 48, Added: func(timeline.Event) {}}
	if err := t.stream.Plan.Follow(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	r, err := j.Reader("s", true, start)
	if err != nil {
		t.Fatal(err)
	}
	t.feeder = newFeeder(t.stream, r, t.decode)
	if err := t.feeder.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waiting, _ := t.stream.shelf.status(); waiting {
		t.Error("pictures are still to come")
	}
	for _, p := range t.stream.shelf.pictures {
		ids = append(ids, t.ids[p.Number])
	}
	return ids
}

func (t *test) record(j *journal.Journal, samples []av.Sample) {
	t.Helper()
	w, err := j.Stream("s")
	if err != nil {
		t.Fatal(err)
	}
	errs := []error{
		j.Note(timeline.Event{Kind: timeline.Recording, Archive: "a", At: start}),
		j.Note(timeline.Event{Kind: timeline.StreamAdded, Stream: "s", VideoType: "camera", HasVideo: true, At: start}),
	}
	for _, e := range t.events {
		errs = append(errs, j.Note(e))
	}
	at := start
	for i, s := range samples {
		for end := at.Add(t.rests[i]); at < end; at = at.Add(frame) {
			errs = append(errs, w.Advance(true, at))
		}
		s.Codec, s.Time, s.Captured, s.Data = av.VP8, at, at, append(slices.Clone(s.Data), byte(i))
		errs = append(errs, w.Append(s))
		at = at.Add(t.step)
	}
	errs = append(errs, w.Close(), j.Note(timeline.Event{Kind: timeline.Stopped, Archive: "a", At: at}))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// takes is an event after which the archive takes the stream, or nothing.
func takes(after time.Duration, stream bool) timeline.Event {
	e := timeline.Event{Kind: timeline.Selected, Archive: "a", At: start.Add(after)}
	if stream {
		e.Selection = []timeline.Selection{{Stream: "s", HasVideo: true}}
	}
	return e
}

// upTo are the ids from one to another, without the latter.
func upTo(from, to int) (ids []byte) {
	for i := from; i < to; i++ {
		ids = append(ids, byte(i))
	}
	return ids
}

func (t *test) want(got, want []byte) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("pictures %v, want %v", got, want)
	}
}

// gave checks what a child was given: samples, and which of them to be shown.
func (t *test) gave(child int, samples, shown []byte) {
	t.Helper()
	if child >= len(t.children) {
		t.Errorf("%d children", len(t.children))
		return
	}
	var ids, show []byte
	for _, w := range t.children[child].written {
		if ids = append(ids, w.id); w.show {
			show = append(show, w.id)
		}
	}
	if !slices.Equal(ids, samples) || !slices.Equal(show, shown) {
		t.Errorf("child %d was given %v, shows %v; want %v, %v", child, ids, show, samples, shown)
	}
}
