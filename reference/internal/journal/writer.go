package journal

import (
	"errors"
	"fmt"
	"sync"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal/segment"
)

// ErrOrder is returned for a sample that is older than what [Writer.Advance] promised for its kind.
var ErrOrder = errors.New("sample is older than the stream has advanced")

// Writer appends to the log of one stream. It does not store samples and marks while no archive records; the first
// video sample or mark after that carries Gap. It is safe for concurrent use.
type Writer struct {
	log     *segment.Log
	history *history

	mu       sync.Mutex // guards the rest; index: audio, video
	reached  [2]av.Instant
	marked   [2]av.Instant // the time that readers know
	dropped  [2]bool
	anything [2]bool
}

// Append stores s. After an error, such as a full disk, later samples may succeed; the loss is marked as a gap.
func (w *Writer) Append(s av.Sample) error {
	b, err := segment.EncodeSample(s)
	if err != nil {
		return err
	}
	k := segment.TrackOf(s.Codec.Video())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.anything[k] && s.Time < w.reached[k] {
		return fmt.Errorf("%w: %d before %d", ErrOrder, s.Time, w.reached[k])
	}
	w.anything[k], w.reached[k] = true, s.Time
	if !w.history.recording(s.Time) {
		w.dropped[k] = true
		return w.mark(k)
	}
	if w.dropped[k] && k == segment.Video && !s.Gap {
		s.Gap = true
		if b, err = segment.EncodeSample(s); err != nil {
			return err
		}
	}
	if err := w.log.Append(b); err != nil {
		w.dropped[k] = true
		return err
	}
	w.dropped[k], w.marked[k] = false, s.Time
	return nil
}

// Advance promises that no sample of this kind before t follows. Compositions wait for this promise, so the caller must
// go on to make it while a stream is silent, until the stream is closed or t is past the end of every recording.
func (w *Writer) Advance(isVideo bool, t av.Instant) error {
	k := segment.TrackOf(isVideo)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.anything[k] && t <= w.reached[k] {
		return nil
	}
	w.anything[k], w.reached[k] = true, t
	return w.mark(k)
}

// mark writes a mark with the time that the kind has reached, if an archive may be waiting for it.
func (w *Writer) mark(k segment.Track) error {
	t := w.reached[k]
	if t <= w.marked[k] || !w.history.recording(w.marked[k]) {
		return nil
	}
	if err := w.log.Append(segment.EncodeMark(k, t, k == segment.Video && w.dropped[k])); err != nil {
		return err
	}
	w.marked[k] = t
	return nil
}

// Report says that the timestamp stamp of this kind was captured at t; see [Item]. It is not stored while no archive
// records.
func (w *Writer) Report(isVideo bool, stamp int64, t av.Instant) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.history.recording(w.reached[segment.TrackOf(isVideo)]) {
		return nil
	}
	return w.log.Append(segment.EncodeReport(segment.TrackOf(isVideo), stamp, t))
}

// Close ends the log, durably. Call it before the removal of the stream is noted.
func (w *Writer) Close() error { return w.log.End() }
