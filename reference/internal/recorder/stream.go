package recorder

import (
	"sync"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/control"
	"reelcheck/reference/internal/journal"
)

// stream is a published stream and the sink of its samples.
type stream struct {
	control.Publication

	mu     sync.Mutex
	writer *journal.Writer // nil while the session has no journal
}

// Append implements [control.Sink].
func (s *stream) Append(sample av.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == nil {
		return nil
	}
	return s.writer.Append(sample)
}

// Advance implements [control.Sink].
func (s *stream) Advance(video bool, t av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == nil {
		return nil
	}
	return s.writer.Advance(video, t)
}

func (s *stream) open(w *journal.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer = w
}

// close ends the stream's log; entered says whether it had one.
func (s *stream) close() (entered bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == nil {
		return false, nil
	}
	err = s.writer.Close()
	s.writer = nil
	return true, err
}
