package recorder

import (
	"errors"
	"log/slog"
	"sync"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// stream is a published stream. It is the sink of its samples.
type stream struct {
	sessions.Publication
	now    func() av.Instant
	tally  *tally
	losses *Losses
	log    *slog.Logger

	mu      sync.Mutex
	journal *journal.Journal // nil while the session has none
	writer  *journal.Writer  // nil exactly when journal is nil
	silence silence
	refused int // number of samples that came too late for the journal
}

// Append implements [sessions.Sink].
func (s *stream) Append(sample av.Sample) error {
	return s.kept(sample.Time, s.append(sample))
}

// kept reports media that could not be stored to the tally, unless the sample itself was to blame (out of order, stream ended). It returns err.
func (s *stream) kept(t av.Instant, err error) error {
	if err != nil && !errors.Is(err, journal.ErrOrder) && !errors.Is(err, journal.ErrEnded) {
		s.tally.lost(s.Stream.ID, t, err)
	}
	return err
}

func (s *stream) append(sample av.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if sample.Codec.Video() {
		err = s.resume(sample)
	}
	if s.writer == nil {
		return err
	}
	kept := s.writer.Append(sample)
	if errors.Is(kept, journal.ErrOrder) {
		s.refuse(kept)
	}
	return errors.Join(err, kept)
}

// refuse counts a sample that is in no archive. It logs the first one; close logs the total.
func (s *stream) refuse(err error) {
	s.losses.refuse()
	if s.refused++; s.refused == 1 {
		s.log.Warn("sample not recorded", "stream", s.Stream.ID, "error", err)
	}
}

// resume notes that stopped video goes on. While it cannot, because a key frame is missing, resume asks for one.
func (s *stream) resume(sample av.Sample) error {
	if s.silence.dark && !sample.Key {
		s.KeyFrame()
	}
	if !s.silence.frame(sample, s.now()) {
		return nil
	}
	return s.note(timeline.VideoResumed, sample.Time)
}

// Advance implements [sessions.Sink].
func (s *stream) Advance(video bool, t av.Instant) error {
	return s.kept(t, s.advance(video, t))
}

func (s *stream) advance(video bool, t av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if video && s.silence.look(s.now()) {
		err = s.note(timeline.VideoStopped, s.silence.stopped)
	}
	if s.writer == nil {
		return err
	}
	return errors.Join(err, s.writer.Advance(video, t))
}

// Report implements [sessions.Sink].
func (s *stream) Report(video bool, stamp int64, captured av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == nil {
		return nil
	}
	return s.kept(captured, s.writer.Report(video, stamp, captured))
}

// note puts a stop or its end on the timeline, if there is a journal. It needs s.mu.
func (s *stream) note(kind timeline.Kind, at av.Instant) error {
	if s.journal == nil {
		return nil
	}
	return s.journal.Note(timeline.Event{Kind: kind, At: at, Stream: s.Stream.ID})
}

// enter begins the stream's log in the journal and notes the stream on the timeline.
func (s *stream) enter(j *journal.Journal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := j.Stream(s.Stream.ID)
	if err != nil {
		return err
	}
	s.journal, s.writer = j, w
	err = j.Note(timeline.Event{
		Kind: timeline.StreamAdded, At: s.At, Stream: s.Stream.ID, Connection: s.Stream.ConnectionID,
		ConnectionData: s.ConnectionData, VideoType: s.Stream.VideoType, Classes: s.Stream.LayoutClasses, HasAudio: s.Stream.HasAudio, HasVideo: s.Stream.HasVideo,
	})
	if err == nil && s.silence.dark {
		err = s.note(timeline.VideoStopped, s.silence.stopped)
	}
	return err
}

// close ends the stream's log. entered is false if it had none.
func (s *stream) close() (entered bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == nil {
		return false, nil
	}
	err = s.writer.Close()
	s.journal, s.writer = nil, nil
	if s.refused > 0 {
		s.log.Warn("samples not recorded", "stream", s.Stream.ID, "samples", s.refused)
		s.refused = 0
	}
	return true, err
}
